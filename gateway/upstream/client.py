"""Sends a draft to Kiro and gives back an open answer: the driver of the retry plan."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import structlog

from gateway.accounts.health import SAID_BY_KIRO
from gateway.accounts.member import Lease
from gateway.accounts.pool import Pool, Visit
from gateway.accounts.queue import PoolRequest
from gateway.errors import GatewayError, Trouble, UpstreamError
from gateway.kiro.answer import Answer
from gateway.kiro.continuation import ContinuationIds
from gateway.kiro.endpoints import Endpoint, Identity, finish, routes
from gateway.kiro.fault_rows import KNOWN_REASONS
from gateway.kiro.payload import Draft
from gateway.upstream.attempts import (
    ChargeRetry,
    Correct,
    Enter,
    Outcome,
    Policy,
    Refresh,
    Relabel,
    Route,
    Send,
    Step,
    Trace,
    Wait,
    attempts,
)
from gateway.upstream.budget import Budget
from gateway.upstream.connection import Connection
from gateway.upstream.exchange import Exchange, Patience, Request
from gateway.upstream.stream import NO_TAP, OpenStream, Tap

_log: Final = structlog.get_logger("gateway.upstream")

UNKNOWN_REASONS: Final = 100
"""Different unknown reasons that are logged: a server that invents one for each answer does not fill the log."""

LASTING: Final = SAID_BY_KIRO | {Trouble.CAPACITY}
"""What Kiro says of the account or of the model: it holds also behind a part of the answer."""

THROTTLING: Final = frozenset({Trouble.BUSY, Trouble.THROTTLED, Trouble.PROFILE_THROTTLED})
"""What ``pause_after_429`` is for."""


class UpstreamClient:
    """Opens answers for the accounts of a pool. One a process; every request is a call of ``open``."""

    def __init__(
        self,
        pool: Pool,
        connections: Mapping[str, Connection],
        *,
        policy: Policy | None = None,
        patience: Patience | None = None,
        base_url: str | None = None,
        preferred: str | None = None,
        pause_after_429: float = 0.0,
        new_id: Callable[[], str],
        dice: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        """connections: by account name. pause_after_429: seconds in which nothing else begins on that account."""
        self.pool = pool
        self.connections = connections
        self.exchange = Exchange(patience or Patience())
        self.base_url = base_url
        self.pause_after_429 = pause_after_429
        self.sleep = sleep
        self.budget = Budget()
        self.continuation_ids = ContinuationIds(new_id)
        self.policy = policy or Policy()
        self._preferred = preferred
        self._new_id = new_id
        self._dice = dice
        self._unknown_reasons: set[str] = set()

    def note_reason(self, reason: str | None) -> None:
        """Log a reason of Kiro's that no row knows, the first time it comes: it went by its status."""
        if reason is None or reason in KNOWN_REASONS or reason in self._unknown_reasons:
            return
        if len(self._unknown_reasons) < UNKNOWN_REASONS:
            self._unknown_reasons.add(reason)
            _log.warning("unknown_reason", reason=reason)

    async def open(
        self,
        draft: Draft,
        make_answer: Callable[[], Answer],
        trace: Trace,
        *,
        preferred: str | None = None,
        tap: Tap = NO_TAP,
        pool_request: PoolRequest | None = None,
    ) -> OpenStream:
        """The answer, opened up to its first frame. The caller closes it, and with it gives the account back.

        make_answer: a fresh decoder for each attempt. preferred: an endpoint's name, over the account's and our own.
        pool_request: the client request that this is a call of, for its turn in the queue.
        Raises the last fault, or the GatewayError that says why no account can serve. Cancelling closes everything.
        """
        request = Request(draft, make_answer, trace, tap, self._new_id())
        visit = await self.pool.visit(draft.chat_id, draft.model_id, pool_request)
        plan = attempts(visit.count, self.policy, self._dice)
        opening = _Opening(self, request, visit, preferred, self._preferred)
        self.budget.enter()
        try:
            step = next(plan)
            while True:
                outcome = await opening.do(step)
                if isinstance(outcome, OpenStream):
                    return outcome
                step = plan.send(outcome)
        except BaseException as error:
            opening.leave()
            if isinstance(error, UpstreamError) and len(self.pool.members) > 1:
                raise self.pool.soonest(error, draft.model_id) from error.__cause__
            raise
        finally:
            self.budget.leave()


class _Opening:
    """One request's steps: which account it is with, by which token, and what went wrong there last."""

    def __init__(
        self, client: UpstreamClient, request: Request, visit: Visit, asked: str | None, preferred: str | None
    ) -> None:
        self._client = client
        self._request = request
        self._visit = visit
        self._asked = asked
        self._preferred = preferred
        self._lease: Lease | None = None
        self._identity: Identity | None = None
        self._trial: Identity | None = None
        self._before_trial: UpstreamError | None = None
        self._fault: UpstreamError | None = None

    async def do(self, step: Step) -> Outcome | OpenStream:
        """Do a step; what came of it, for the plan, or the open answer."""
        match step:
            case Enter():
                return await self._enter()
            case ChargeRetry():
                return self._charge()
            case Wait(seconds):
                await self._wait(seconds)
                return None
            case Relabel():
                return self._relabel()
            case Refresh():
                return await self._refresh()
            case Correct():
                return await self._correct()
            case Send():
                return await self._send(step)

    async def _wait(self, seconds: float) -> None:
        """Wait; and once more, where Kiro has asked others meanwhile for a somewhat longer wait of this account."""
        trace, client = self._request.trace, self._client
        trace.waits += 1
        trace.waited += seconds
        await client.sleep(seconds)
        closed = self._visit.closed(self._lent)
        more = (closed.retry_after or 0.0) if closed is not None else 0.0
        if 0 < more <= client.policy.longest_retry_after:
            trace.waited += more
            await client.sleep(more)

    def _charge(self) -> bool:
        """Whether the retry budget of all requests allows one more send on the same route."""
        allowed = self._client.budget.take()
        if not allowed:
            trace = self._request.trace
            _log.warning("retry_budget_exhausted", endpoint=trace.endpoint, attempts=trace.attempts)
        return allowed

    async def _enter(self) -> Outcome:
        self.leave()
        trace = self._request.trace
        lease = await self._visit.next()
        if lease is None:
            return None
        trace.switches += trace.account is not None
        trace.account = lease.terms.name
        self._lease = lease
        try:
            identity = await lease.account.identity()
        except GatewayError as error:
            self._visit.unusable(lease, error)
            return error
        preferred = self._asked or lease.terms.preferred_endpoint or self._preferred
        return tuple([Route(lease.terms.name, endpoint) for endpoint in routes(identity, preferred)])

    def _relabel(self) -> bool:
        """Whether there is another token type to send with."""
        self._trial = self._identity and self._lent.account.token_types.trial(self._identity)
        if self._trial is None:
            return False
        self._before_trial, self._fault = self._fault, None  # as during a refresh: this may repair it
        return True

    async def _refresh(self) -> Outcome:
        self._request.trace.refreshes += 1
        self._trial = None
        self._fault = None  # it is being mended: a client that leaves meanwhile says nothing of the account
        try:
            await self._lent.account.refresh_after_refusal(self._identity.access_token if self._identity else "")
        except GatewayError as error:
            self._fault = _told(error)
            return self._fault
        return None

    async def _correct(self) -> Outcome:
        corrected = self._identity is not None and await self._lent.account.correct_profile(self._identity)
        return None if corrected else self._fault

    async def _send(self, step: Send) -> Outcome | OpenStream:
        lease, endpoint, request = self._lent, step.route.endpoint, self._request
        trace = request.trace
        try:
            identity = self._trial
            if identity is None:
                identity = self._identity = await lease.account.identity()  # again: waits may have outlived the token
            if (closed := self._visit.closed(lease)) is not None:
                return closed
            trace.attempts, trace.endpoint, trace.upstream_request_id = step.number, endpoint.name, None
            sending = finish(
                request.draft,
                endpoint,
                identity,
                continuation_id=self._client.continuation_ids.for_send(request.draft.turn),
                invocation_id=request.invocation_id,
                attempt=step.number,
                base_url=self._client.base_url,
            )
            sending.headers.update(lease.terms.headers)
            trace.sent_bytes = len(sending.body)
            request.tap.kiro_body(sending.body)
            _log.debug("sending", endpoint=endpoint.name, attempt=step.number, size=len(sending.body))
            connection = self._client.connections[lease.terms.name]
            stream = await self._client.exchange.send(connection, sending, request)
        except UpstreamError as error:
            fault = _noted(self._judged(error, endpoint), trace)
            self._fault = None if fault.worked_on and fault.trouble not in LASTING else fault
            self._client.note_reason(fault.reason)
            if fault.trouble in THROTTLING and self._client.pause_after_429:
                lease.pause(self._client.pause_after_429)
            if fault.trouble in SAID_BY_KIRO:
                self._report()  # at once: others must not send meanwhile
            return fault
        lease.account.token_types.worked(identity)
        self._visit.answered(lease)
        lease.settle()
        stream.at_failure(partial(_broken_off, self._visit, lease))
        stream.at_close(lease.release)
        return stream

    def _judged(self, error: UpstreamError, endpoint: Endpoint) -> UpstreamError:
        """The fault, with what it says of the login that met it. An API key that is asked for an ARN has none.

        Where another token type was refused too, the refusal before it counts: the later one may be for the type alone.
        """
        sent, account = self._identity, self._lent.account
        if error.upstream_status == HTTPStatus.FORBIDDEN and self._trial is not None:
            account.token_types.refused(self._trial)
            self._trial = None
            return self._before_trial or error
        asked_for_arn = error.profile and error.upstream_status == HTTPStatus.BAD_REQUEST and endpoint.needs_arn
        if sent is not None and sent.kind == "api_key" and asked_for_arn:
            account.demand_arn()
            return error.replaced(elsewhere=True, profile=False)
        return error

    def _report(self) -> None:
        """Tell the pool what the account could not do, once."""
        if self._lease is not None and self._fault is not None:
            self._visit.failed(self._lease, self._fault)
            self._request.trace.quota_reset = self._lease.resets_on
            self._fault = None

    @property
    def _lent(self) -> Lease:
        if self._lease is None:
            raise RuntimeError("the plan sends before it enters an account")
        return self._lease

    def leave(self) -> None:
        """Give the account back, and tell the pool what it could not do."""
        if self._lease is None:
            return
        self._report()
        self._lease.release()
        self._lease = self._identity = self._trial = self._before_trial = None


def _broken_off(visit: Visit, lease: Lease, error: GatewayError) -> None:
    """What Kiro says of the account or the model in the course of an answer holds for the next requests."""
    if isinstance(error, UpstreamError) and error.trouble in LASTING:
        visit.failed(lease, error)


def _told(error: GatewayError) -> UpstreamError:
    """A login that could not be renewed, as a fault of the account."""
    if isinstance(error, UpstreamError):
        return error
    return UpstreamError(error.kind, error.message, should_retry=error.should_retry, trouble=Trouble.REFUSED)


def _noted(error: UpstreamError, trace: Trace) -> UpstreamError:
    """The fault, written down; with the id of the request that met it, where its answer named none."""
    trace.faults.append(error.reason or ("stuck" if error.stuck else error.kind.label))
    trace.stuck += error.stuck
    _log.debug("attempt_failed", endpoint=trace.endpoint, attempt=trace.attempts, reason=error.message)
    return error if error.request_id else error.replaced(request_id=trace.upstream_request_id)
