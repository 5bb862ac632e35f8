"""Thinking between tags, from Kiro's frames to what the clients of each API put together: nothing is lost or added."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.dialects import DIALECTS
from gateway.dialects.dialect import Dialect
from gateway.events import Event
from gateway.kiro.answer import Answer, ReasoningMode
from gateway.reply import Reply
from tests.corpus import plan
from tests.corpus.frames import event
from tests.dialects import received
from tests.dialects.sse_reader import read
from tests.dialects.turns import OPENING

FIELD, REMOVE, PASS, STRIP = ReasoningMode.FIELD, ReasoningMode.REMOVE, ReasoningMode.PASS, ReasoningMode.STRIP
METERING = event("meteringEvent", {"unit": "credit", "usage": 0.1})
CALL = event("toolUseEvent", {"name": "f", "toolUseId": "t1", "input": "{}", "stop": True})
QUOTED = "`</thinking>` "

THOUGHTS = st.lists(st.sampled_from([QUOTED, '"</thinking>"', "a", "é😀", " ", "\n", "`", "</thin", "```\nx\n```\n"]))
BEHIND = st.lists(st.sampled_from(["answer", "\n", " ", "</thinking>", "<thinking>", "`", '"', "\n\n"]))
LENGTHS = st.lists(st.integers(1, 12), min_size=1)


def decoded(mode: ReasoningMode, deltas: list[str], *, call: bool = False, whole: bool = True) -> list[Event]:
    decoder = Answer(plan(tags=True, reasoning=mode.value), len)
    found = [told for delta in deltas for told in decoder.feed(event("assistantResponseEvent", {"content": delta}))]
    if call:
        found += decoder.feed(CALL)
    return found + (decoder.feed(METERING) if whole else []) + decoder.finish(delimited=whole)


def cut(text: str, lengths: list[int]) -> list[str]:
    """The text in pieces of these lengths, over and over."""
    found, at = [], 0
    while at < len(text):
        length = lengths[len(found) % len(lengths)]
        found.append(text[at : at + length])
        at += length
    return found


def as_clients_see(dialect: Dialect, turn: list[Event]) -> tuple[str, str]:
    """(thinking, text) of the streamed answer."""
    encoder = dialect.encoder({"stream_options": {"include_usage": True}}, OPENING)
    written = encoder.start() + b"".join(encoder.encode(told) for told in turn)
    found = getattr(received, dialect.name)(read(written))
    return found.thinking, found.text


def rendered(dialect: Dialect, turn: list[Event]) -> tuple[str, str]:
    """(thinking, text) of the whole answer."""
    reply = Reply()
    for told in turn:
        reply.add(told)
    body = dialect.render(reply, {}, OPENING)
    match dialect.name:
        case "openai_chat":
            message = body["choices"][0]["message"]
            return message.get("reasoning_content") or "", message["content"] or ""
        case "anthropic":
            blocks = body["content"]
            return (
                "".join(block.get("thinking", "") for block in blocks),
                "".join(block.get("text", "") for block in blocks),
            )
    items = body["output"]
    summaries = [part["text"] for item in items if item["type"] == "reasoning" for part in item["summary"]]
    texts = [part["text"] for item in items if item["type"] == "message" for part in item["content"]]
    return "".join(summaries), "".join(texts)


def without_one_end_tag(source: str) -> set[str]:
    """The source without its opening tag, and without each of its end tags in turn."""
    opened, closing = source.removeprefix("<thinking>"), "</thinking>"
    places = [at for at in range(len(opened)) if opened.startswith(closing, at)]
    return {opened[:at] + opened[at + len(closing) :] for at in places}


@settings(deadline=None, max_examples=150)
@given(THOUGHTS, BEHIND, LENGTHS, st.booleans())
def test_thinking_and_text_are_the_source_without_the_deciding_tags(
    thoughts: list[str], behind: list[str], lengths: list[int], call: bool
) -> None:
    source = "<thinking>" + "".join(thoughts) + "</thinking>" + "".join(behind)
    for dialect in DIALECTS:
        thinking, text = as_clients_see(dialect, decoded(FIELD, [source], call=call))
        joined = thinking + text
        for mode, expected in (
            (FIELD, (thinking, text)),
            (REMOVE, ("", text)),
            (STRIP, ("", joined)),
            (PASS, ("", source)),
        ):
            turn = decoded(mode, cut(source, lengths), call=call)
            assert as_clients_see(dialect, turn) == rendered(dialect, turn) == expected, (dialect.name, mode)
        assert joined in without_one_end_tag(source)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("behind", ["answer", "\nanswer", " answer", "\n\nanswer"])
def test_the_answer_may_follow_the_end_tag_directly(dialect: Dialect, behind: str) -> None:
    for mode in (FIELD, REMOVE):
        turn = decoded(mode, ["<thinking>a</thinking>" + behind])
        assert as_clients_see(dialect, turn)[1] == rendered(dialect, turn)[1] == "answer"


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_what_is_held_back_is_sent_before_a_tool_call_and_before_a_failure(dialect: Dialect) -> None:
    held = ["<thinking>a ", QUOTED, "b"]
    assert as_clients_see(dialect, decoded(FIELD, held, call=True)) == ("a `", "` b")
    thinking, text = as_clients_see(dialect, decoded(FIELD, held, whole=False))
    assert thinking + text == "a `` b"
