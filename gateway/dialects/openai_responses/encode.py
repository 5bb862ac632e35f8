"""Events of a turn as the event stream of the Responses API.

Order: response.created, response.in_progress, per item output_item.added, its parts and deltas with their ``done``,
output_item.done, then response.completed (or .incomplete) with the whole response. After response.failed nothing comes:
Codex and the SDKs do not understand the API's ``error`` event.
"""

from collections.abc import Mapping
from typing import Any

from gateway import jsontext
from gateway.conversation import RedactedThinking, Text, Thinking, ToolCall
from gateway.dialects import sse
from gateway.dialects.dialect import Opening
from gateway.dialects.openai_responses import error, render
from gateway.dialects.openai_responses.freeform import VERBATIM, Unwrapper, Verbatim
from gateway.dialects.openai_responses.tools import Toolbox
from gateway.events import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    Event,
    Failure,
    SignatureDelta,
    Stop,
    TextDelta,
    ThinkingDelta,
    Usage,
)
from gateway.jsontext import quote
from gateway.reply import Reply
from gateway.search.values import SearchCall, SearchResult


class ResponsesEncoder:
    """One stream. The turn is folded on the way, since every item is told whole at its end, and all of them once more.

    ``_head`` is the front of the open item's deltas, made once an item. ``_due``: its part is still to be announced.
    ``_index`` counts items, of which a search is one with its result.
    """

    __slots__ = ("_body", "_due", "_head", "_index", "_input", "_opening", "_reply", "_sequence", "_told", "_toolbox")

    def __init__(self, body: Mapping[str, Any], opening: Opening) -> None:
        self._body = body
        self._opening = opening
        self._toolbox = Toolbox(body)
        self._reply = Reply()
        self._sequence = -1
        self._index = -1
        self._head = ""
        self._input: Unwrapper | Verbatim = VERBATIM
        self._told = 0  # characters of a freeform input that went out
        self._due = False

    def start(self) -> bytes:
        """response.created and response.in_progress."""
        begun = self._response({})
        return self._event("response.created", response=begun) + self._event("response.in_progress", response=begun)

    def encode(self, event: Event) -> bytes:
        """One event; the most frequent ones stand first."""
        self._reply.add(event)
        match event:
            case TextDelta():
                return self._delta(event.text)
            case ArgumentsDelta():
                return self._arguments(event.json)
            case ThinkingDelta():
                return self._thought(event)
            case BlockStart():
                return self._opened(event)
            case BlockEnd():
                return self._closed()
            case SignatureDelta() | Usage():
                return b""  # both are in the fold
            case Stop():
                return self._stop()
            case Failure():
                return self._failure(event)

    def ping(self) -> bytes:
        """A comment: every client skips it."""
        return sse.COMMENT_PING

    def _delta(self, piece: str) -> bytes:
        self._sequence += 1
        return f'{self._head}{quote(piece)},"sequence_number":{self._sequence}}}\n\n'.encode()

    def _arguments(self, json: str) -> bytes:
        piece = self._input.feed(json)
        self._told += len(piece)
        return self._delta(piece) if piece else b""

    def _thought(self, event: ThinkingDelta) -> bytes:
        """The first piece opens the summary's only part: thinking that has but a signature has none."""
        if not self._due:
            return self._delta(event.text)
        self._due = False
        return self._summary("part.added", self._index, part=render.summary_part("")) + self._delta(event.text)

    def _opened(self, event: BlockStart) -> bytes:
        if isinstance(event.block, SearchResult):
            return b""
        self._index += 1
        index, opening = self._index, self._opening
        match event.block:
            case Text():
                id_ = render.item_id("msg", index, opening)
                added = self._added(index, render.message(id_, "in_progress", []))
                self._front("output_text.delta", index, id_, content_index=0, logprobs=[])
                return added + self._part("added", index, id_, "")
            case Thinking() | RedactedThinking():
                self._due = True
                id_ = render.item_id("rs", index, opening)
                self._front("reasoning_summary_text.delta", index, id_, summary_index=0)
                return self._added(index, render.reasoning(id_, event.block))
            case ToolCall():
                return self._call(index, event.block)
            case SearchCall():
                return self._search(index, event.block)

    def _call(self, index: int, call: ToolCall) -> bytes:
        own = self._toolbox.owner(call.name)
        self._told = 0
        if own.freeform:
            self._input = Unwrapper()
            item = render.freeform_call(index, call, own, "", self._opening)
            self._front("custom_tool_call_input.delta", index, item["id"])
        else:
            self._input = VERBATIM
            item = render.function_call(index, call, own, "in_progress", self._opening)
            self._front("function_call_arguments.delta", index, item["id"])
        return self._added(index, item)

    def _search(self, index: int, call: SearchCall) -> bytes:
        item = render.search_call(index, call, "in_progress", self._opening)
        place = {"item_id": item["id"], "output_index": index}
        added = self._added(index, item)
        begun = [self._event(f"response.web_search_call.{state}", **place) for state in ("in_progress", "searching")]
        return b"".join([added, *begun])

    def _closed(self) -> bytes:
        """The item whole; its text or arguments have an event of their own before it."""
        index, block = self._index, self._reply.blocks[-1]
        item = render.item(index, block, self._toolbox, self._opening)
        if item is None:
            return b""
        ends = b""
        match block:
            case Text(text):
                place = {"item_id": item["id"], "output_index": index, "content_index": 0}
                ends = self._event("response.output_text.done", **place, text=text, logprobs=[])
                ends += self._part("done", index, item["id"], text)
            case Thinking(text) if text:
                ends = self._summary("text.done", index, text=text)
                ends += self._summary("part.done", index, part=render.summary_part(text))
            case ToolCall():
                ends = self._call_end(index, item)
            case SearchResult(error=None):
                ends = self._event("response.web_search_call.completed", item_id=item["id"], output_index=index)
        return ends + self._event("response.output_item.done", output_index=index, item=item)

    def _call_end(self, index: int, item: dict[str, Any]) -> bytes:
        place = {"item_id": item["id"], "output_index": index}
        if item["type"] == "function_call":
            return self._event("response.function_call_arguments.done", **place, arguments=item["arguments"])
        rest = item["input"][self._told :]
        last = self._delta(rest) if rest else b""
        return last + self._event("response.custom_tool_call_input.done", **place, input=item["input"])

    def _stop(self) -> bytes:
        response = render.render(self._reply, self._body, self._toolbox, self._opening)
        return self._event(f"response.{response['status']}", response=response)

    def _failure(self, event: Failure) -> bytes:
        """A stream that fails before its first frame still has to begin: the SDKs take no other event first."""
        begun = self.start() if self._sequence < 0 else b""
        output = render.output(self._reply, self._toolbox, self._opening)
        state = {"status": "failed", "error": error.failure(event.error), "output": output}
        return begun + self._event("response.failed", response=self._response(state))

    def _response(self, state: dict[str, Any]) -> dict[str, Any]:
        return render.response(self._body, self._opening, state)

    def _added(self, index: int, item: dict[str, Any]) -> bytes:
        return self._event("response.output_item.added", output_index=index, item=item)

    def _part(self, what: str, index: int, id_: str, text: str) -> bytes:
        place = {"item_id": id_, "output_index": index, "content_index": 0}
        return self._event(f"response.content_part.{what}", **place, part=render.text_part(text))

    def _summary(self, what: str, index: int, **fields: Any) -> bytes:
        place = {"item_id": render.item_id("rs", index, self._opening), "output_index": index, "summary_index": 0}
        return self._event(f"response.reasoning_summary_{what}", **place, **fields)

    def _front(self, name: str, index: int, id_: str, **fields: Any) -> None:
        """Everything of a delta event up to its text."""
        place = {"type": f"response.{name}", "item_id": id_, "output_index": index, **fields}
        self._head = f'event: response.{name}\ndata: {jsontext.encode(place).decode()[:-1]},"delta":'

    def _event(self, name: str, **fields: Any) -> bytes:
        self._sequence += 1
        return sse.named(name, jsontext.encode({"type": name, "sequence_number": self._sequence, **fields}))
