"""A frame of Kiro's answer → its parts, whatever shape Kiro gave them.

Most frames are text, tool input, reasoning or the context's percentage in their plain shape: msgspec decodes these
straight into the part. Everything else (a payload wrapped in its event's name, a missing event name, figures and stop
reasons in odd places, errors under a 200) is read key by key.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from gateway import jsontext
from gateway.errors import Kind, UpstreamError
from gateway.kiro import faults
from gateway.kiro.eventstream import Frame
from gateway.kiro.figures import figures, token_counts
from gateway.kiro.parts import (
    ContextUsage,
    Fault,
    Opening,
    Part,
    ReasoningPart,
    StopPart,
    TextPart,
    ToolPart,
    Unknown,
)

_TEXT, _REASONING, _TOOL = "assistantResponseEvent", "reasoningContentEvent", "toolUseEvent"
_USAGE, _METERING, _METADATA = "contextUsageEvent", "meteringEvent", "metadataEvent"
_LINKS, _INVALID = "supplementaryWebLinksEvent", "invalidStateEvent"
_STOPS: Final = ("messageStopEvent", "message_stop")
_OPENINGS: Final = ("initial-response", "messageMetadataEvent")
_READ: Final = (_TEXT, _REASONING, _TOOL, _USAGE, _METERING, _METADATA, _LINKS, _INVALID, *_STOPS, *_OPENINGS)
_IGNORED: Final = frozenset(
    {
        "citationEvent",
        "codeEvent",
        "codeReferenceEvent",
        "dryRunSucceedEvent",
        "followupPromptEvent",
        "intentsEvent",
        "interactionComponentsEvent",
        "toolResultEvent",
    }
)
"""Events with nothing for the client in them, but perhaps token counts."""

_COUNTS: Final = b"Tokens"
"""In the names of all token counts."""

_TELLING: Final = (
    ("content", _TEXT),
    ("toolUses", _TEXT),
    ("toolUseId", _TOOL),
    ("contextUsagePercentage", _USAGE),
    ("tokenUsage", _METADATA),
    ("text", _REASONING),
    ("signature", _REASONING),
    ("redactedContent", _REASONING),
    ("stopReason", _METADATA),
    ("stop_reason", _METADATA),
    ("usage", _METERING),
    ("followupPrompt", "followupPromptEvent"),
    ("conversationId", "initial-response"),
)
"""Key → the event it belongs to, for frames without an event name; the first that is there decides."""

_LIMIT_EXCEPTION: Final = "ContentLengthExceededException"
_LIMIT_REASON: Final = "CONTENT_LENGTH_EXCEEDS_THRESHOLD"

_PLAIN: Final[Mapping[Any, msgspec.json.Decoder[TextPart | ReasoningPart | ToolPart | ContextUsage]]] = {
    _TEXT: msgspec.json.Decoder(TextPart),
    _REASONING: msgspec.json.Decoder(ReasoningPart),
    _TOOL: msgspec.json.Decoder(ToolPart),
    _USAGE: msgspec.json.Decoder(ContextUsage),
}


def read(frame: Frame) -> list[Part]:
    """The parts of a frame, in order; none for an event that is ignored. Never raises."""
    headers = frame.headers
    event = headers.get(":event-type")
    plain = _PLAIN.get(event)
    if plain is not None and headers.get(":message-type", "event") == "event":
        try:
            return [plain.decode(frame.payload)]
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            pass  # not the plain shape
    match headers.get(":message-type", "event"):
        case "event":
            return _event(event if isinstance(event, str) else "", frame.payload)
        case "exception":
            return [_exception(str(headers.get(":exception-type", "")), frame.payload)]
        case "error":
            message = str(headers.get(":error-message", ""))
            return [_exception(str(headers.get(":error-code", "")), frame.payload or message.encode())]
        case _:
            return [_broken("Kiro sent a message of an unknown kind.")]


def _exception(name: str, payload: bytes) -> Fault:
    error = faults.exception_fault(name, payload)
    bare = name.rpartition("#")[2].partition(":")[0]
    return Fault(error, limit=bare == _LIMIT_EXCEPTION or error.reason == _LIMIT_REASON)


def _broken(message: str) -> Fault:
    return Fault(UpstreamError(Kind.UPSTREAM, message, should_retry=False))


def _event(name: str, payload: bytes) -> list[Part]:
    if name in _IGNORED and _COUNTS not in payload:
        return []
    try:
        body = _decode(payload) if payload else {}
    except jsontext.JsonError:
        return _unreadable(name, "that is not JSON")
    if not isinstance(body, dict):
        return _unreadable(name, "that is no object")
    if name in _IGNORED:
        return token_counts(body)
    error = _error_type(body)
    if error is not None:
        return [_exception(error, payload)]
    name, body = _unwrapped(name, body)
    name = name or next((event for key, event in _TELLING if key in body), "")
    if name in _IGNORED:
        return token_counts(body)
    if name in _OPENINGS:
        return [Opening()]
    if name == _INVALID:
        return [_exception(_INVALID, payload)]
    if name not in _READ:
        return [Unknown(name), *token_counts(body)]
    return [*_content(name, body), *figures(body, metering=name == _METERING), *_stop(name, body)]


def _unreadable(name: str, fault: str) -> list[Part]:
    if name in _READ:
        return [_broken(f"Kiro sent a {name} {fault}.")]
    return [] if name in _IGNORED else [Unknown(name)]


def _decode(payload: bytes) -> Any:
    r"""Parse a payload, keeping halves of surrogate pairs.

    Kiro cuts text anywhere, so an emoji's two ``\u`` escapes may come in two frames. jsontext would replace each half
    by U+FFFD; the standard library keeps it, and the turn joins it with the next one.
    """
    if b"\\ud" in payload or b"\\uD" in payload:
        try:
            return json.loads(payload)
        except (ValueError, RecursionError) as error:
            raise jsontext.JsonError("invalid JSON") from error
    return jsontext.decode(payload)


def _error_type(body: Mapping[str, Any]) -> str | None:
    """The name of the error that an ordinary payload turns out to be (``_type`` and its spellings), or None."""
    output = body.get("Output")  # Coral's answer to a wrong target
    for holder in (body, output if isinstance(output, dict) else {}):
        for key in ("_type", "__type"):
            if isinstance(holder.get(key), str):
                return str(holder[key])
    if body.get("type") in ("error", "exception"):
        inner = body.get("error")
        return str(inner["type"]) if isinstance(inner, dict) and isinstance(inner.get("type"), str) else "error"
    return None


def _unwrapped(name: str, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The payload without a wrapper named as its event; what stands beside the wrapper counts where it says nothing."""
    for wrapper in (name,) if name else (*_READ, *_IGNORED):
        inner = body.get(wrapper)
        if isinstance(inner, dict):
            beside = {key: value for key, value in body.items() if key != wrapper}
            return wrapper, beside | {key: value for key, value in inner.items() if value not in (None, "")}
    return name, body


def _content(name: str, body: Mapping[str, Any]) -> list[Part]:
    match name:
        case "assistantResponseEvent":
            text = [TextPart(body["content"])] if isinstance(body.get("content"), str) else []
            uses = body.get("toolUses")
            calls = [use for use in uses if isinstance(use, dict)] if isinstance(uses, list) else []
            return [*text, *(_tool(use, whole=True) for use in calls)]
        case "toolUseEvent":
            return [_tool(body, whole=False)]
        case "reasoningContentEvent":
            return [ReasoningPart(_text(body, "text"), _text(body, "signature"), _text(body, "redactedContent"))]
    return []


def _tool(body: Mapping[str, Any], *, whole: bool) -> ToolPart:
    given = body.get("input")
    if not isinstance(given, str | dict | None):
        given = jsontext.encode(given).decode()  # arguments that are no object: the call shows that, and is not made
    return ToolPart(
        _text(body, "toolUseId"),
        _text(body, "name"),
        given,
        stop=whole or body.get("stop") is True,
    )


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    return value if isinstance(value, str) else ""


def _stop(name: str, body: Mapping[str, Any]) -> list[Part]:
    reason = _text(body, "stopReason") or _text(body, "stop_reason")
    return [StopPart(reason)] if reason or name in _STOPS else []
