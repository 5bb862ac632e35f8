"""Five hundred requests that all fail at once, with the default settings but for one: all of them are sent at once
(pool.max_concurrent_per_account = 0). One more storm has the default limit.

How often a send is repeated on one route (a fifth of the requests at most; another route is no repeat), and how soon
the account serves again once Kiro does.
"""

import asyncio
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Final

from gateway.settings.accounts import Pool
from gateway.simulator.options import Options
from gateway.simulator.server import start
from tests.faults.forms import FORMS
from tests.faults.kiro import gateway_to, routes_sent
from tests.live import UNQUEUED, Live

REQUESTS: Final = 500
MOST: Final = 1.2
MOST_SENDS: Final = 6
USUAL_PEAK: Final = Pool().max_concurrent_per_account
SERVED_WITHIN: Final = 3.0
"""Seconds: an account that a storm has made unusable is probed every second."""

FAULTS: Final[dict[str, dict[str, Any]]] = {
    "429": {"status": 429, "body": {"message": "Slow down.", "reason": None}},
    "500": {"status": 500, "body": {"__type": "InternalServerException", "message": "Broken."}},
    "503": {"status": 503, "body": {"__type": "ServiceUnavailableException", "message": "Busy."}},
    "throttled in a frame": {"frames": [{"exception": "ThrottlingException", "message": "x"}]},
    "reset": {"status": 0, "how": "rst"},
    "HTML 502": {"status": 502, "body": "<html>Bad Gateway</html>"},
}


@dataclass(frozen=True, slots=True)
class Storm:
    """What one storm caused. repeats: sends on a route that the same request had been sent on before.

    most: sends of one request. served_after: seconds until a request is answered once Kiro is fine again.
    peak: the most requests that Kiro had at the same time.
    """

    sends: int
    repeats: int
    most: int
    served_after: float
    peak: int


def run(requests: int = REQUESTS) -> dict[str, Any]:
    """One storm for each fault."""
    storms = {name: asyncio.run(_storm(fault, requests, **UNQUEUED)) for name, fault in FAULTS.items()}
    queued = asyncio.run(_storm(FAULTS["429"], requests))
    for name, storm in (*storms.items(), ("429, queued by default", queued)):
        print(
            f"  {requests} requests at once, each answered by {name}: {storm.sends} sends, {storm.repeats} repeats on a"
            f" route, at most {storm.most} sends for one request,"
            f" {storm.peak} at once; served {storm.served_after:.1f} s after Kiro is"
        )
    repeats = 1 + max(storm.repeats for storm in storms.values()) / requests
    served = max(storm.served_after for storm in storms.values())
    most = max(storm.most for storm in storms.values())
    return {
        "ok": repeats <= MOST and served <= SERVED_WITHIN and most <= MOST_SENDS and queued.peak <= USUAL_PEAK,
        "requests": requests,
        "faults": len(storms),
        "sends_a_route": round(repeats, 3),
        "most_sends": most,
        "served_after": round(served, 1),
        "most_at_once_by_default": queued.peak,
    }


async def _storm(fault: dict[str, Any], requests: int, **settings: Any) -> Storm:
    simulator = await start(Options(kept=MOST_SENDS * requests))
    with tempfile.TemporaryDirectory(prefix="prove-") as folder:
        async with gateway_to(simulator.url, Path(folder), upstream__base_retry_delay=1.0, **settings) as live:
            # Without a limit all are on their way before the first fails; with one they come four by four anyway.
            simulator.push({**fault, "always": True, "delay": 1.0 if settings else 0.1})
            outcomes = await asyncio.gather(*(FORMS[number % 4].ask(live) for number in range(requests)))
            assert all(outcome.error is not None for outcome in outcomes)
            sends = routes_sent(simulator)
            simulator.state.script.reset()
            peak = simulator.state.record.peak["generate"]
            served_after = await _served_after(live)
    await simulator.stop()
    of_a_request = Counter(request for request, _ in sends.elements())
    count = sum(sends.values())
    return Storm(count, count - len(sends), max(of_a_request.values()), served_after, peak)


async def _served_after(live: Live) -> float:
    """Seconds until the first good answer, asked for again and again as a client would."""
    began = monotonic()
    for _ in range(600):
        if (await FORMS[0].ask(live)).error is None:
            break
        await asyncio.sleep(0.1)
    return monotonic() - began
