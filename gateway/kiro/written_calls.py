"""Tool calls that a model wrote into its text instead of making them: the four legacy forms, read whole.

[Called NAME with args: {…}]
[{"name": "NAME", "arguments": {…}}, …]
<invoke name="NAME"><parameter name="KEY">VALUE</parameter>…</invoke>, bare or inside <function_calls>
<tool_call>{"name": "NAME", "arguments": {…}}</tool_call>
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway import jsontext

_NAME: Final = r'[^"\s<>]{1,128}'
_CALLED: Final = re.compile(rf"\[called\s+({_NAME})\s+with\s+args:\s*(?=\{{)", re.IGNORECASE)
_LIST: Final = re.compile(rf'\[\s*\{{\s*"name"\s*:\s*"({_NAME})"')
_INVOKE: Final = re.compile(rf'(?:<function_calls>\s*)?<invoke\s+name="({_NAME})"\s*>')
_TAGGED: Final = re.compile(rf'<tool_call>\s*\{{\s*"name"\s*:\s*"({_NAME})"')
_FORMS: Final = (_CALLED, _LIST, _INVOKE, _TAGGED)

_STEMS: Final = ("[called", "[{", "<invoke", "<function_calls>", "<tool_call>")
"""How a form begins, in lower case and with the white space after a bracket left out."""

_UNDECIDED: Final = 512
"""Characters in which a form must have named its tool; longer than any of them with a tool's longest name."""

_PARAMETER: Final = re.compile(r'\s*<parameter\s+name="([^"]{1,128})"\s*>(.*?)</parameter>', re.DOTALL)
_END_CALLED: Final = re.compile(r"\s*\]")
_END_INVOKE: Final = re.compile(r"\s*</invoke>")
_END_CALLS: Final = re.compile(r"\s*</function_calls>")
_END_TAGGED: Final = re.compile(r"\s*</tool_call>")
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)
"""A bracket, or a string; one that is not closed goes on to the end, so that no character is looked at twice."""
_SOMETHING: Final = re.compile(r"\S")
_SPACE_AFTER_BRACKET: Final = re.compile(r"^\[\s+")


@dataclass(frozen=True, slots=True)
class WrittenCall:
    """A call as the text had it. arguments: the JSON text of an object."""

    name: str
    arguments: str


def named_tool(text: str) -> str | None:
    """The tool that a text beginning with one of the forms names; None when it names none, or none yet."""
    return next((found[1] for form in _FORMS if (found := form.match(text))), None)


def may_name_tool(text: str) -> bool:
    """Whether a text that names no tool yet may still turn out to begin with one of the forms."""
    begun = _SPACE_AFTER_BRACKET.sub("[", text[:_UNDECIDED]).lower()
    return len(text) < _UNDECIDED and any(begun.startswith(stem) or stem.startswith(begun) for stem in _STEMS)


def read_calls(text: str, schemas: Mapping[str, Mapping[str, Any]]) -> tuple[WrittenCall, ...]:
    """The calls that a text consists of, or none when it holds anything else or a tool nobody declared.

    schemas: declared name → schema; it tells which parameters of ``<invoke>`` are no texts.
    """
    calls: list[WrittenCall] = []
    place = 0
    while begun := _SOMETHING.search(text, place):  # slices would copy the rest of the text for every call
        read = _one(text, begun.start(), schemas)
        if read is None:
            return ()
        found, place = read
        calls += found
    return tuple(calls) if all(call.name in schemas for call in calls) else ()


Read = tuple[list[WrittenCall], int]
"""(calls, where the text goes on)"""


def _one(text: str, place: int, schemas: Mapping[str, Mapping[str, Any]]) -> Read | None:
    if found := _CALLED.match(text, place):
        end = _closing(text, found.end())
        close = _END_CALLED.match(text, end) if end else None
        if close is None or not _is_object(text[found.end() : end]):
            return None
        return [WrittenCall(found[1], text[found.end() : end])], close.end()
    if _LIST.match(text, place):
        end = _closing(text, place)
        return _listed(text[place:end], end) if end else None
    if found := _TAGGED.match(text, place):
        start = text.index("{", place)
        end = _closing(text, start)
        close = _END_TAGGED.match(text, end) if end else None
        return _listed(f"[{text[start:end]}]", close.end()) if close else None
    if found := _INVOKE.match(text, place):
        return _invoked(text, found, schemas)
    return None


def _listed(json: str, end: int) -> Read | None:
    """A JSON list of calls; every item must be one."""
    try:
        items = jsontext.decode(json)
    except jsontext.JsonError:
        return None
    calls = [call for item in items if (call := _call(item)) is not None]
    return (calls, end) if len(calls) == len(items) else None


def _call(item: Any) -> WrittenCall | None:
    match item:
        case {"name": str(name), "arguments": dict(arguments)}:
            return WrittenCall(name, jsontext.encode(arguments).decode())
        case _:
            return None


def _invoked(text: str, opened: re.Match[str], schemas: Mapping[str, Mapping[str, Any]]) -> Read | None:
    """One ``<invoke>``, and what closes the element around it."""
    properties = schemas.get(opened[1], {}).get("properties")
    types = properties if isinstance(properties, Mapping) else {}
    arguments: dict[str, Any] = {}
    place = opened.end()
    while given := _PARAMETER.match(text, place):
        arguments[given[1]] = _typed(given[2], types.get(given[1]))
        place = given.end()
    close = _END_INVOKE.match(text, place)
    if close is None:
        return None
    outer = _END_CALLS.match(text, close.end())
    call = WrittenCall(opened[1], jsontext.encode(arguments).decode())
    return [call], outer.end() if outer else close.end()


def _typed(value: str, schema: Any) -> Any:
    """A parameter as its schema wants it: a text, unless another type is declared and the value is JSON of some."""
    wanted = schema.get("type") if isinstance(schema, Mapping) else None
    if wanted in (None, "string"):
        return value
    try:
        return jsontext.decode(value)
    except jsontext.JsonError:
        return value


def _is_object(json: str) -> bool:
    try:
        return isinstance(jsontext.decode(json), dict)
    except jsontext.JsonError:
        return False


def _closing(text: str, start: int) -> int:
    """Where the bracket that opens at ``start`` is closed, one behind it; 0 when it is not."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        if token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
            if depth == 0:
                return token.end()
    return 0
