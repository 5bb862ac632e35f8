"""Rules about turns, calls and results (1 to 11, 16, 17, 27); the evidence stands in rules.RULES."""

import re
from collections.abc import Iterator
from typing import Any, Final

from gateway.kiro.body import STATE, Body, Finding, Turn

TRIGGERS: Final = ("MANUAL", "DIAGNOSTIC", "INLINE_CHAT")
HISTORY_LENGTH: Final = 10_000
_ID: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def chat_trigger(body: Body) -> Iterator[Finding]:
    """Rule 1."""
    if body.state.get("chatTriggerType") not in TRIGGERS:
        yield f"{STATE}.chatTriggerType", "send MANUAL"


def current_message(body: Body) -> Iterator[Finding]:
    """Rule 2."""
    if body.current.role != "user":
        yield body.current.place, "the current message must be a userInputMessage and nothing else"


def alternation(body: Body) -> Iterator[Finding]:
    """Rule 3: user, assistant, user, assistant."""
    history = body.state.get("history")
    if history is not None and not isinstance(history, list):
        yield f"{STATE}.history", "the history must be a list of messages"
    expected = "user"
    for turn in body.history:
        if not turn.role:
            yield turn.place, "a history item must hold either a userInputMessage or an assistantResponseMessage"
        elif turn.role != expected:
            yield turn.place, f"expected the {expected}'s turn here: merge adjacent turns of one role"
        expected = "user" if (turn.role or expected) == "assistant" else "assistant"
    if body.history and body.history[-1].role == "user" and _in_turn(body.history):
        yield (
            body.history[-1].place,
            "the history must end with an assistant message: merge this turn with the current one",
        )


def _in_turn(history: list[Turn]) -> bool:
    """Whether the last turn was not already found out of turn."""
    return len(history) == 1 or history[-2].role == "assistant"


def user_content(body: Body) -> Iterator[Finding]:
    """Rule 4: an empty text only beside results."""
    for turn in body.users:
        content = turn.message.get("content")
        if not isinstance(content, str):
            yield f"{turn.path}.content", "the content must be a text"
        elif not content and not turn.results:
            yield f"{turn.path}.content", "put a text here: a user message without tool results must not be empty"


def assistant_content(body: Body) -> Iterator[Finding]:
    """Rule 5: an empty text only beside calls."""
    for turn in body.assistants:
        content = turn.message.get("content")
        if not isinstance(content, str):
            yield f"{turn.path}.content", "the content must be a text"
        elif not content and not turn.uses:
            yield f"{turn.path}.content", "put a text here: an assistant message without tool uses must not be empty"


def _use_ids(turn: Turn) -> set[str]:
    return {identifier for _, use in turn.uses if isinstance(identifier := use.get("toolUseId"), str)}


def _result_ids(turn: Turn) -> list[tuple[str, Any]]:
    return [(f"{path}.toolUseId", result.get("toolUseId")) for path, result in turn.results]


def result_without_call(body: Body) -> Iterator[Finding]:
    """Rule 6."""
    for before, turn in body.pairs:
        known = _use_ids(before)
        for path, identifier in _result_ids(turn):
            if not isinstance(identifier, str) or identifier not in known:
                yield path, "no tool use of the message right before has this id: drop the result or write it as text"


def call_without_result(body: Body) -> Iterator[Finding]:
    """Rule 7."""
    for before, turn in body.pairs:
        answered = {identifier for _, identifier in _result_ids(turn) if isinstance(identifier, str)}
        for path, use in before.uses:
            identifier = use.get("toolUseId")
            if isinstance(identifier, str) and identifier not in answered:
                yield f"{path}.toolUseId", "the next user message must have a result for this call, if only an error"


def duplicate_result(body: Body) -> Iterator[Finding]:
    """Rule 8."""
    for turn in body.users:
        seen: set[str] = set()
        for path, identifier in _result_ids(turn):
            if isinstance(identifier, str):
                if identifier in seen:
                    yield path, "a message may hold one result for a call: drop this one"
                seen.add(identifier)


def empty_list(body: Body) -> Iterator[Finding]:
    """Rule 9."""
    if body.state.get("history") == []:
        yield f"{STATE}.history", "leave an empty list out"
    for turn in body.turns:
        if turn.message.get("toolUses") == []:
            yield f"{turn.path}.toolUses", "leave an empty list out"
        for name in ("toolResults", "tools"):
            if turn.context.get(name) == []:
                yield f"{turn.context_path}.{name}", "leave an empty list out"


def tools_missing(body: Body) -> Iterator[Finding]:
    """Rule 10."""
    if not body.tools and any(turn.uses or turn.results for turn in body.turns):
        yield f"{body.current.context_path}.tools", "declare the tools that the history uses"


def undeclared_tool(body: Body) -> Iterator[Finding]:
    """Rule 11; silent when nothing is declared, which is rule 10's."""
    names = (spec.get("name") for _, spec in body.tools)
    declared = {name.casefold() for name in names if isinstance(name, str)}
    for turn in body.assistants if body.tools else ():
        for path, use in turn.uses:
            name = use.get("name")
            if isinstance(name, str) and name and name.casefold() not in declared:
                yield f"{path}.name", "this tool is not among the declared ones: declare it, if only as a placeholder"


def tool_use_id(body: Body) -> Iterator[Finding]:
    """Rule 16; the ids of results are measured by rule 6."""
    for turn in body.assistants:
        for path, use in turn.uses:
            identifier = use.get("toolUseId")
            if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
                yield f"{path}.toolUseId", "an id is 1 to 64 characters of a-z, A-Z, 0-9, _ and -"


def tool_use_input(body: Body) -> Iterator[Finding]:
    """Rule 17."""
    for turn in body.assistants:
        for path, use in turn.uses:
            name = use.get("name")
            if not isinstance(name, str) or not name:
                yield f"{path}.name", "a tool use needs the name of its tool"
            if not isinstance(use.get("input"), dict):
                yield f"{path}.input", "the input must be a JSON object, not a text"


def history_length(body: Body) -> Iterator[Finding]:
    """Rule 27."""
    if len(body.history) > HISTORY_LENGTH:
        yield f"{STATE}.history[{HISTORY_LENGTH}]", f"keep at most {HISTORY_LENGTH} messages: drop the oldest"
