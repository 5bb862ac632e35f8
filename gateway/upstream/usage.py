"""What an account has used: GetUsageLimits, and the bound on how often it is called."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Final

from gateway.errors import GatewayError, Kind, Trouble, UpstreamError
from gateway.jsontext import JsonError, decode
from gateway.kiro.control_requests import ControlRequest, usage_limits
from gateway.kiro.endpoints import Identity
from gateway.kiro.faults import http_fault
from gateway.kiro.usage_limits import ASK_INTERVAL, UsageLimits, read
from gateway.supervision import background_task, outcome
from gateway.upstream.connection import Connection

PATIENCE: Final = 10.0
"""Seconds for one call."""


async def fetch_usage(connection: Connection, identity: Identity, *, base_url: str | None = None) -> UsageLimits:
    """Plan and credits of an account. Hosts and forms are tried in turn; raises the last UpstreamError."""
    last: UpstreamError | None = None
    for request in usage_limits(identity, invocation_id=str(uuid.uuid4()), base_url=base_url):
        try:
            return await _asked(connection, request)
        except UpstreamError as error:
            if error.trouble is Trouble.SUSPENDED:
                raise
            last = error
    raise last or UpstreamError(Kind.UPSTREAM, "There is no host to ask for the usage.")


async def _asked(connection: Connection, request: ControlRequest) -> UsageLimits:
    answer = await connection.call(
        request.method, request.url, request.headers, request.body, where="Kiro's control plane", patience=PATIENCE
    )
    try:
        found = decode(answer.body)
    except JsonError:
        found = None
    if answer.status != HTTPStatus.OK or not isinstance(found, dict):
        raise http_fault(answer.status, answer.headers, answer.body)
    return read(found)


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of the last call: ``limits``, or ``error``. age: seconds since then."""

    age: float
    limits: UsageLimits | None = None
    error: GatewayError | None = None


class _Question:
    """One call. ended: when it was over. login: the mark of the account's login by then."""

    __slots__ = ("ended", "login", "task")

    def __init__(self, task: asyncio.Task[UsageLimits]) -> None:
        self.task = task
        self.ended = 0.0
        self.login: object = None

    @property
    def failed(self) -> bool:
        return self.task.cancelled() or self.task.exception() is not None


class UsageCache:
    """The last call for each account: it is repeated after ASK_INTERVAL, and failures before that with another login.

    Who asks while a call is under way waits for it; one that leaves does not end it. One cache in a process.
    """

    def __init__(
        self,
        fetch: Callable[[str], Awaitable[UsageLimits]],
        *,
        login: Callable[[str], object],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """fetch: asks for the account of this name; raises GatewayError. login: a mark that changes with its login."""
        self._fetch = fetch
        self._login = login
        self._clock = clock
        self._questions: dict[str, _Question] = {}

    async def of(self, account: str) -> Reading:
        """The account's usage, or why Kiro does not tell it, at most ASK_INTERVAL old."""
        question = self._questions.get(account)
        if question is None or self._over(account, question):
            question = self._begin(account)
        try:
            limits = await outcome(question.task)
        except GatewayError as error:
            return Reading(self._clock() - question.ended, error=error)
        return Reading(self._clock() - question.ended, limits)

    def _over(self, account: str, question: _Question) -> bool:
        """Whether to call again."""
        if not question.task.done():
            return False
        changed = question.failed and question.login != self._login(account)
        return changed or self._clock() - question.ended >= ASK_INTERVAL

    def _begin(self, account: str) -> _Question:
        question = _Question(background_task(f"usage {account}", self._fetch_now(account)))
        question.task.add_done_callback(lambda _: self._note(account, question))
        self._questions[account] = question
        return question

    async def _fetch_now(self, account: str) -> UsageLimits:
        return await self._fetch(account)

    def _note(self, account: str, question: _Question) -> None:
        question.ended, question.login = self._clock(), self._login(account)

    async def forget(self, account: str) -> None:
        """The account is in use no more; one of the same name may be another one."""
        await _ended([self._questions.pop(account, None)])

    async def close(self) -> None:
        """End the calls under way."""
        await _ended(self._questions.values())


async def _ended(questions: Iterable[_Question | None]) -> None:
    tasks = [question.task for question in questions if question is not None]
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
