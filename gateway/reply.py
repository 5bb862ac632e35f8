"""A whole answer: the fold of a turn's events, used by every dialect that was not asked to stream."""

from gateway.conversation import RedactedThinking, Text, Thinking, ToolCall
from gateway.errors import GatewayError
from gateway.events import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    Event,
    Failure,
    SignatureDelta,
    Stop,
    StopReason,
    TextDelta,
    ThinkingDelta,
    Usage,
)
from gateway.search.values import SearchCall, SearchResult

ReplyBlock = Text | Thinking | RedactedThinking | ToolCall | SearchCall | SearchResult


class Reply:
    """Blocks, usage and stop of one turn.

    ``error`` is the failure, if the turn broke: such a reply must not be rendered.
    ``usage`` is all zero until the turn's Usage came.
    """

    __slots__ = ("_opened", "_pieces", "_signature", "blocks", "error", "stop", "usage")

    def __init__(self) -> None:
        self.blocks: list[ReplyBlock] = []
        self.usage = Usage(0, 0)
        self.stop = Stop(StopReason.END_TURN)
        self.error: GatewayError | None = None
        self._opened: ReplyBlock | None = None
        self._pieces: list[str] = []
        self._signature: str | None = None

    def add(self, event: Event) -> None:
        """Take the next event of the turn."""
        match event:
            case TextDelta() | ThinkingDelta():
                self._pieces.append(event.text)
            case ArgumentsDelta():
                self._pieces.append(event.json)
            case SignatureDelta(_, signature):
                self._signature = signature
            case BlockStart(_, block):
                self._opened = block
            case BlockEnd():
                self._close()
            case Usage():
                self.usage = event
            case Stop():
                self.stop = event
            case Failure(error):
                self.error = error

    def _close(self) -> None:
        whole = "".join(self._pieces)
        match self._opened:
            case Text():
                self.blocks.append(Text(whole))
            case Thinking():
                self.blocks.append(Thinking(whole, self._signature))
            case RedactedThinking() | SearchCall() | SearchResult() as told:
                self.blocks.append(told)
            case ToolCall(id, name, _):
                self.blocks.append(ToolCall(id, name, whole))
        self._opened, self._signature = None, None
        self._pieces.clear()
