"""What every program has to show: what is asked, what Kiro answers, and by what it is seen that all went well.

Words are random, so that only an answer that came through can hold them.
"""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.clients.program import Program
from tests.clients.run import Run
from tests.processes import Simulator

LIVE = 20.0
"""Seconds in which the first piece of a stream must be on the screen, while the second one is held back."""

CUTS = 3
"""So many answers are cut; a program that asks more often gets a whole one."""

END = [
    {"event": "contextUsageEvent", "payload": {"contextUsagePercentage": 1.5}},
    {"event": "meteringEvent", "payload": {"unit": "credit", "unitPlural": "credits", "usage": 0.25}},
]


@dataclass(frozen=True, slots=True)
class Outcome:
    """ok: the program did what it should; None: it cannot be asked that. note: what it did, in a few words."""

    ok: bool | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """What only this run can know: in the file, in the answer's two halves, and in an answer that comes after cuts."""

    file: str
    first: str
    last: str

    @classmethod
    def drawn(cls) -> "Words":
        """Random ones, of letters that no program changes."""
        return cls(*(f"{name}{secrets.token_hex(4)}" for name in ("plover", "alpha", "omega")))


Check = Callable[[Program, Run, Simulator, Words], Outcome]


@dataclass(frozen=True, slots=True)
class Scene:
    """name: as in the table. prompt: what is asked, "" for the program's own tool prompt. script: Kiro's answers."""

    name: str
    prompt: str
    script: Callable[[Words], list[dict[str, Any]]]
    check: Check


def said(*pieces: str) -> list[dict[str, Any]]:
    """The frames of a text."""
    return [{"event": "assistantResponseEvent", "payload": {"content": piece}} for piece in pieces]


def _good(words: Words) -> dict[str, Any]:
    return {"frames": [*said(f"Hello {words.first}.\n\n", f"All is well, {words.last}."), *END], "always": True}


def _gated(words: Words) -> dict[str, Any]:
    first, *rest = _good(words)["frames"]
    return {"frames": [first, {**rest[0], "gate": "second"}, *rest[1:]], "always": True}


def _refused(words: Words) -> dict[str, Any]:
    body = {"__type": "ValidationException", "message": f"{words.last} is not accepted."}
    return {"status": 400, "headers": {"x-amzn-errortype": "ValidationException"}, "body": body, "always": True}


def _cut(words: Words) -> dict[str, Any]:
    frames = said(f"Hello {words.first}.\n\n", "This is never said to its end. " * 20)
    return {"frames": frames, "cut_at": 250, "how": "fin", "times": CUTS}


def _whole(program: Program, run: Run, words: Words) -> Outcome:
    status = run.end(program.patience)
    missing = [word for word in (words.first, words.last) if word not in run.output]
    if missing:
        return Outcome(ok=False, note=f"{_ended(status)} without the answer")
    return Outcome(ok=status == 0, note="" if status == 0 else f"answered, then {_ended(status)}")


def _hello(program: Program, run: Run, _simulator: Simulator, words: Words) -> Outcome:
    return _whole(program, run, words)


def _stream(program: Program, run: Run, simulator: Simulator, words: Words) -> Outcome:
    """The second piece is let go only when the first is on the screen; the many openings are for side requests."""
    live = program.live and run.shows(words.first, LIVE)
    for _ in range(20):
        simulator.open("second")
    outcome = _whole(program, run, words)
    if not outcome.ok or live == program.live:
        return Outcome(outcome.ok, outcome.note or ("" if live else "shown at its end"))
    return Outcome(ok=False, note="nothing was shown before the end")


def _tool(program: Program, run: Run, simulator: Simulator, words: Words) -> Outcome:
    status = run.end(program.patience)
    came_back = any(words.file in text for text in tool_results(simulator.requests()))
    if not came_back:
        return Outcome(ok=False, note=f"{_ended(status)}; the tool's output did not come back")
    return Outcome(ok=status == 0, note="" if status == 0 else f"the output came back, then {_ended(status)}")


def _error(program: Program, run: Run, simulator: Simulator, words: Words) -> Outcome:
    status = run.end(program.patience)
    asked = len(simulator.requests())
    if status is None:
        return Outcome(ok=False, note=f"asked {asked} times and did not end")
    shown = words.last in run.output
    return Outcome(ok=shown, note=_times(asked) if shown else f"{_ended(status)} without telling Kiro's words")


def _broken(program: Program, run: Run, simulator: Simulator, words: Words) -> Outcome:
    status = run.end(program.patience)
    asked = _times(len(simulator.requests()))
    if not simulator.requests():
        return Outcome(ok=False, note=f"{_ended(status)} without a request")
    if words.last in run.output:
        return Outcome(ok=True, note=f"asked again, {asked}")
    if "cut off" in run.output:
        return Outcome(ok=True, note=f"told, {asked}")
    if status:
        return Outcome(ok=True, note=f"failed in other words, {asked}")
    return Outcome(ok=False, note=f"{_ended(status)}: half an answer taken for a whole one")


HELLO = "Say hello."
SCENES = (
    Scene("hello", HELLO, lambda words: [_good(words)], _hello),
    Scene("stream", HELLO, lambda words: [_gated(words)], _stream),
    Scene("tool", "", lambda _: [], _tool),
    Scene("error", HELLO, lambda words: [_refused(words)], _error),
    Scene("cut", HELLO, lambda words: [_cut(words), _good(words)], _broken),
)


def tool_results(requests: list[dict[str, Any]]) -> Iterator[str]:
    """The text of every tool result that Kiro was sent."""
    for request in requests:
        yield from _results(request["body"])


def _results(value: object) -> Iterator[str]:
    match value:
        case Mapping():
            for name, member in value.items():
                if name == "toolResults":
                    yield json.dumps(member)
                else:
                    yield from _results(member)
        case list():
            for item in value:
                yield from _results(item)


def _ended(status: int | None) -> str:
    return "did not end" if status is None else f"exit {status}"


def _times(count: int) -> str:
    return "1 request" if count == 1 else f"{count} requests"
