"""The one handler: what a request leaves behind when it is answered."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.simulator.server import Simulator
from gateway.web.record import Record
from tests.faults.kiro import said
from tests.live import gateway


@contextmanager
def uncollected() -> Iterator[list[Record]]:
    """In the list, afterwards: what is left of the requests within when nothing is collected."""
    left: list[Record] = []
    gc.collect()
    gc.disable()
    others = {id(record) for record in records()}
    try:
        yield left
        left += [record for record in records() if id(record) not in others]
    finally:
        gc.enable()


def records() -> list[Record]:
    return [found for found in gc.get_objects() if type(found) is Record]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("path", ["/v1/messages", "/cc/v1/messages", "/v1/chat/completions"])
async def test_an_answered_request_is_gone_without_the_garbage_collector(
    simulator: Simulator, tmp_path: Path, path: str, *, stream: bool
) -> None:
    async with gateway(simulator, tmp_path) as live:
        with uncollected() as left:
            for _ in range(3):
                async with live.post(path, stream=stream) as answer:
                    await answer.read()
    assert len(left) <= 1  # an open connection keeps its latest request


async def test_so_is_one_whose_client_left(simulator: Simulator, tmp_path: Path) -> None:
    simulator.push({"frames": [said("Hel")], "stall": True, "times": 3})
    async with gateway(simulator, tmp_path) as live:
        with uncollected() as left:
            for number in range(3):
                async with live.post("/v1/messages", stream=True) as answer:
                    await answer.content.readany()
                    answer.close()
                await simulator.until("client_left", number + 1)
    assert len(left) <= 1
