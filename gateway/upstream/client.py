"""Sends a draft to Kiro and gives back an open answer: the driver of the retry plan."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import structlog
from aiohttp import ClientResponse, ClientSession
from yarl import URL

from gateway.accounts.account import Account
from gateway.errors import Kind, UpstreamError
from gateway.events import Failure
from gateway.kiro.answer import Answer
from gateway.kiro.endpoints import Identity, Sending, finish, routes
from gateway.kiro.explanation import explain_body
from gateway.kiro.faults import http_fault
from gateway.kiro.payload import Draft
from gateway.upstream.attempts import Policy, Refresh, Send, Trace, Wait, attempts
from gateway.upstream.connection import BODY_LIMIT, BODY_PATIENCE, Connection, read_bounded
from gateway.upstream.stream import NO_TAP, OpenStream, Tap

_log: Final = structlog.get_logger("gateway.upstream")

_REQUEST_IDS: Final = ("x-amzn-requestid", "x-amz-request-id")
_NO_STREAM: Final = ("json", "html", "xml", "text/")
"""Content types of a 200 that is no answer (R27). An unknown or missing one is left to the frames' checksums."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Time-outs in seconds.

    first_frame: from sending to the first frame of the answer, with ``per_100_kb`` added for the request's size, so
    that it means a stuck request. idle: the longest silence between frames. refusal: to read an error's body.
    """

    first_frame: float = 30.0
    per_100_kb: float = 15.0
    idle: float = 300.0
    refusal: float = BODY_PATIENCE

    def for_body(self, size: int) -> float:
        """Seconds to the first frame for a request of ``size`` bytes."""
        return self.first_frame + self.per_100_kb * size / 100_000


class UpstreamClient:
    """Opens answers for one account. One a process; every request is a call of ``open``."""

    def __init__(
        self,
        connection: Connection,
        account: Account,
        *,
        policy: Policy | None = None,
        patience: Patience | None = None,
        base_url: str | None = None,
        preferred: str | None = None,
        new_id: Callable[[], str],
        dice: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._connection = connection
        self._account = account
        self._policy = policy or Policy()
        self._patience = patience or Patience()
        self._base_url = base_url
        self._preferred = preferred
        self._new_id = new_id
        self._dice = dice
        self._sleep = sleep

    async def open(
        self,
        draft: Draft,
        make_answer: Callable[[], Answer],
        trace: Trace,
        *,
        preferred: str | None = None,
        tap: Tap = NO_TAP,
    ) -> OpenStream:
        """The answer, opened up to its first frame. The caller closes it.

        make_answer: a fresh decoder for each attempt. preferred: an endpoint's name, over the client's own.
        Raises the last UpstreamError, or the GatewayError of a login that cannot be used. Cancelling closes everything.
        """
        request = _Request(draft, make_answer, trace, tap, self._new_id())
        trace.account = self._account.id
        first = await self._account.identity()
        plan = attempts(routes(first, preferred or self._preferred), self._policy, self._dice)
        token = first.access_token
        step = next(plan)
        while True:
            fault: UpstreamError | None = None
            match step:
                case Wait(seconds):
                    trace.waits += 1
                    trace.waited += seconds
                    await self._sleep(seconds)
                case Refresh():
                    fault = await self._refresh(token, trace)
                case Send():
                    identity = await self._account.identity()  # again: waits may have outlived the token
                    token = identity.access_token
                    try:
                        return await self._send(step, identity, request)
                    except UpstreamError as error:
                        fault = _noted(error, trace)
            step = plan.send(fault)

    async def _refresh(self, refused: str, trace: Trace) -> UpstreamError | None:
        trace.refreshes += 1
        try:
            await self._account.refresh_after_refusal(refused)
        except UpstreamError as error:
            return error
        return None

    async def _send(self, step: Send, identity: Identity, request: "_Request") -> OpenStream:
        """One attempt. Raises UpstreamError when it failed, with everything of it closed."""
        trace = request.trace
        trace.attempts, trace.endpoint, trace.upstream_request_id = step.number, step.endpoint.name, None
        sending = finish(
            request.draft,
            step.endpoint,
            identity,
            invocation_id=request.invocation_id,
            attempt=step.number,
            base_url=self._base_url,
        )
        request.tap.kiro_body(sending.body)
        _log.debug("sending", endpoint=step.endpoint.name, attempt=step.number, size=len(sending.body))
        session = self._connection.session()
        try:
            return await self._in_time(sending, session, request)
        except BaseException as error:
            await session.close()
            if isinstance(error, UpstreamError) and error.unexplained:
                error.message += " " + await asyncio.to_thread(_explanation, sending.body)
            raise

    async def _in_time(self, sending: Sending, session: ClientSession, request: "_Request") -> OpenStream:
        limit = self._patience.for_body(len(sending.body))
        try:
            async with asyncio.timeout(limit):
                return await self._exchange(sending, session, request)
        except TimeoutError as error:
            words = f"Kiro did not begin to answer within {limit:.3g} s."
            raise UpstreamError(Kind.TIMEOUT, words, stuck=True, should_retry=False) from error

    async def _exchange(self, sending: Sending, session: ClientSession, request: "_Request") -> OpenStream:
        where = f"Kiro (endpoint {request.trace.endpoint})"
        with self._connection.translated(where):
            response = await session.post(
                URL(sending.url, encoded=True), data=sending.body, headers=sending.headers, allow_redirects=False
            )
        try:
            request.trace.upstream_request_id = _request_id(response)
            await self._refuse(response, where)
            return await self._begun(session, response, request)
        except BaseException:
            response.close()
            raise

    async def _refuse(self, response: ClientResponse, where: str) -> None:
        """Raise the fault of an answer that is no event stream."""
        kind = response.headers.get("Content-Type", "").lower()
        if response.status == HTTPStatus.OK and not any(word in kind for word in _NO_STREAM):
            return
        with self._connection.translated(where):
            body = await read_bounded(response, BODY_LIMIT, self._patience.refusal)
        raise http_fault(response.status, response.headers, body)

    async def _begun(self, session: ClientSession, response: ClientResponse, request: "_Request") -> OpenStream:
        """Read until the answer began or is over. A fault that comes first is a failed attempt."""
        stream = OpenStream(session, response, request.make_answer(), request.tap, self._patience.idle)
        try:
            while not stream.answer.begun and not stream.ended:
                stream.events += await stream.read()
            _raise_first_fault(stream)
        except BaseException:
            await stream.close()
            raise
        return stream


@dataclass(frozen=True, slots=True)
class _Request:
    """What stays the same over all attempts of a request."""

    draft: Draft
    make_answer: Callable[[], Answer]
    trace: Trace
    tap: Tap
    invocation_id: str


def _explanation(body: bytes) -> str:
    """Why Kiro may have refused a body; in a thread, since reading 30 MB of pictures takes a while."""
    return explain_body(body).message


def _raise_first_fault(stream: OpenStream) -> None:
    """A Failure with nothing of the answer before it: still an attempt's fault, no broken answer."""
    for event in stream.events:
        match event:
            case Failure(UpstreamError() as error):
                raise error
            case Failure(error):
                raise UpstreamError(error.kind, error.message, should_retry=error.should_retry)
            case _ if stream.answer.begun:
                return


def _request_id(response: ClientResponse) -> str | None:
    """Kiro's own name for the request, for support; bounded, as it goes into logs."""
    found = next((response.headers[name] for name in _REQUEST_IDS if name in response.headers), None)
    return found[:128] if found else None


def _noted(error: UpstreamError, trace: Trace) -> UpstreamError:
    """The fault, written down."""
    trace.faults.append(error.reason or ("stuck" if error.stuck else error.kind.label))
    trace.stuck += error.stuck
    error.request_id = error.request_id or trace.upstream_request_id
    _log.debug("attempt_failed", endpoint=trace.endpoint, attempt=trace.attempts, reason=error.message)
    return error
