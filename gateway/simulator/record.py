"""What the simulator received, and how each exchange ended."""

import asyncio
import re
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from gateway import jsontext

Ending = Literal["open", "completed", "cut", "client_fin", "client_rst", "stopped"]

MAX_KEPT_BYTES: Final = 64 << 20
"""Bodies remembered in all; an agent's body is half a megabyte and a benchmark sends thousands."""

_SECRET: Final = re.compile(
    r'("(?:accessToken|refreshToken|clientSecret|refresh_token|client_secret|code|code_verifier|codeVerifier)"\s*:\s*")[^"]*(")'
    r"|((?:refresh_token|client_secret)=)[^&]*"
)


@dataclass(slots=True)
class Exchange:
    """One request and how it went. Times are seconds since the simulator's start.

    ending: ``open`` while it runs; ``completed``: all was sent and properly ended; ``cut``: a script broke it off;
    ``client_fin`` / ``client_rst``: the client left first; ``stopped``: the simulator was stopped meanwhile.
    pieces, sent: frames (or writes of a bulk answer) begun, and bytes of the answer's body handed to the socket.
    refusals: the names of the checks the request failed. account: whose token it carried.
    """

    number: int
    operation: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    began: float
    ending: Ending = "open"
    ended: float | None = None
    status: int | None = None
    pieces: int = 0
    sent: int = 0
    refusals: list[str] = field(default_factory=list)
    account: str = ""

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty one for anything else."""
        try:
            value = jsontext.decode(self.body) if self.body else {}
        except jsontext.JsonError:
            return {}
        return value if isinstance(value, dict) else {}

    def shown(self) -> dict[str, Any]:
        """As JSON for the control endpoint, without secrets."""
        fields = (
            "number",
            "operation",
            "method",
            "path",
            "query",
            "began",
            "ending",
            "ended",
            "status",
            "pieces",
            "sent",
            "account",
        )
        shown: dict[str, Any] = {name: getattr(self, name) for name in fields}
        return shown | {"refusals": self.refusals, "headers": _masked(self.headers), "body": _readable(self.body)}


def _masked(headers: dict[str, str]) -> dict[str, str]:
    """Headers with the bearer token cut to its last four characters: enough to tell two tokens apart."""
    return {name: f"Bearer ...{value[-4:]}" if name == "authorization" else value for name, value in headers.items()}


def _readable(body: bytes) -> Any:
    text = _SECRET.sub(
        lambda match: f"{match[1]}...{match[2]}" if match[1] else f"{match[3]}...", body.decode("utf-8", "replace")
    )
    try:
        return jsontext.decode(text)
    except jsontext.JsonError:
        return text


class Record:
    """The exchanges of one simulator: the last ``kept`` of them, and counts of all by operation and by ending.

    ``client_left`` counts the clients that left first, whether by FIN or by RST. peak: the most requests of an
    operation that were open at the same time.
    """

    def __init__(self, kept: int, clock: Callable[[], float], *, max_bytes: int = MAX_KEPT_BYTES) -> None:
        self._clock = clock
        self._start = clock()
        self._exchanges: deque[Exchange] = deque(maxlen=max(kept, 1))
        self._max_bytes = max_bytes
        self._bytes = 0
        self._number = 0
        self._changed = asyncio.Event()
        self.counts: Counter[str] = Counter()
        self._open: Counter[str] = Counter()
        self.peak: Counter[str] = Counter()

    def begin(
        self, *, operation: str, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> Exchange:
        """Note a request as received."""
        self._number += 1
        exchange = Exchange(self._number, operation, method, path, query, headers, body, self._now())
        if len(self._exchanges) == self._exchanges.maxlen:
            self._drop()
        self._exchanges.append(exchange)
        self._bytes += len(body)
        while self._bytes > self._max_bytes and len(self._exchanges) > 1:
            self._drop()
        self.counts[operation] += 1
        self._open[operation] += 1
        self.peak[operation] = max(self.peak[operation], self._open[operation])
        self._tell()
        return exchange

    def end(self, exchange: Exchange, ending: Ending) -> None:
        """Note how it ended; only the first word counts."""
        if exchange.ending == "open":
            exchange.ending, exchange.ended = ending, self._now()
            self.counts[ending] += 1
            self._open[exchange.operation] -= 1
            if ending in ("client_fin", "client_rst"):
                self.counts["client_left"] += 1
            self._tell()

    def all(self) -> list[Exchange]:
        """The remembered exchanges, oldest first."""
        return list(self._exchanges)

    def clear(self) -> None:
        """Forget the exchanges and the counts; numbers go on, and so does what is open."""
        self._exchanges.clear()
        self._bytes = 0
        self.counts.clear()
        self.peak = +self._open

    async def until(self, count: str, number: int) -> None:
        """Return once the count of an operation or an ending has reached ``number``."""
        while self.counts[count] < number:
            await self._changed.wait()

    def _drop(self) -> None:
        self._bytes -= len(self._exchanges.popleft().body)

    def _now(self) -> float:
        return round(self._clock() - self._start, 6)

    def _tell(self) -> None:
        """Wake everyone who waits; the next wait gets an event of its own."""
        self._changed.set()
        self._changed = asyncio.Event()
