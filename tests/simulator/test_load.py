import pytest

from gateway.simulator import load
from gateway.simulator.load import Load
from gateway.simulator.server import Simulator
from tests.simulator.client import ask, body


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("go [[bulk deltas=500 size=12]]", Load(500, 12, None)),
        ("[[bulk]]", Load(100, 12, None)),
        ("[[paced deltas=100 rate=50]]", Load(100, 12, 50)),
        ("[[paced rate=0 size=0]]", Load(100, 1, 1)),
        ("[[bulk deltas=9999999999]]", Load(1_000_000, 12, None)),
        ("bulk deltas=500", None),
        ("[[bulk deltas=x]]", None),
    ],
)
def test_the_marker_says_how_much_and_how_fast(text: str, wanted: Load | None) -> None:
    assert load.asked(text) == wanted


def test_deltas_are_known_beforehand() -> None:
    assert [load.delta(7, 12), load.delta(41, 5), len(load.delta(1, 500))] == ["0000007 abcd", "00000", 500]


@pytest.mark.parametrize("kind", ["bulk", "paced"])
async def test_every_delta_arrives_and_the_turn_completes(simulator: Simulator, kind: str) -> None:
    for _ in range(2):
        answer = await ask(simulator, body(f"[[{kind} deltas=500 size=12 rate=100000]]"))
        assert answer.text() == "".join(load.delta(number, 12) for number in range(500))
        assert answer.kinds()[:2] == ["initial-response", "messageMetadataEvent"]
        assert answer.kinds()[-2:] == ["contextUsageEvent", "meteringEvent"]


async def test_bulk_and_paced_answers_are_sent_a_frame_a_write(simulator: Simulator) -> None:
    await ask(simulator, body("[[bulk deltas=500]]"))
    await ask(simulator, body("[[paced deltas=500 rate=100000]]"))
    bulk, paced = simulator.requests()
    assert (bulk.pieces, paced.pieces) == (503, 503)


async def test_the_prepared_answers_do_not_pile_up(simulator: Simulator) -> None:
    for size in range(40):
        assert (await ask(simulator, body(f"[[bulk deltas=2 size={size + 1}]]"))).status == 200
