"""Five hundred requests that all fail at once: how many sends they cause. A fifth more than the requests at most."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any, Final

from gateway.simulator.server import start
from tests.faults.forms import FORMS
from tests.faults.kiro import gateway_to

REQUESTS: Final = 500
MOST: Final = 1.2
FAULTS: Final[dict[str, dict[str, Any]]] = {
    "429": {"status": 429, "body": {"message": "Slow down.", "reason": None}},
    "500": {"status": 500, "body": {"__type": "InternalServerException", "message": "Broken."}},
    "503": {"status": 503, "body": {"__type": "ServiceUnavailableException", "message": "Busy."}},
    "throttled in a frame": {"frames": [{"exception": "ThrottlingException", "message": "x"}]},
    "reset": {"status": 0, "how": "rst"},
    "HTML 502": {"status": 502, "body": "<html>Bad Gateway</html>"},
}


def run(requests: int = REQUESTS) -> dict[str, Any]:
    """One storm for each fault."""
    sends = {name: asyncio.run(_storm(fault, requests)) for name, fault in FAULTS.items()}
    for name, count in sends.items():
        print(
            f"  {requests} requests at once, each answered by {name}: {count} sends, {count / requests:.2f} a request"
        )
    worst = max(sends.values()) / requests
    return {"ok": worst <= MOST, "requests": requests, "faults": len(sends), "sends_a_request": round(worst, 3)}


async def _storm(fault: dict[str, Any], requests: int) -> int:
    simulator = await start()
    with tempfile.TemporaryDirectory(prefix="prove-") as folder:
        async with gateway_to(simulator.url, Path(folder)) as live:
            simulator.push({**fault, "always": True, "delay": 1.0})  # all are on their way before the first fails
            outcomes = await asyncio.gather(*(FORMS[number % 4].ask(live) for number in range(requests)))
    await simulator.stop()
    assert all(outcome.error is not None for outcome in outcomes)
    return simulator.state.record.counts["generate"]
