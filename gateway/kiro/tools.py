"""Tools as Kiro declares them, and the names that must be restored in the answer."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Raw, Struct

from gateway.conversation import Message, Tool, ToolCall
from gateway.kiro.schemas import Clean, clean

MAX_NAME: Final = 64
"""Characters of a tool name (rule 12)."""

MAX_DESCRIPTION_BYTES: Final = 10_240
"""UTF-8 bytes of a description (rule 14: found by binary search, near the official client's constant)."""

_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,63}")
_FOREIGN: Final = re.compile(r"[^a-zA-Z0-9_-]")


class ToolNames:
    """The names of one request, as the client wrote them and as Kiro takes them.

    A name Kiro takes stays. Another becomes its readable part and a hash of the whole, so that it is the same in every
    turn and never that of another tool.
    """

    __slots__ = ("_short", "_taken")

    def __init__(self, own: Iterable[str]) -> None:
        """``own``: all names of the request; those Kiro takes as they are keep their claim on themselves."""
        names = dict.fromkeys(own)
        self._short = {name: name for name in names if _NAME.fullmatch(name)}
        self._taken = set(self._short)
        for name in names:
            if name not in self._short:
                self._shorten(name)

    def _shorten(self, name: str) -> None:
        readable = _FOREIGN.sub("_", name)
        if not (readable and readable[0].isalpha()):
            readable = f"t{readable}"
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        # The hash grows only when a client declares, as a tool of its own, the very name made here.
        for length in (8, 16, 32, 48):
            short = f"{readable[: MAX_NAME - 1 - length]}_{digest[:length]}"
            if short not in self._taken:
                break
        self._taken.add(short)
        self._short[name] = short

    def short(self, own: str) -> str:
        """The name Kiro is told. ``own`` must be one of the request's names."""
        return self._short[own]

    @property
    def changed(self) -> dict[str, str]:
        """Short name → the client's own, of those that differ."""
        return {short: own for own, short in self._short.items() if short != own}


class Declared(Struct, frozen=True):
    """The tools of one request.

    specifications: as Kiro's ``tools`` wants them. documents: descriptions too long for it, for the system prompt.
    """

    specifications: list[dict[str, Any]]
    documents: tuple[str, ...]


def names_of(tools: Iterable[Tool], messages: Iterable[Message]) -> ToolNames:
    """The names of the offered tools and of all calls in the history."""
    called = (block.name for message in messages for block in message.blocks if type(block) is ToolCall)
    return ToolNames((*(tool.name for tool in tools), *called))


def declare(
    tools: Iterable[Tool], messages: Iterable[Message], names: ToolNames, limit: int, clean: Clean = clean
) -> Declared:
    """Declare the offered tools, and a placeholder for each tool that only the history names (rules 10 and 11).

    limit: characters of a description, beyond which it moves to the system prompt; 0 leaves only Kiro's own limit.
    Of two tools with one name the first counts (rule 35).
    """
    specifications: dict[str, dict[str, Any]] = {}
    documents: list[str] = []
    for tool in tools:
        short = names.short(tool.name)
        if short in specifications:
            continue
        description = tool.description
        if _too_long(description, limit):
            documents.append(f"## Tool: {short}\n\n{description}")
            description = f"[Full documentation in system prompt under '## Tool: {short}']"
        specifications[short] = _specification(short, description, clean(tool.schema))
    for message in messages:
        for block in message.blocks:
            if type(block) is ToolCall and (short := names.short(block.name)) not in specifications:
                schema = {"type": "object", "properties": {}}
                specifications[short] = _specification(short, "A tool used earlier in this conversation.", schema)
    return Declared(list(specifications.values()), tuple(documents))


def _too_long(description: str, limit: int) -> bool:
    if limit and len(description) > limit:
        return True
    if len(description) * 4 <= MAX_DESCRIPTION_BYTES:
        return False
    return len(description.encode("utf-8", "surrogatepass")) > MAX_DESCRIPTION_BYTES


def _specification(name: str, description: str, schema: Mapping[str, Any] | Raw) -> dict[str, Any]:
    """One item of ``tools``; an empty description is refused (rule 13)."""
    told = description if description and not description.isspace() else f"Tool: {name}"
    return {"toolSpecification": {"name": name, "description": told, "inputSchema": {"json": schema}}}
