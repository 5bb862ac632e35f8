"""One answer of Kiro: bytes in, events out. Frames, parts and the turn, tied together."""

from collections.abc import Callable, Collection, Mapping, Sequence

from gateway.errors import GatewayError, Kind, UpstreamError
from gateway.events import Event
from gateway.kiro.eventstream import FrameDecoder, HeaderBlocks
from gateway.kiro.parts import Opening, Part, TextPart, Unknown
from gateway.kiro.reasoning import ReasoningMode
from gateway.kiro.response import read
from gateway.kiro.signed_reasoning import Reasoning
from gateway.kiro.turn import AnswerPlan, Turn

__all__ = ["Answer", "AnswerPlan", "ReasoningMode"]


class Answer:
    """Decodes one response body, chunk by chunk, cut anywhere.

    begun: a frame of the answer itself came, so that Kiro works on it; those that only open the stream do not count.
    frames: whole frames so far; the sign of life that an idle time-out goes by.
    model: the one Kiro says it is, from its first text on; for ``auto`` the one that was chosen.
    """

    __slots__ = ("_decoder", "_opening", "_turn", "_unknown", "begun", "frames", "model")

    def __init__(self, plan: AnswerPlan, count: Callable[[str], int], blocks: HeaderBlocks | None = None) -> None:
        """``count``: tokens of a text, for when Kiro does not tell the output's. ``blocks``: see FrameDecoder."""
        self._decoder = FrameDecoder(blocks)
        self._turn = Turn(plan, count)
        self._unknown: dict[str, int] = {}
        self._opening = True  # not begun, or no text yet
        self.begun = False
        self.frames = 0
        self.model: str | None = None

    @property
    def ended(self) -> bool:
        """Whether a Stop or a Failure was given. Nothing comes after it."""
        return self._turn.ended

    @property
    def pending(self) -> int:
        """Bytes held of a frame whose end has not come."""
        return self._decoder.pending

    @property
    def unknown(self) -> Mapping[str, int]:
        """Event types this gateway does not know, and how often each came."""
        return self._unknown

    @property
    def context_percent(self) -> float | None:
        """How full the context is after the turn (12.5 is an eighth), if Kiro told."""
        return self._turn.figures.percent

    @property
    def credits(self) -> float | None:
        """What this answer cost as far as Kiro has said it by now, however it ends."""
        return self._turn.figures.credits

    @property
    def input_tokens(self) -> int | None:
        """The whole input of an answer that has ended well, cached or not, where Kiro's figures give it."""
        return self._turn.figures.input_tokens

    @property
    def cut_calls(self) -> Sequence[str]:
        """Ids of the tool calls whose arguments did not come whole."""
        return self._turn.cut_calls

    @property
    def calls(self) -> Collection[str]:
        """Ids of the tool calls."""
        return self._turn.calls

    @property
    def reasoning(self) -> Reasoning | None:
        """What must stand before the calls when they come back, if Kiro signed it."""
        return self._turn.reasoned.sealed

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete; on a broken stream the good ones first, then a Failure."""
        turn = self._turn
        if turn.ended:
            return []
        frames = self._decoder.feed(data)
        self.frames += len(frames)
        for frame in frames:
            parts = read(frame)
            if self._opening:
                self._open(parts)
            for part in parts:
                if type(part) is Unknown:
                    self._unknown[part.name] = self._unknown.get(part.name, 0) + 1
                else:
                    turn.add(part)
        if self._decoder.fault is not None:
            turn.fail(_damaged(self._decoder.fault))
        return turn.take()

    def _open(self, parts: Sequence[Part]) -> None:
        """Look at the first frames, up to one with text: has the answer begun, and who gives it?"""
        self.begun = self.begun or not [part for part in parts if type(part) is Opening]
        for part in parts:
            if type(part) is TextPart:
                self._opening = False
                self.model = self.model or part.model

    def drop(self) -> None:
        """Nobody reads on: free what is held. The answer itself may be kept longer, for what it noticed."""
        self._decoder.drop()

    def finish(self, *, delimited: bool = True) -> list[Event]:
        """The body ended. ``delimited``: its length or last chunk said so, not just the connection's end."""
        self._turn.finish(delimited=delimited, pending=self._decoder.pending)
        return self._turn.take()

    def fail(self, error: GatewayError) -> list[Event]:
        """The way to Kiro broke, or time ran out."""
        self._turn.fail(error)
        return self._turn.take()


def _damaged(fault: str) -> UpstreamError:
    return UpstreamError(Kind.UPSTREAM, f"Kiro's answer was damaged on its way: {fault}.", should_retry=False)
