"""Bytes in, events out."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import GatewayError, Kind, UpstreamError
from gateway.events import Failure, Stop, TextDelta
from gateway.kiro.answer import Answer
from tests.corpus import STREAMS, answer, plan
from tests.corpus.frames import event
from tests.wellformed import check

HELLO = event("assistantResponseEvent", {"content": "Hello"})
METERED = event("meteringEvent", {"usage": 0.1, "unit": "credit"})


def fresh() -> Answer:
    return Answer(plan(), len)


@pytest.mark.parametrize(
    ("body", "begun"),
    [
        (b"", False),
        (HELLO[:-1], False),
        (event("initial-response", {"conversationId": ""}), False),
        (event("messageMetadataEvent", {"conversationId": "c"}), False),
        (HELLO, True),
        (METERED, True),
        (event("followupPromptEvent", {}), True),
        (event("newEvent", {}), True),
        (event("initial-response", {"conversationId": ""}) + HELLO, True),
    ],
)
def test_an_answer_has_begun_with_its_first_own_frame(body: bytes, begun: bool) -> None:
    decoder = fresh()
    decoder.feed(body)
    assert decoder.begun is begun


def test_a_damaged_stream_gives_its_good_frames_and_then_a_failure_that_is_not_sent_again() -> None:
    decoder = fresh()
    found = decoder.feed(HELLO + b"\0" * 12)
    check(found)
    assert [one.text for one in found if isinstance(one, TextDelta)] == ["Hello"]
    failure = found[-1]
    assert isinstance(failure, Failure)
    assert isinstance(failure.error, UpstreamError)
    assert (failure.error.kind, failure.error.retry, failure.error.should_retry) == (Kind.UPSTREAM, False, False)
    assert decoder.ended
    assert decoder.feed(HELLO) == decoder.finish() == []


@pytest.mark.parametrize(
    "body", [b'{"message":"Improperly formed request."}', b"<html><body>502</body></html>", b"\0" * 16]
)
def test_a_body_that_is_no_event_stream_is_a_failure(body: bytes) -> None:
    decoder = fresh()
    found = decoder.feed(body) + decoder.finish()
    assert [type(one) for one in found] == [Failure]


def test_a_broken_transport_hands_on_its_error() -> None:
    decoder = fresh()
    error = GatewayError(Kind.TIMEOUT, "late")
    assert decoder.feed(HELLO + METERED)
    assert decoder.fail(error) == [Failure(error)]
    assert decoder.ended


def test_the_facts_for_the_log_are_kept() -> None:
    stream = STREAMS["full order"]
    decoder = answer(stream)
    assert decoder.context_percent is None
    decoder.feed(stream.body)
    assert decoder.context_percent == 0.226
    assert isinstance(decoder.finish()[-1], Stop)


pieces = st.text(max_size=12) | st.sampled_from(["", "ha", "\n\n", "😀", "<thinking>", "\ud83d", "\ude00"])


@settings(deadline=None, max_examples=200)
@given(st.lists(pieces, max_size=12), st.randoms(use_true_random=False))
def test_text_arrives_as_it_was_sent(texts: list[str], dice: random.Random) -> None:
    body = b"".join(event("assistantResponseEvent", {"content": text}) for text in texts) + METERED
    decoder = fresh()
    found = []
    while body:
        size = dice.randint(1, 400)
        found += decoder.feed(body[:size])
        body = body[size:]
    found += decoder.finish()
    check(found)
    sent = "".join(texts).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert "".join(one.text for one in found if isinstance(one, TextDelta)) == sent


def test_only_whole_frames_are_a_sign_of_life() -> None:
    decoder = fresh()
    decoder.feed(HELLO[:-1])
    assert decoder.frames == 0
    decoder.feed(HELLO[-1:] + METERED)
    assert decoder.frames == 2
