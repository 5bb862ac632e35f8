"""Parts of Kiro's answer → the events of one turn: tags, reasoning modes, tool calls, and how the turn ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.conversation import ToolCall
from gateway.errors import GatewayError, Kind, UpstreamError
from gateway.events import Event, Failure, Stop, StopReason
from gateway.kiro.blocks import Blocks
from gateway.kiro.call_reader import CallReader, DeclaredTools
from gateway.kiro.halves import Halves
from gateway.kiro.parts import (
    ContextUsage,
    Fault,
    Metering,
    Part,
    ReasoningPart,
    StopPart,
    TextPart,
    TokenUsage,
    ToolPart,
)
from gateway.kiro.reasoning import Narrator, ReasoningMode
from gateway.kiro.signed_reasoning import Reasoned
from gateway.kiro.tool_calls import Call, Queue, Waiting
from gateway.kiro.usage import Figures, Tally

__all__ = ["AnswerPlan", "ReasoningMode", "Turn"]

_REASONS: Final[Mapping[str, StopReason]] = {
    "end_turn": StopReason.END_TURN,
    "stop": StopReason.END_TURN,
    "tool_use": StopReason.TOOL_USE,
    "tool_calls": StopReason.TOOL_USE,
    "max_tokens": StopReason.MAX_TOKENS,
    "length": StopReason.MAX_TOKENS,
    "stop_sequence": StopReason.STOP_SEQUENCE,
    "model_context_window_exceeded": StopReason.CONTEXT_FULL,
    "content_filtered": StopReason.REFUSAL,
    "guardrail_intervened": StopReason.REFUSAL,
    "refusal": StopReason.REFUSAL,
}
"""Kiro's words, in lower case; any other word leaves the reason to what the turn held."""

_FULL: Final = 100.0


@dataclass(frozen=True, slots=True)
class AnswerPlan:
    """What the decoder must know of the request.

    tags: we asked for thinking tags, so they are parsed.
    window: the model's context in tokens, for Kiro's percentage.
    needs_signal: False for models known to end without metering, contextUsage or stop reason.
    after_tool_results: the request ended with tool results, so an empty answer is a valid one.
    original_names: the tool name sent to Kiro → the client's own, where they differ.
    input_estimate: tokens of the input, used when Kiro does not tell.
    declared: the tools whose calls are also read out of the text; None: text is text.
    """

    tags: bool
    reasoning: ReasoningMode
    window: int
    needs_signal: bool
    after_tool_results: bool
    original_names: Mapping[str, str]
    input_estimate: int
    declared: DeclaredTools | None = None


class Turn:
    """One turn's state: the open call, what waits for its end, and what Kiro told of the end.

    ended: a Stop or a Failure was given; what comes after is ignored.
    figures: what Kiro told of tokens, percent and credits. cut_calls: ids of calls whose arguments did not come whole.
    calls: ids of all calls begun. reasoned: the native reasoning, whatever the client gets of it.
    """

    __slots__ = (
        "_blocks",
        "_call",
        "_flowed",
        "_halves",
        "_narrator",
        "_plan",
        "_queue",
        "_reason",
        "_signal",
        "_tally",
        "calls",
        "cut_calls",
        "ended",
        "figures",
        "reasoned",
    )

    def __init__(self, plan: AnswerPlan, count: Callable[[str], int]) -> None:
        self._plan = plan
        self._tally = Tally(count)
        self._blocks = Blocks() if plan.declared is None else CallReader(plan.declared)
        self._narrator = Narrator(self._blocks, plan.reasoning, tags=plan.tags)
        self._halves = Halves()
        self._call: Call | None = None
        self.calls: set[str] = set()
        self.reasoned = Reasoned()
        self._queue = Queue()
        self._reason: StopReason | None = None
        self._flowed = self._signal = False
        self.cut_calls: tuple[str, ...] = ()
        self.figures = Figures()
        self.ended = False

    def take(self) -> list[Event]:
        """The events since the last time."""
        return self._blocks.take()

    def add(self, part: Part) -> None:
        """Take the next part."""
        if self.ended:
            return
        if part.__class__ is TextPart and self._call is None:  # nearly every part of nearly every answer
            self._text(part.text)
            return
        match part:
            case TextPart() | ReasoningPart() | ToolPart():
                self._content(part)
                while self._queue and self._call is None and not self.ended:
                    self._replay()
            case ContextUsage(percent):
                self.figures.percent, self._signal = percent, True
            case Metering():
                self.figures.meter(part)
                self._signal = True
            case TokenUsage():
                self.figures.add(part)
            case StopPart(reason):
                self._signal = True
                self._reason = _REASONS.get(reason.lower(), self._reason)
            case Fault(error, limit):
                self._fault(error, limit=limit)

    def finish(self, *, delimited: bool, pending: int) -> None:
        """The body ended properly; ``delimited`` False when only the connection's end says so.

        ``pending``: bytes of an unfinished frame.
        """
        if self.ended:
            return
        silent = not self._signal and (self._plan.needs_signal or not delimited or self._call is not None)
        if silent and not self._flowed and not pending:
            self.fail(_lost("Kiro sent an empty answer."))
        elif silent or pending:
            self.fail(_lost("Kiro's answer was cut off before its end."))
        else:
            self._close()

    def fail(self, error: GatewayError) -> None:
        """The turn broke. What was held back goes out first: it was said."""
        if not self.ended:
            self._release()
            self._blocks.release()
            self._end(Failure(error))

    def _content(self, part: Waiting) -> None:
        if isinstance(part, ToolPart):
            self._tool(part)
        elif self._call is not None:
            self._queue.put(part)
        elif isinstance(part, TextPart):
            self._text(part.text)
        else:
            self._reasoning(part)

    def _replay(self) -> None:
        for part in self._queue.take():
            self._content(part)

    def _text(self, text: str) -> None:
        if self._halves.held or not text.isascii():
            text = self._halves.join(text)
        if text:
            self._flowed = True
            self._tally.add(text)
            self._narrator.text(text)

    def _reasoning(self, part: ReasoningPart) -> None:
        self._flowed = self._flowed or bool(part.text or part.signature or part.redacted)
        if part.text:
            self._tally.add(part.text)
        self.reasoned.add(part)
        self._narrator.reasoning(part)

    def _tool(self, part: ToolPart) -> None:
        call = self._call
        if call is None:
            call = self._begin(part)
        elif part.id != call.id:
            if part.id not in self.calls:  # a call that ended stays ended: Kiro repeats itself
                self._queue.put(part)
            return
        if call is not None:
            self._arguments(call.feed(part.input))
            if part.stop:
                self._finish_call(call, stopped=True)

    def _begin(self, part: ToolPart) -> Call | None:
        if not part.name or part.id in self.calls:
            return None
        if not part.id:
            self.fail(_lost("Kiro sent a tool call without an id."))
            return None
        self._release()
        self._flowed = True
        self.calls.add(part.id)
        name = self._plan.original_names.get(part.name, part.name)
        self._blocks.call(ToolCall(part.id, name, ""))
        self._call = Call(part.id)
        return self._call

    def _arguments(self, json: str) -> None:
        if json:
            self._tally.add(json)
            self._blocks.arguments(json)

    def _finish_call(self, call: Call, *, stopped: bool) -> None:
        self._arguments(call.finish(stopped=stopped))
        if not call.complete:
            self.cut_calls += (call.id,)
        self._blocks.close()
        self._call = None

    def _release(self) -> None:
        """Send what waited for its other half, or for the rest of a tag: it will not come."""
        rest = self._halves.rest()
        if rest:
            self._narrator.text(rest)
        self._narrator.finish()

    def _fault(self, error: UpstreamError, *, limit: bool) -> None:
        if limit and self._flowed:
            self._reason = StopReason.MAX_TOKENS
            self._close()
            return
        if self._flowed or self._signal:  # the prompt was worked on: nobody may send it again unasked
            never = dict.fromkeys(("retry", "elsewhere", "expired", "profile", "should_retry"), False)
            error = error.replaced(**never, worked_on=True)
        self.fail(error)

    def _close(self) -> None:
        """End a complete turn: close what is open, then tell usage and reason."""
        while not self.ended and (self._call is not None or self._queue):
            if self._call is not None:
                self._finish_call(self._call, stopped=False)
            else:
                self._replay()
        if self.ended:
            return
        self._release()
        self._blocks.close()
        if not self._flowed and not self._plan.after_tool_results:
            self.fail(_lost("Kiro ended the turn without saying anything."))
            return
        plan = self._plan
        self._blocks.events.append(self.figures.usage(self._tally, window=plan.window, estimate=plan.input_estimate))
        self._end(Stop(self._stop_reason()))

    def _stop_reason(self) -> StopReason:
        if self.cut_calls:
            return StopReason.MAX_TOKENS
        if self._blocks.lifted and self._reason in (None, StopReason.END_TURN):
            return StopReason.TOOL_USE
        if self._reason is not None:
            return self._reason
        if (self.figures.percent or 0) >= _FULL:
            return StopReason.CONTEXT_FULL
        return StopReason.TOOL_USE if self.calls else StopReason.END_TURN

    def _end(self, end: Stop | Failure) -> None:
        self._blocks.events.append(end)
        self.ended = True


def _lost(message: str) -> UpstreamError:
    """An answer that is no good; the prompt was worked on, so it must not be sent again unasked."""
    return UpstreamError(Kind.UPSTREAM, message, should_retry=False)
