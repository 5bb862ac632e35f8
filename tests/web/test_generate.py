"""The one handler: what a request leaves behind when it is answered."""

import gc
from pathlib import Path

import pytest

from gateway.simulator.server import Simulator
from gateway.web.record import Record
from tests.live import gateway


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("path", ["/v1/messages", "/cc/v1/messages", "/v1/chat/completions"])
async def test_an_answered_request_is_gone_without_the_garbage_collector(
    simulator: Simulator, tmp_path: Path, path: str, *, stream: bool
) -> None:
    gc.collect()
    gc.disable()
    try:
        async with gateway(simulator, tmp_path) as live:
            for _ in range(3):
                async with live.post(path, stream=stream) as answer:
                    await answer.read()
            left = [found for found in gc.get_objects() if isinstance(found, Record)]
    finally:
        gc.enable()
    assert len(left) <= 1  # an open connection keeps its latest request
