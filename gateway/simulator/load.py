"""Answers for benchmarks, asked for by a marker in the prompt.

``[[bulk deltas=500 size=12]]``: that many deltas of that many characters, as fast as they go, a frame a write.
``[[paced deltas=100 rate=50 size=12]]``: that many deltas a second, a frame each.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gateway.simulator import answers, events
from gateway.simulator.prompt import Prompt
from gateway.simulator.sending import Piece

_MARKER: Final = re.compile(r"\[\[(bulk|paced)((?: +\w+=\d+)*) *\]\]")
_MAX_DELTAS: Final = 1_000_000
_PREPARED: Final = 32


@dataclass(frozen=True, slots=True)
class Load:
    """So many deltas of so many characters; ``rate`` is deltas a second, None for bulk."""

    deltas: int
    size: int
    rate: int | None


def asked(text: str) -> Load | None:
    """The load a prompt asks for, if it does."""
    found = _MARKER.search(text)
    if not found:
        return None
    given = {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", found[2])}
    deltas, size = min(given.get("deltas", 100), _MAX_DELTAS), max(given.get("size", 12), 1)
    return Load(deltas, size, max(given.get("rate", 50), 1) if found[1] == "paced" else None)


def delta(number: int, size: int) -> str:
    """The text of one delta, ``0000007 abcd`` cut to size: known beforehand, so that a benchmark checks every byte."""
    letters = "abcdefghijklmnopqrstuvwxyz "
    return f"{number:07d} {letters * (size // len(letters) + 1)}"[:size]


class Loads:
    """Makes load answers; encoded bulk bodies are kept, so that the simulator is not what a benchmark measures."""

    def __init__(self) -> None:
        self._prepared: dict[tuple[Load, str], list[Piece]] = {}

    def pieces(self, load: Load, prompt: Prompt, *, rpc: bool, utterance_id: str) -> Iterator[Piece]:
        """The whole turn."""
        if rpc:
            yield from (Piece(message.encode()) for message in answers.opening(prompt.conversation_id, utterance_id))
        yield from self._text(load, prompt.model.id)
        output = load.deltas * load.size // 4
        ends = answers.completion(prompt, output, "END_TURN")
        yield Piece(b"".join(message.encode() for message in ends))

    def _text(self, load: Load, model_id: str) -> Iterable[Piece]:
        if load.rate is not None:
            return _paced(load, load.rate, model_id)
        if (load, model_id) not in self._prepared:
            if len(self._prepared) >= _PREPARED:
                self._prepared.clear()
            self._prepared[load, model_id] = list(_bulk(load, model_id))
        return self._prepared[load, model_id]


def _paced(load: Load, rate: int, model_id: str) -> Iterator[Piece]:
    for number in range(load.deltas):
        yield Piece(events.text(delta(number, load.size), model_id).encode(), delay=1 / rate if number else 0.0)


def _bulk(load: Load, model_id: str) -> Iterator[Piece]:
    """A frame a write, as a service writes that sends each piece of text when it has it."""
    for number in range(load.deltas):
        yield Piece(events.text(delta(number, load.size), model_id).encode())
