"""Hand-made turns that every dialect must write, and a strategy for random ones."""

from hypothesis import strategies as st

from gateway.conversation import RedactedThinking, Text, Thinking, ToolCall
from gateway.dialects.dialect import Opening
from gateway.errors import Kind, UpstreamError
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
from gateway.search.values import Hit, SearchCall, SearchError, SearchResult

OPENING = Opening("A1b2C3d4E5f6G7h8I9j0K1l2", "claude-sonnet-4-5", 1_763_700_000, 42)


def text(index: int, *pieces: str) -> list[Event]:
    return [BlockStart(index, Text("")), *(TextDelta(index, piece) for piece in pieces), BlockEnd(index)]


def thinking(index: int, *pieces: str, signature: str | None = None) -> list[Event]:
    signed = [] if signature is None else [SignatureDelta(index, signature)]
    return [
        BlockStart(index, Thinking("")),
        *(ThinkingDelta(index, piece) for piece in pieces),
        *signed,
        BlockEnd(index),
    ]


def redacted(index: int, data: str) -> list[Event]:
    return [BlockStart(index, RedactedThinking(data)), BlockEnd(index)]


def call(index: int, name: str, *pieces: str) -> list[Event]:
    start = BlockStart(index, ToolCall(f"tooluse_{name}", name, ""))
    return [start, *(ArgumentsDelta(index, piece) for piece in pieces), BlockEnd(index)]


def search(index: int, query: str, *hits: Hit, error: SearchError | None = None) -> list[Event]:
    made = SearchCall(f"tooluse_{query}", query)
    result = SearchResult(made, hits, error)
    return [BlockStart(index, made), BlockEnd(index), BlockStart(index + 1, result), BlockEnd(index + 1)]


USAGE = Usage(24_000, 1_000)
OVERLOADED = UpstreamError(Kind.OVERLOADED, "Kiro is overloaded. Try again in a moment.")

TURNS: dict[str, list[Event]] = {
    "text": [*text(0, "Hel", "lo"), USAGE, Stop(StopReason.END_TURN)],
    "difficult_text": [
        *text(0, '\r\n\r\nevent: message_stop\ndata: {"a":1}', "\u2028\u2029\x00", "😀日本", '"\\'),
        USAGE,
        Stop(StopReason.END_TURN),
    ],
    "native_thinking": [
        *thinking(0, "Let me ", "see.", signature="EqRkiro+/=="),
        *text(1, "42"),
        Usage(10, 20, cache_read=300, cache_write=5),
        Stop(StopReason.END_TURN),
    ],
    "unsigned_thinking": [*thinking(0, "Hm."), *text(1, "Yes"), USAGE, Stop(StopReason.END_TURN)],
    "redacted_thinking": [*redacted(0, "c2VjcmV0"), *text(1, "Done"), USAGE, Stop(StopReason.END_TURN)],
    "two_calls": [
        *text(0, "I look."),
        *call(1, "read_file", '{"path"', ':"a.py"}'),
        *call(2, "list_dir", "{}"),
        Usage(1, 2, credits=0.25),
        Stop(StopReason.TOOL_USE),
    ],
    "web_search": [
        *text(0, "I search."),
        *search(1, "kiro", Hit("https://a.org/", "A", "says 日本", "March 1, 2026"), Hit("https://b.org/", "B", "")),
        *search(3, 'ki"ro', error="unavailable"),
        *text(5, "Found."),
        *call(6, "read_file", "{}"),
        Usage(1, 2, searches=2),
        Stop(StopReason.TOOL_USE),
    ],
    "cut_call": [*call(0, "write", '{"text":"abc'), USAGE, Stop(StopReason.MAX_TOKENS)],
    "stop_sequence": [*text(0, "one two"), USAGE, Stop(StopReason.STOP_SEQUENCE, "END")],
    "context_full": [*text(0, "a"), USAGE, Stop(StopReason.CONTEXT_FULL)],
    "refusal": [*text(0, "no"), USAGE, Stop(StopReason.REFUSAL)],
    "empty": [USAGE, Stop(StopReason.END_TURN)],
    "failure_in_text": [BlockStart(0, Text("")), TextDelta(0, "Hel"), Failure(OVERLOADED)],
}


@st.composite
def turns(draw: st.DrawFn) -> list[Event]:
    """Any well-formed turn with a Stop; texts hold anything, lone surrogates too."""
    pieces = st.lists(st.text(st.characters(), max_size=8), max_size=4)
    events: list[Event] = []
    for index in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["text", "thinking", "call"]))
        make = {
            "text": lambda i, p: text(i, *p),
            "thinking": lambda i, p: thinking(i, *p),
            "call": lambda i, p: call(i, f"tool{i}", *p),
        }[kind]
        events += make(index, draw(pieces))
    usage = Usage(*draw(st.tuples(*[st.integers(0, 10**6)] * 4)))
    return [*events, usage, Stop(draw(st.sampled_from(StopReason)))]
