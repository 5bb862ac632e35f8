from typing import Any

import pytest

from gateway.simulator.script import Answer, Script, read
from gateway.simulator.sending import Piece


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("text", "an answer is an object"),
        ({"frame": []}, "unknown members: frame"),
        ({"times": "two"}, "Expected `int`"),
        ({"how": "politely"}, "Invalid enum value"),
        ({"on": "nothing"}, "Invalid enum value"),
        ({"chunk_sizes": [0]}, "chunk sizes are at least 1"),
        ({"frames": [{}]}, "a frame needs one of"),
        ({"frames": [{"event": "x", "corrupt": "badly"}]}, "cannot spoil"),
        ({"frames": [{"headers": {"a": None}}]}, "no header can be made of NoneType"),
        ({"hex": "zz"}, "non-hexadecimal"),
        ({"granted": True}, "granted is for answers of one document"),
    ],
)
def test_a_script_that_makes_no_sense_says_why(entry: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read(entry)


def test_answers_are_taken_in_order_for_their_operation() -> None:
    script = Script()
    script.push(Answer(times=2, status=429), Answer(status=500), Answer(on="refresh", status=401))
    assert script.pending() == 4
    statuses = [taken.status if (taken := script.take("generate")) else None for _ in range(4)]
    assert statuses == [429, 429, 500, None]
    refresh = script.take("refresh")
    assert refresh is not None
    assert (refresh.status, script.pending()) == (401, 0)


def test_a_reset_forgets_what_was_pushed() -> None:
    script = Script()
    script.push(Answer(always=True))
    script.reset()
    assert script.take("generate") is None


def test_pieces_carry_the_pace_and_the_gates_of_their_frames() -> None:
    frame = {"hex": "00"}
    answer = read(
        {"frames": [frame, frame | {"delay": 2}, frame | {"gate": "own"}], "frame_delay": 1, "gate": "all", "hex": "ff"}
    )
    assert list(answer.plan().pieces) == [
        Piece(b"\x00", 1.0),
        Piece(b"\x00", 2.0, "all"),
        Piece(b"\x00", 1.0, "own"),
        Piece(b"\xff", 0.0, "all"),
    ]


@pytest.mark.parametrize(
    ("entry", "streams"),
    [({}, True), ({"body": {}}, False), ({"status": 500}, False), ({"status": 500, "frames": [{"hex": "00"}]}, True)],
)
def test_an_answer_streams_unless_it_has_a_body_or_is_a_bare_error(entry: dict[str, Any], *, streams: bool) -> None:
    assert read(entry).streams is streams
