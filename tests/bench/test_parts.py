"""The parts of the benchmark that could be wrong without anybody seeing it."""

import json
import os
import time
import zlib
from pathlib import Path

import pytest

from gateway.simulator.load import delta
from tests.bench import bodies, measure, report
from tests.bench.answers import Wrong, expected, text_of_frames, text_of_sse


def frame(payload: object) -> bytes:
    body = json.dumps(payload).encode()
    prelude = (16 + len(body)).to_bytes(4, "big") + bytes(4)
    message = prelude + zlib.crc32(prelude).to_bytes(4, "big") + body
    return message + zlib.crc32(message).to_bytes(4, "big")


def sse(*events: object) -> bytes:
    return b"".join(b"event: x\ndata: " + json.dumps(event).encode() + b"\n\n" for event in events)


FRAMES = frame({"content": "ab"}) + frame({"content": "ab"}) + frame({"contextUsagePercentage": 1.5})
DELTA = {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "ab"}}
START, LAST, STOP = {"type": "message_start"}, {"type": "message_delta"}, {"type": "message_stop"}


@pytest.mark.parametrize(("deltas", "size"), [(1, 12), (500, 12), (3, 5), (2, 100)])
def test_the_expected_text_is_what_the_simulator_sends(deltas: int, size: int) -> None:
    assert expected(deltas, size) == "".join(delta(number, size) for number in range(deltas))


def test_the_text_of_frames_is_read() -> None:
    assert text_of_frames(FRAMES) == "abab"


@pytest.mark.parametrize("raw", [FRAMES[:-1], FRAMES[:20], FRAMES[:-6] + b"x" + FRAMES[-5:], frame({"content": "ab"})])
def test_cut_broken_and_unfinished_frames_are_wrong(raw: bytes) -> None:
    with pytest.raises(Wrong):
        text_of_frames(raw)


def test_the_text_of_a_stream_is_read() -> None:
    assert text_of_sse(sse(START, DELTA, {"type": "ping"}, DELTA, LAST, STOP)) == "abab"


@pytest.mark.parametrize("events", [(START, DELTA), (DELTA, LAST, STOP), (START, {"type": "error"}, LAST, STOP), ()])
def test_a_stream_that_is_no_whole_answer_is_wrong(events: tuple[object, ...]) -> None:
    with pytest.raises(Wrong):
        text_of_sse(sse(*events))


def test_the_agents_request_is_as_large_as_it_says() -> None:
    raw = bodies.agent(bodies.bulk(1))
    body = json.loads(raw)
    assert abs(len(raw) - bodies.AGENT_BYTES) < 5_000
    assert (len(body["tools"]), len(body["messages"])) == (25, 120)
    assert "[[bulk deltas=1 size=12]]" in body["messages"][-1]["content"][-1]["text"]


def test_the_cpu_clock_of_a_process_is_its_own() -> None:
    before = time.process_time()
    measured = measure.cpu_seconds(os.getpid())
    assert before <= measured <= time.process_time()


def test_the_memory_of_a_process_is_in_bytes() -> None:
    assert measure.resident_bytes(os.getpid()) > 5_000_000


def test_what_has_ended_cannot_be_measured() -> None:
    gone = os.spawnlp(os.P_NOWAIT, "true", "true")
    os.waitpid(gone, 0)
    for read in (measure.cpu_seconds, measure.resident_bytes):
        with pytest.raises(OSError):
            read(gone)


@pytest.mark.parametrize(
    ("figure", "met"),
    [
        (report.ratio_figure("x", "ms", 1.0, 2.0, 2.0), True),
        (report.ratio_figure("x", "ms", 1.0, 2.1, 2.0), False),
        (report.difference_figure("x", "ms", 1.0, 1.5, 0.6), True),
        (report.difference_figure("x", "ms", 1.0, 1.7, 0.6), False),
        (report.absolute_figure("x", "MB", 1.0, 50.0, 50.0), True),
        (report.absolute_figure("x", "MB", 0.0, 50.1, 50.0), False),
    ],
)
def test_a_line_says_whether_the_goal_is_met(figure: report.Figure, met: bool) -> None:
    assert figure.met is met
    assert figure.line().endswith("met" if met else "MISSED")


def test_the_pass_through_stays_one_short_file() -> None:
    source = Path(bodies.__file__).with_name("passthrough.py")
    assert len(source.read_text(encoding="utf-8").splitlines()) <= 60
