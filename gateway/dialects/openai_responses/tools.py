"""The tools of a request: functions, freeform tools, namespaces of both, in ``tools`` and ``additional_tools`` items.

Kiro knows functions only. A freeform tool is offered as a function with the one property ``input``; a tool of a
namespace under a flat name, ``namespace__name``. Both are turned back in the answer.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.conversation import Tool
from gateway.dialects import openai_search
from gateway.search.offer import with_search

Json = Mapping[str, Any]

_FREEFORM: Final = {
    "type": "object",
    "properties": {"input": {"type": "string", "description": "The tool's whole input, as plain text."}},
    "required": ["input"],
}
_NO_PARAMETERS: Final = {"type": "object", "properties": {}}


@dataclass(frozen=True, slots=True)
class Own:
    """A tool as the client knows it. freeform: its input is plain text (the API calls such tools ``custom``)."""

    name: str
    namespace: str | None = None
    freeform: bool = False


class Toolbox:
    """The tools of one request.

    tools: as Kiro is told of them, with flat names. own: flat name → the client's own.
    search: the hosted web search, which is then among the tools; with_sources: its items tell the pages found.
    left_out: the types of tools that other servers run, once each.
    """

    __slots__ = ("_flat", "left_out", "own", "search", "tools", "with_sources")

    def __init__(self, body: Json) -> None:
        found: dict[Own, Json] = {}
        left_out: dict[str, Json] = {}
        for item in _declared(body):
            if item["type"] not in ("function", "custom", "namespace"):
                left_out.setdefault(item["type"], item)
            for own, tool in _members(item):
                found.setdefault(own, tool)
        taken = {own.name for own in found if own.namespace is None}
        self.own: dict[str, Own] = {}
        self._flat: dict[tuple[str | None, str], str] = {}
        for own in found:
            flat = self._named(own, taken)
            self.own[flat] = own
            self._flat.setdefault((own.namespace, own.name), flat)
            self._flat.setdefault((None, own.name), flat)  # Codex may leave the namespace out
        hosted = next((item for type_, item in left_out.items() if openai_search.is_search(type_)), None)
        offered = None if hosted is None else openai_search.offered(hosted, body.get("max_tool_calls"))
        self.tools, self.search = with_search([_tool(flat, found[own]) for flat, own in self.own.items()], offered)
        self.left_out = tuple(type_ for type_ in left_out if not (self.search and openai_search.is_search(type_)))
        self.with_sources = "web_search_call.action.sources" in (body.get("include") or ())

    def _named(self, own: Own, taken: set[str]) -> str:
        flat = _joined(own.namespace, own.name)
        while flat in self.own or (own.namespace is not None and flat in taken):
            flat += "_"
        return flat

    def flat(self, item: Json) -> str:
        """The name under which Kiro knows the tool that a call or a choice names; a name that is not offered stays."""
        name, namespace = item["name"], item.get("namespace")
        return self._flat.get((namespace, name)) or _joined(namespace, name)

    def owner(self, flat: str) -> Own:
        """The client's own tool behind a flat name."""
        return self.own.get(flat) or Own(flat)


def _joined(namespace: str | None, name: str) -> str:
    return name if namespace is None else f"{namespace}__{name}"


def _declared(body: Json) -> Iterator[Json]:
    yield from body.get("tools") or ()
    items = body.get("input")
    for item in items if isinstance(items, list) else ():
        if item.get("type") == "additional_tools":
            yield from item["tools"]


def _members(item: Json) -> Iterable[tuple[Own, Json]]:
    match item["type"]:
        case "function":
            yield Own(item["name"]), item
        case "custom":
            yield Own(item["name"], freeform=True), item
        case "namespace":
            about = item.get("description")
            for tool in item["tools"]:
                own = Own(tool["name"], item["name"], freeform=tool["type"] == "custom")
                yield own, _introduced(tool, about) if about else tool
                about = None  # said once, before the first of them


def _introduced(tool: Json, about: str) -> Json:
    """A tool with its namespace's description before its own: Kiro has no place for the former."""
    description = tool.get("description")
    return {**tool, "description": f"{about}\n\n{description}" if description else about}


def _tool(flat: str, item: Json) -> Tool:
    description = item.get("description") or ""
    if item["type"] == "custom":
        return Tool(flat, _with_grammar(description, item.get("format") or {}), _FREEFORM)
    return Tool(flat, description, item.get("parameters") or _NO_PARAMETERS)


def _with_grammar(description: str, format_: Json) -> str:
    """Nothing holds the model to the grammar; its text in the description is how it learns the form."""
    if not format_.get("definition"):
        return description
    syntax = format_.get("syntax") or "lark"
    rule = f"The text in `input` must follow this {syntax} grammar:\n\n{format_['definition']}"
    return f"{description}\n\n{rule}" if description else rule
