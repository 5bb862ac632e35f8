"""What a client asks for, free of any client API's and of Kiro's field names.

A dialect's ``parse`` makes a Conversation; ``kiro/payload.py`` lays it out for Kiro.

What a long history has hundreds of is a msgspec struct, as the events are and for the same reason (0.03 µs against
0.2 µs to make). isinstance is slow where a struct is not of the class (0.06 µs, its metaclass is asked), so walks over
whole histories compare the type itself (0.01 µs).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, TypeVar

from msgspec import Struct

from gateway.search.values import WebSearch


class Text(Struct, frozen=True, gc=False):
    """Plain text, never changed on its way."""

    text: str


class Thinking(Struct, frozen=True, gc=False):
    """The model's reasoning; ``signature`` is Kiro's own, byte for byte, or None."""

    text: str
    signature: str | None = None


class RedactedThinking(Struct, frozen=True, gc=False):
    """Reasoning only Kiro can read: base64 that must go back unchanged."""

    data: str


class Image(Struct, frozen=True, gc=False):
    """A picture. ``format`` is gif, jpeg, png or webp; ``data`` is strict base64 without a ``data:`` prefix."""

    format: str
    data: str


class Document(Struct, frozen=True, gc=False):
    """A PDF as strict base64. Kiro takes none: its text stands for it (``web/documents.py``) before it is laid out.

    path: where it stands in the client's body, for the fault that names it.
    """

    data: str
    path: str


class ToolCall(Struct, frozen=True, gc=False):
    """A call the model made. ``arguments`` is the JSON text of an object, verbatim."""

    id: str
    name: str
    arguments: str


class ToolResult(Struct, frozen=True):
    """What came of a call; ``content`` holds texts, pictures and documents in the client's order."""

    call_id: str
    content: tuple[Text | Image | Document, ...]
    is_error: bool = False


Block = Text | Thinking | RedactedThinking | Image | Document | ToolCall | ToolResult


class Message(Struct, frozen=True):
    """One message. Other roles (system, developer, tool) are folded into these two by the dialect."""

    role: Literal["user", "assistant"]
    blocks: tuple[Block, ...]


Attached = TypeVar("Attached", Image, Document)


def attached(messages: Iterable[Message], kind: type[Attached]) -> list[Attached]:
    """Every picture or every document, those inside tool results too, in order."""
    found: list[Attached] = []
    for message in messages:
        for block in message.blocks:
            if type(block) is kind:
                found.append(block)
            elif type(block) is ToolResult:
                found += [part for part in block.content if type(part) is kind]
    return found


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call; ``schema`` is the client's JSON Schema, uncleaned."""

    name: str
    description: str
    schema: Mapping[str, Any]


class Effort(Enum):
    """How hard to think, from the least to the most."""

    MINIMAL = "minimal"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    XHIGH = "xhigh"
    MAX = "max"


@dataclass(frozen=True, slots=True)
class ThinkingRequest:
    """What the client said about thinking.

    asked: True (on), False (switched off by name), None (not mentioned; the setting decides).
    budget: tokens, where the client gave a number.
    """

    asked: bool | None = None
    budget: int | None = None
    effort: Effort | None = None


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """``auto``, ``none``, ``any`` (some tool) or ``named`` with that tool's name."""

    mode: Literal["auto", "none", "any", "named"] = "auto"
    name: str | None = None


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """The answer's text must be JSON: valid by ``schema``, or any object where that is None.

    schema: the JSON of a JSON Schema, UTF-8. Its size is bounded; whether it is valid, ``web/schema_checks.py`` finds
    out. path: where it stands in the client's body, for the error that names it.
    """

    schema: bytes | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One request, whole.

    model: as the client spelled it, suffixes included.
    session: the client's own mark of the chat (a session header or metadata), or None.
    cache_key: its ``prompt_cache_key``, which several chats may share, or None.
    opening_system: the system prompt that the chat began with, where the gateway knows that; None: as ``system``.
    output: the JSON that the answer's text must be; None for any text.
    search: the web search that is among the tools; None where there is none.
    stream: whether the client wants events as they come.
    ignored: names of parameters the client sent that have no effect (``x-kiro-gateway-ignored``).
    """

    model: str
    messages: tuple[Message, ...]
    system: str = ""
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = ToolChoice()
    parallel_tools: bool = True
    thinking: ThinkingRequest = ThinkingRequest()
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    output: OutputFormat | None = None
    search: WebSearch | None = None
    session: str | None = None
    cache_key: str | None = None
    opening_system: str | None = None
    stream: bool = False
    ignored: tuple[str, ...] = ()
