"""Every message Kiro is known to send, as a builder: right headers, and JSON keys in the order of the wire.

The order matters: clients that scan the bytes for ``{"content":`` or ``{"input":`` exist.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway import jsontext
from gateway.simulator import frames
from gateway.simulator.frames import HeaderValue

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Message:
    """Headers and payload of one frame, not yet bytes."""

    headers: Mapping[str, HeaderValue]
    payload: bytes

    def encode(self) -> bytes:
        """The frame, with right sums."""
        return frames.encode(self.headers, self.payload)


def event(kind: str, payload: Any) -> Message:
    """Any event: the name stands in the header only, the payload is the bare member object."""
    return Message({":event-type": kind, ":content-type": JSON, ":message-type": "event"}, jsontext.encode(payload))


def exception(kind: str, message: str, reason: str | None = None, *, with_reason: bool = False) -> Message:
    """An exception frame; ``reason`` is left out when unknown, unless ``with_reason`` asks for the null."""
    payload: dict[str, Any] = {"message": message}
    if reason is not None or with_reason:
        payload["reason"] = reason
    headers = {":exception-type": kind, ":content-type": JSON, ":message-type": "exception"}
    return Message(headers, jsontext.encode(payload))


def error(code: str, message: str) -> Message:
    """An ``error`` frame: all of it in the headers, no payload."""
    return Message({":message-type": "error", ":error-code": code, ":error-message": message}, b"")


def untyped(payload: Any) -> Message:
    """An event without ``:event-type``, as the JSON errors that come inside a 200."""
    return Message({":message-type": "event"}, jsontext.encode(payload))


def initial_response(conversation_id: str = "") -> Message:
    """The first frame of the RPC style; the id is often empty."""
    return event("initial-response", {"conversationId": conversation_id})


def message_metadata(conversation_id: str, utterance_id: str) -> Message:
    """Second frame on the RPC style; history's ``messageId`` is the utterance id."""
    return event("messageMetadataEvent", {"conversationId": conversation_id, "utteranceId": utterance_id})


def text(content: str, model_id: str | None = None) -> Message:
    """A delta of the answer; the CLI's captures carry the model on each."""
    return event("assistantResponseEvent", {"content": content} | ({"modelId": model_id} if model_id else {}))


def reasoning(content: str) -> Message:
    """A delta of native reasoning."""
    return event("reasoningContentEvent", {"text": content})


def signature(value: str) -> Message:
    """The signature that closes native reasoning."""
    return event("reasoningContentEvent", {"signature": value})


def redacted(content: str) -> Message:
    """Reasoning the service keeps to itself; base64."""
    return event("reasoningContentEvent", {"redactedContent": content})


def tool_part(name: str, tool_use_id: str, *, arguments: Any = None, stop: bool = False) -> Message:
    """One toolUseEvent, keys in alphabetical order; ``arguments`` are a fragment, or an object as sometimes seen."""
    payload: dict[str, Any] = {} if arguments is None else {"input": arguments}
    payload["name"] = name
    if stop:
        payload["stop"] = True
    return event("toolUseEvent", payload | {"toolUseId": tool_use_id})


def tool_use(name: str, tool_use_id: str, fragments: Sequence[str]) -> Iterator[Message]:
    """A call as the service sends it: a start without input, fragments, a stop without input."""
    yield tool_part(name, tool_use_id)
    for fragment in fragments:
        yield tool_part(name, tool_use_id, arguments=fragment)
    yield tool_part(name, tool_use_id, stop=True)


def context_usage(percentage: float, breakdown: Mapping[str, float] | None = None) -> Message:
    """The part of the model's window in use after the turn, in percent (0.226 means 0.226 %)."""
    extra = {"breakdown": dict(breakdown)} if breakdown else {}
    return event("contextUsageEvent", {"contextUsagePercentage": percentage} | extra)


def metering(credits: float) -> Message:
    """What the turn cost."""
    return event("meteringEvent", {"unit": "credit", "unitPlural": "credits", "usage": credits})


def metadata(
    *,
    stop_reason: str | None = None,
    uncached: int,
    output: int,
    cache_read: int | None = None,
    cache_write: int | None = None,
) -> Message:
    """Token counts of newer models, with the stop reason (``END_TURN``, ``TOOL_USE``, ``MAX_TOKENS``) when given."""
    usage = {"uncachedInputTokens": uncached, "outputTokens": output}
    usage["totalTokens"] = uncached + output + (cache_read or 0) + (cache_write or 0)
    usage |= {} if cache_read is None else {"cacheReadInputTokens": cache_read}
    usage |= {} if cache_write is None else {"cacheWriteInputTokens": cache_write}
    return event("metadataEvent", ({"stopReason": stop_reason} if stop_reason else {}) | {"tokenUsage": usage})


def followup(content: str, intent: str | None = None) -> Message:
    """A suggested next prompt."""
    inner = {"content": content} | ({"userIntent": intent} if intent else {})
    return event("followupPromptEvent", {"followupPrompt": inner})


def code_reference(licence: str, repository: str, url: str, span: tuple[int, int]) -> Message:
    """The licence of recited code; ``span`` are character offsets in the answer."""
    reference = {"licenseName": licence, "repository": repository, "url": url}
    return event(
        "codeReferenceEvent",
        {"references": [reference | {"recommendationContentSpan": {"start": span[0], "end": span[1]}}]},
    )


def web_links(*links: tuple[str, str, str], tokens: tuple[int, int] | None = None) -> Message:
    """Links as (url, title, snippet); ``tokens`` adds the input and output counts that one client looks for here."""
    entries = [{"url": url, "title": title, "snippet": snippet} for url, title, snippet in links]
    counts = {"inputTokens": tokens[0], "outputTokens": tokens[1]} if tokens else {}
    return event("supplementaryWebLinksEvent", {"supplementaryWebLinks": entries} | counts)


def citation(target: int | tuple[int, int], link: str, label: str | None = None) -> Message:
    """A citation at an offset or over a range of the answer."""
    place = {"location": target} if isinstance(target, int) else {"range": {"start": target[0], "end": target[1]}}
    return event(
        "citationEvent", {"target": place} | ({"citationText": label} if label else {}) | {"citationLink": link}
    )


def invalid_state(reason: str, message: str) -> Message:
    """The service's own state is broken; official clients raise an error."""
    return event("invalidStateEvent", {"reason": reason, "message": message})


def code(content: str) -> Message:
    """Code of the code-generation operation."""
    return event("codeEvent", {"content": content})


def intents(intent: str, name: str, value: str) -> Message:
    """An intent of the console's assistant."""
    return event("intentsEvent", {"intents": {intent: {name: {"string": value}}}})


def interaction(component_id: str, component: Mapping[str, Any]) -> Message:
    """A user-interface component of the console's assistant."""
    entry = {"interactionComponentId": component_id, "interactionComponent": dict(component)}
    return event("interactionComponentsEvent", {"interactionComponentEntries": [entry]})


def dry_run() -> Message:
    """The whole answer to ``dryRun: true``."""
    return event("dryRunSucceedEvent", {})


def tool_result(tool_use_id: str, content: str, status: str = "success") -> Message:
    """The result of a tool that ran on the server."""
    inner = {"toolUseId": tool_use_id, "content": [{"text": content}], "status": status}
    return event("toolResultEvent", {"toolResult": inner})
