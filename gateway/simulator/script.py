"""Scripts: what to answer to the next requests, as JSON of the control endpoint made into values.

An answer is an object with any of these members (all optional; an unknown one is an error):

``on``            the operation it is for, see ``Operation``: generate (default), models, refresh, token, …
``times``         how many requests it serves (1); ``always`` true: all that come
``status``, ``headers``, ``body``   an answer without frames; the body is JSON, or text as it is; status 0: the
                  connection is closed (``how``: fin or rst) without any answer
``frames``        a list of frames, see ``_frame``; ``hex``: raw bytes instead of, or after, the frames
``repeat``        the frames so many times over
``delay``         seconds before the status line; ``frame_delay``: before each frame
``gate``          every frame after the first waits until the gate is opened once
``corrupt``       ``{"frame": k, "how": "prelude_crc" | "message_crc" | "bit:N"}``
``chunk_sizes``   TCP split sizes, the last repeats
``cut_at``, ``how``   break off after byte n by fin | rst | chunked-end | close-delimited
``granted``       true: the answer is what it would be without a script (a refresh token is exchanged), but waits at
                  ``gate``, or with status 0 gets lost; not for generate
``stall``         ``true``: silence after the frames until the client leaves; ``"headers"``: before the status line
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Literal

import msgspec

from gateway import jsontext
from gateway.simulator import events, frames
from gateway.simulator.events import Message
from gateway.simulator.frames import HeaderValue, Sized
from gateway.simulator.sending import Cut, Piece, Plan

Operation = Literal[
    "generate",
    "models",
    "profiles",
    "usage",
    "profile",
    "mcp",
    "refresh",
    "login",
    "login_token",
    "login_device",
    "login_poll",
    "register",
    "device",
    "authorize",
    "token",
    "idp",
    "activity",
    "telemetry",
]

_INTEGER_BITS: Final = {2: 8, 3: 16, 4: 32, 5: 64}
_BYTES_HEADER: Final = 6


@dataclass(frozen=True, slots=True)
class Corrupt:
    """Which frame, counted from 0, is spoiled, and how (``frames.spoil``)."""

    frame: int
    how: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One scripted answer; the module's docstring says what the members mean."""

    on: Operation = "generate"
    times: int = 1
    always: bool = False
    status: int = 200
    headers: dict[str, str] | None = None
    body: Any = None
    frames: list[dict[str, Any]] | None = None
    hex: str = ""
    repeat: int = 1
    delay: float = 0.0
    frame_delay: float = 0.0
    gate: str | None = None
    corrupt: Corrupt | None = None
    chunk_sizes: list[int] | None = None
    cut_at: int | None = None
    how: Cut = "chunked-end"
    granted: bool = False
    stall: bool | Literal["headers"] = False

    @property
    def streams(self) -> bool:
        """Whether it is sent as a stream rather than as a whole body."""
        return self.body is None and (self.status == 200 or bool(self.frames or self.hex))  # noqa: PLR2004 - HTTP OK

    def plan(self) -> Plan:
        """The stream this answer is. Raises ValueError for frames that cannot be made."""
        return Plan(
            pieces=list(self._pieces()),
            status=self.status,
            headers=self.headers or {},
            sizes=self.chunk_sizes or (),
            cut_at=self.cut_at,
            how=self.how,
            stall=self.stall is True,
        )

    def _pieces(self) -> Iterator[Piece]:
        for number, entry in enumerate((self.frames or []) * self.repeat):
            data = _frame(entry)
            if self.corrupt is not None and self.corrupt.frame == number:
                data = frames.spoil(data, self.corrupt.how)
            gate = entry.get("gate") or (self.gate if number else None)
            yield Piece(data, delay=float(entry.get("delay", self.frame_delay)), gate=gate)
        if self.hex:
            yield Piece(bytes.fromhex(self.hex), gate=self.gate if self.frames else None)


def read(entry: Any) -> Answer:
    """An answer from its JSON. Raises ValueError that says what is wrong."""
    if not isinstance(entry, dict):
        raise ValueError("an answer is an object")
    unknown = entry.keys() - {field.name for field in fields(Answer)}
    if unknown:
        raise ValueError(f"unknown members: {', '.join(sorted(unknown))}")
    answer = msgspec.convert(entry, Answer)
    if any(size < 1 for size in answer.chunk_sizes or ()):
        raise ValueError("chunk sizes are at least 1")
    if answer.granted and answer.on == "generate":
        raise ValueError("granted is for answers of one document")
    answer.plan()
    return answer


def _frame(entry: Mapping[str, Any]) -> bytes:
    """The bytes of one frame, from one of these forms; each may have ``delay``, ``gate`` and ``corrupt`` of its own.

    ``{"event": name, "payload": {…}}`` · ``{"exception": name, "message": …, "reason": …}`` (or ``payload``) ·
    ``{"error": code, "message": …}`` · ``{"headers": {…}, "payload": … }`` · ``{"hex": …}``
    """
    match entry:
        case {"hex": str(digits)}:
            data = bytes.fromhex(digits)
        case {"event": str(kind)}:
            data = events.event(kind, entry.get("payload", {})).encode()
        case {"exception": str(kind), "payload": payload}:
            headers = {":exception-type": kind, ":content-type": events.JSON, ":message-type": "exception"}
            data = Message(headers, jsontext.encode(payload)).encode()
        case {"exception": str(kind)}:
            data = events.exception(kind, str(entry.get("message", "")), entry.get("reason")).encode()
        case {"error": str(code)}:
            data = events.error(code, str(entry.get("message", ""))).encode()
        case {"headers": dict(headers)}:
            data = Message({name: _header(value) for name, value in headers.items()}, _payload(entry)).encode()
        case _:
            raise ValueError("a frame needs one of: event, exception, error, headers, hex")
    return frames.spoil(data, entry["corrupt"]) if "corrupt" in entry else data


def _payload(entry: Mapping[str, Any]) -> bytes:
    payload = entry.get("payload")
    if payload is None:
        return b""
    return payload.encode() if isinstance(payload, str) else jsontext.encode(payload)


def _header(value: Any) -> HeaderValue:
    """A header from JSON: text, a boolean, an integer (32 bits), or ``{"type": 2…6, "value": …}`` (type 6 in hex)."""
    match value:
        case str() | bool() | int():
            return value
        case {"type": int(kind), "value": int(number)} if kind in _INTEGER_BITS:
            return Sized(_INTEGER_BITS[kind], number)
        case {"type": 6, "value": str(digits)}:
            return bytes.fromhex(digits)
    raise ValueError(f"no header can be made of {type(value).__name__}")


class Script:
    """The answers still to be given, for each operation in the order they were pushed."""

    def __init__(self) -> None:
        self._answers: dict[str, list[tuple[Answer, int]]] = {}

    def push(self, *answers: Answer) -> None:
        """Answer the next requests so."""
        for answer in answers:
            self._answers.setdefault(answer.on, []).append((answer, answer.times))

    def take(self, operation: str) -> Answer | None:
        """The answer to a request that came now; None when the script says nothing of it."""
        waiting = self._answers.get(operation)
        if not waiting:
            return None
        answer, left = waiting[0]
        if answer.always:
            return answer
        if left > 1:
            waiting[0] = (answer, left - 1)
        else:
            waiting.pop(0)
        return answer

    def pending(self) -> int:
        """Requests that the script will still answer, those for always counted once."""
        return sum(left for answers in self._answers.values() for _, left in answers)

    def reset(self) -> None:
        """Forget everything."""
        self._answers.clear()
