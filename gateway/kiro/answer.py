"""One answer of Kiro: bytes in, events out. Frames, parts and the turn, tied together."""

from collections.abc import Callable, Mapping

from gateway.errors import GatewayError, Kind, UpstreamError
from gateway.events import Event
from gateway.kiro.eventstream import FrameDecoder, HeaderBlocks
from gateway.kiro.parts import Opening, Unknown
from gateway.kiro.reasoning import ReasoningMode
from gateway.kiro.response import read
from gateway.kiro.turn import AnswerPlan, Turn

__all__ = ["Answer", "AnswerPlan", "ReasoningMode"]


class Answer:
    """Decodes one response body, chunk by chunk, cut anywhere.

    begun: a frame of the answer itself came, so that Kiro works on it; those that only open the stream do not count.
    frames: whole frames so far; the sign of life that an idle time-out goes by.
    """

    __slots__ = ("_decoder", "_turn", "_unknown", "begun", "frames")

    def __init__(self, plan: AnswerPlan, count: Callable[[str], int], blocks: HeaderBlocks | None = None) -> None:
        """``count``: tokens of a text, for when Kiro does not tell the output's. ``blocks``: see FrameDecoder."""
        self._decoder = FrameDecoder(blocks)
        self._turn = Turn(plan, count)
        self._unknown: dict[str, int] = {}
        self.begun = False
        self.frames = 0

    @property
    def ended(self) -> bool:
        """Whether a Stop or a Failure was given. Nothing comes after it."""
        return self._turn.ended

    @property
    def unknown(self) -> Mapping[str, int]:
        """Event types this gateway does not know, and how often each came."""
        return self._unknown

    @property
    def context_percent(self) -> float | None:
        """How full the context is after the turn (12.5 is an eighth), if Kiro told."""
        return self._turn.figures.percent

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete; on a broken stream the good ones first, then a Failure."""
        turn = self._turn
        if turn.ended:
            return []
        frames = self._decoder.feed(data)
        self.frames += len(frames)
        for frame in frames:
            parts = read(frame)
            if not self.begun:
                self.begun = not any(isinstance(part, Opening) for part in parts)
            for part in parts:
                if isinstance(part, Unknown):
                    self._unknown[part.name] = self._unknown.get(part.name, 0) + 1
                else:
                    turn.add(part)
        if self._decoder.fault is not None:
            turn.fail(_damaged(self._decoder.fault))
        return turn.take()

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
