"""The queue of the requests that wait for a place at an account: bounded, and fair to client keys and their sessions.

Places go round robin over the client keys, within a key round robin over its sessions, within a session first come,
first served: sessions are free to invent, keys are not, so a key with 200 sessions gets no more than one with a single
session. Who is not served in its turn (its accounts are full, another's are not) keeps that turn. Requests that had a
place before (an answer under way that needs another call, or a request that goes on to another account) come first.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from math import inf
from typing import Final, Generic, Literal, Protocol, TypeVar

from gateway.errors import GatewayError, Kind

SHORTEST_WAIT: Final = 5.0
LONGEST_WAIT: Final = 30.0
"""Seconds that a refused client is asked to wait: as long as the oldest waiting request has waited, within these."""

SPREAD: Final = 11
"""Seconds over which refused clients are spread, so that they do not come back in the same moment."""

LOOK: Final = 1.0
"""Seconds between two looks at a queue that nobody touches: a cooldown ends without a word."""


class _NoPlace(Enum):
    WAIT = "wait"


WAIT: Final = _NoPlace.WAIT
"""What an attempt gives when the applicant has to wait."""

Waits = Literal[_NoPlace.WAIT]
Given = TypeVar("Given")
Taken_co = TypeVar("Taken_co", covariant=True)


class Applicant(Protocol[Taken_co]):
    """Who looks for a place."""

    @property
    def session(self) -> str:
        """Of which session of the client's it is."""
        ...

    @property
    def kind(self) -> Hashable:
        """Applicants of one kind fare alike in the same moment: when one has to wait, or fails, so does the next."""
        ...

    def attempt(self, *, take: bool) -> Taken_co | Waits:
        """What it took, or WAIT; with ``take`` false it takes nothing. Raises GatewayError where waiting is useless."""
        ...


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """What may wait. seconds: for each request, over all its waits.

    requests: a client that finds so many before it is better served by a 429 than by a time-out.
    bytes: of the clients' bodies; 256 times the half megabyte of an agent's usual request. A single request may always
    wait, however large it is.
    """

    requests: int = 256
    bytes: int = 128 << 20
    seconds: float = 120.0


@dataclass(slots=True, eq=False)
class PoolRequest:
    """One client request as the pool sees it.

    key: a digest of the client's key. size: bytes of its body. queued: seconds it has waited, over all its upstream
    calls. admitted: it has had a place, so that it goes before those that have not.
    """

    key: bytes = b""
    size: int = 0
    queued: float = 0.0
    admitted: bool = False


@dataclass(slots=True, eq=False)
class _Waiter(Generic[Given]):
    request: PoolRequest
    applicant: Applicant[Given]
    place: asyncio.Future[Given]
    since: float
    deadline: float


class FairQueue(Generic[Given]):
    """One queue over all accounts.

    vacant: whether any account could take a request now; where none can, nobody need be asked. opens_at: when a pause
    or an interval ends next (``inf``: there is none). give_back: ends the use of a place whose request has left.
    clock, call_at: those of the running loop unless handed in.
    """

    def __init__(
        self,
        vacant: Callable[[], bool],
        opens_at: Callable[[], float],
        give_back: Callable[[Given], object],
        *,
        limits: QueueLimits | None = None,
        clock: Callable[[], float] | None = None,
        call_at: Callable[[float, Callable[[], None]], asyncio.TimerHandle] | None = None,
    ) -> None:
        self._vacant = vacant
        self._opens_at = opens_at
        self._give_back = give_back
        self._limits = limits or QueueLimits()
        self._clock = clock
        self._call_at = call_at
        self._first: deque[_Waiter[Given]] = deque()
        self._keys: dict[bytes, dict[str, deque[_Waiter[Given]]]] = {}
        self._waiting = 0
        self._bytes = 0
        self._refused = 0
        self._changed = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return self._waiting

    def now(self) -> float:
        """The queue's own time, in seconds; only differences count."""
        return self._clock() if self._clock is not None else asyncio.get_running_loop().time()

    async def enter(self, request: PoolRequest, applicant: Applicant[Given]) -> Given:
        """What the applicant took: at once, without a switch of tasks, where nobody waits and there is a place.

        Raises what its attempt raises, and GatewayError with 429 beyond the limits. Cancelled, it holds no place.
        """
        given = applicant.attempt(take=not self._waiting)
        if given is WAIT:
            given = await self._wait(request, applicant)
        request.admitted = True
        return given

    async def _wait(self, request: PoolRequest, applicant: Applicant[Given]) -> Given:
        self._check(request)
        now = self.now()
        place: asyncio.Future[Given] = asyncio.get_running_loop().create_future()
        deadline = now + self._limits.seconds - request.queued
        waiter = _Waiter(request, applicant, place, now, deadline)
        self._add(waiter)
        self.serve()
        try:
            return await place
        except asyncio.CancelledError:
            if place.cancelled():
                self._remove(waiter)
                self.serve()
            elif place.exception() is None:  # let in at the very moment it left
                self._give_back(place.result())
            raise

    def _check(self, request: PoolRequest) -> None:
        """Raise the refusal of a request for which there is no room.

        One that was admitted before is not refused: its answer may be under way and is paid for. There are never more
        of these than requests under way.
        """
        limits = self._limits
        if request.admitted or not self._waiting:
            return
        if self._waiting >= limits.requests:
            raise self._refusal(f"{self._waiting} requests are waiting for a Kiro account already.")
        if self._bytes + request.size > limits.bytes:
            raise self._refusal(f"The requests that wait for a Kiro account hold {self._bytes >> 20} MiB already.")

    def _refusal(self, happened: str) -> GatewayError:
        oldest = min((waiter.since for waiter in self._everyone()), default=self.now())
        wait = min(max(SHORTEST_WAIT, self.now() - oldest), LONGEST_WAIT - SPREAD + 1)
        self._refused += 1
        return GatewayError(
            Kind.RATE_LIMIT,
            f"{happened} Send this one again later; pool.max_concurrent_per_account sets how many run at once.",
            retry_after=wait + self._refused % SPREAD,
            should_retry=True,
        )

    def serve(self) -> None:
        """Give out the places that are free, each to the first in turn that can use it."""
        known: dict[Hashable, Waits | GatewayError] = {}
        while self._waiting and self._vacant():
            if not any(self._settled(waiter, known, take=True) for waiter in self._everyone()):
                break
        self._set_timer()

    def change(self) -> None:
        """An account has become usable or unusable: all who wait look again, once, as soon as the loop is free."""
        if self._waiting and not self._changed:
            self._changed = True
            self._set_timer()

    def _look(self) -> None:
        """What only time brings: waits that end, accounts that open, and all that has changed since the last look."""
        now, changed, self._changed = self.now(), self._changed, False
        known: dict[Hashable, Waits | GatewayError] = {}
        for waiter in tuple(self._everyone()):
            if waiter.deadline <= now:
                refusal = self._refusal(f"No Kiro account took this request within {self._limits.seconds:g} s.")
                self._end(waiter).set_exception(refusal)
            elif changed:
                self._settled(waiter, known, take=False)
        self.serve()

    def _everyone(self) -> Iterator[_Waiter[Given]]:
        """All who wait, those whose turn it is first; not those who have just left."""
        lines = (line for sessions in self._keys.values() for line in sessions.values())
        for line in chain((self._first,), lines):
            for waiter in line:
                if not waiter.place.done():
                    yield waiter

    def _settled(self, waiter: _Waiter[Given], known: dict[Hashable, Waits | GatewayError], *, take: bool) -> bool:
        """Whether a request need wait no longer: it has a place, or there will be none for it.

        known: what became of the kinds that got none in this moment; looking once for each keeps the moment short.
        """
        kind = waiter.applicant.kind
        if (outcome := known.get(kind)) is None:
            try:
                given = waiter.applicant.attempt(take=take)
            except GatewayError as error:
                outcome = known[kind] = error
            else:
                if given is not WAIT:
                    self._end(waiter, served=True).set_result(given)
                    return True
                outcome = known[kind] = WAIT
        if outcome is WAIT:
            return False
        self._end(waiter).set_exception(outcome)
        return True

    def _add(self, waiter: _Waiter[Given]) -> None:
        request = waiter.request
        self._waiting += 1
        self._bytes += request.size
        if request.admitted:
            self._first.append(waiter)
        else:
            self._keys.setdefault(request.key, {}).setdefault(waiter.applicant.session, deque()).append(waiter)

    def _end(self, waiter: _Waiter[Given], *, served: bool = False) -> asyncio.Future[Given]:
        """Take it out; its place, to be settled."""
        self._remove(waiter)
        if served and not waiter.request.admitted:
            self._turn_over(waiter.request.key, waiter.applicant.session)
        return waiter.place

    def _remove(self, waiter: _Waiter[Given]) -> None:
        request = waiter.request
        self._waiting -= 1
        self._bytes -= request.size
        request.queued += self.now() - waiter.since
        if request.admitted:
            self._first.remove(waiter)
            return
        sessions, session = self._keys[request.key], waiter.applicant.session
        sessions[session].remove(waiter)
        if not sessions[session]:
            del sessions[session]
        if not sessions:
            del self._keys[request.key]

    def _turn_over(self, key: bytes, session: str) -> None:
        """The next key's turn, and within this key the next session's."""
        sessions = self._keys.pop(key, None)
        if sessions is None:
            return
        self._keys[key] = sessions
        if (line := sessions.pop(session, None)) is not None:
            sessions[session] = line

    def _set_timer(self) -> None:
        """For the next moment at which something may change by itself."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._waiting:
            return
        now = self.now()
        soonest = min((waiter.deadline for waiter in self._everyone()), default=inf)
        when = now if self._changed else min(now + LOOK, soonest, self._opens_at())
        self._timer = (self._call_at or asyncio.get_running_loop().call_at)(when, self._look)
