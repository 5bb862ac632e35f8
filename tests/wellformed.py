"""The grammar of a turn's events (see gateway/events.py), as a check that raises."""

from collections.abc import Iterable

from gateway.conversation import RedactedThinking, Text, Thinking, ToolCall
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
from gateway.search.values import SearchCall, SearchResult

_ALLOWED = {
    TextDelta: Text,
    ThinkingDelta: Thinking,
    SignatureDelta: Thinking,
    ArgumentsDelta: ToolCall,
}


def check(events: Iterable[Event], *, ended: bool = True) -> None:
    """Raise AssertionError where the events break the grammar; ``ended`` False allows a turn that still goes on."""
    opened: BlockStart | None = None
    searched: SearchCall | None = None
    next_index = 0
    usage = over = False
    for event in events:
        assert not over, f"{event} after the end"
        match event:
            case BlockStart(index, block):
                assert opened is None and not usage, f"{event} while another block is open or after usage"
                assert index == next_index, f"{event}: expected index {next_index}"
                assert isinstance(block, Text | Thinking | RedactedThinking | ToolCall | SearchCall | SearchResult)
                found = block.call if isinstance(block, SearchResult) else None
                assert found == searched, f"{event} after {searched}"
                searched = block if isinstance(block, SearchCall) else None
                opened, next_index = event, next_index + 1
            case BlockEnd(index):
                assert opened is not None and opened.index == index, f"{event} without its block"
                opened = None
            case Usage():
                assert opened is None and not usage, f"{event} twice or inside a block"
                usage = True
            case Stop():
                assert opened is None, "the turn stopped with an open block"
                over = True
            case Failure():
                over = True
            case TextDelta(index) | ThinkingDelta(index) | SignatureDelta(index) | ArgumentsDelta(index):
                assert opened is not None and opened.index == index, f"{event} outside its block"
                assert isinstance(opened.block, _ALLOWED[type(event)]), f"{event} in a {opened.block}"
    assert over or not ended, "the turn has no end"
