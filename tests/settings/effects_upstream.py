"""What the settings of the way to Kiro, of the login and of the accounts do."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from gateway import jsontext
from gateway.accounts.state import NAME
from gateway.settings import Secret
from gateway.simulator.options import ACCESS_TOKEN, PROFILE_ARN, Options
from gateway.simulator.server import start
from tests.accounts.sources.test_kiro_cli import SOCIAL, made, rows
from tests.live import Live, gateway
from tests.settings.relays import Door, Proxy, listening
from tests.settings.stage import Effect, Pair, Seen, look, on_stage, race, tls

TEXT = {"event": "assistantResponseEvent", "payload": {"content": "Hello"}}
END = {"event": "contextUsageEvent", "payload": {"contextUsagePercentage": 1.5}}
LATE = {"frames": [{**TEXT, "gate": "go"}, END]}
STUCK = {"stall": "headers", "times": 9}
BROKEN = {"status": 500, "body": {"message": "Try again"}, "headers": {"x-amzn-errortype": "InternalServerException"}}
BUSY = {"status": 429, "body": {"message": "Too many requests"}}
BROKEN = {"status": 500, "body": {"__type": "InternalServerException", "message": "Broken."}}
OTHER_ARN = "arn:aws:codewhisperer:us-east-1:123456789012:profile/ANOTHER"
ROW = "kirocli:social:token"


def sends(live: Live) -> int:
    return len(live.simulator.requests("generate"))


async def path_asked(live: Live) -> str:
    await live.ask()
    return live.simulator.requests("generate")[-1].path


async def status(live: Live, **changes: Any) -> int:
    return (await live.ask(**changes))[0]


async def status_patiently(usual: Live, changed: Live, **changes: Any) -> tuple[int, int]:
    """Kiro says nothing until the changed one has given up; then it answers the usual one."""
    for live in (usual, changed):
        live.simulator.push({**LATE, "times": 9})
    patient = asyncio.ensure_future(status(usual, **changes))
    gave_up = await status(changed, **changes)
    usual.simulator.open("go")
    return await patient, gave_up


async def status_of_a_long_request(usual: Live, changed: Live) -> tuple[int, int]:
    answered, gave_up = await status_patiently(changed, usual, system="word " * 40_000)
    return gave_up, answered


async def silence(usual: Live, changed: Live) -> tuple[bool, bool]:
    """Whether an answer that stands still fails; the usual one goes on when the changed one has."""
    for live in (usual, changed):
        live.simulator.push({"frames": [TEXT, {**END, "gate": "go"}]})
    patient = asyncio.ensure_future(usual.stream())
    failed = "error" in await changed.stream()
    usual.simulator.open("go")
    return "error" in await patient, failed


async def sends_when_stuck(live: Live) -> int:
    live.simulator.push(STUCK)
    await live.ask()
    return sends(live)


async def sends_when_kiro_fails(live: Live) -> int:
    live.simulator.push({**BROKEN, "times": 9})
    await live.ask()
    return sends(live)


async def second_tries(usual: Live, changed: Live) -> tuple[int, int]:
    """How often each has sent by the time the usual one has its answer."""
    for live in (usual, changed):
        live.simulator.push(BROKEN)
    waiting = asyncio.ensure_future(changed.ask())
    await changed.simulator.until("generate")
    await usual.ask()
    return sends(usual), await _dropped(waiting, changed)


async def _dropped(waiting: "asyncio.Future[Any]", live: Live) -> int:
    """The client leaves; what was sent for it by then."""
    sent = sends(live)
    waiting.cancel()
    await asyncio.wait({waiting})
    return sent


async def second_requests(usual: Live, changed: Live) -> tuple[int, int]:
    """How often each has sent by the time the usual one has answered twice."""
    await changed.ask()
    waiting = asyncio.ensure_future(changed.ask())
    for _ in range(2):
        await usual.ask()
    return sends(usual), await _dropped(waiting, changed)


async def after_a_429(usual: Live, changed: Live) -> tuple[int, int]:
    for live in (usual, changed):
        live.simulator.push(BUSY)
    return await second_requests(usual, changed)


async def status_in_the_queue(usual: Live, changed: Live) -> tuple[int, int]:
    """What a request gets that waits for a place; the usual one goes on when the changed one was refused."""
    first = []
    for live in (usual, changed):
        live.simulator.push({**LATE, "times": 2})
        first.append(asyncio.ensure_future(live.ask()))
        await live.simulator.until("generate")
    patient = asyncio.ensure_future(status(usual))
    gave_up = await status(changed)
    for live in (usual, changed):
        live.simulator.open("go", 2)
    await asyncio.gather(*first)
    return await patient, gave_up


async def overlap(usual: Live, changed: Live) -> tuple[bool, bool]:
    """Whether a second request is sent while the first one is being answered."""
    asked = []
    for live in (changed, usual):
        live.simulator.push({**LATE, "times": 2})
        asked += [asyncio.ensure_future(live.ask()) for _ in range(2)]
    await usual.simulator.until("generate", 2)
    for live in (usual, changed):
        live.simulator.open("go", 2)
    await asyncio.gather(*asked)
    pairs = [live.simulator.requests("generate") for live in (usual, changed)]
    return tuple(second.began < (first.ended or 0) for first, second in pairs)  # type: ignore[return-value]


async def tried_after_three_faults(live: Live) -> bool:
    live.simulator.push({**BUSY, "times": 99})
    for _ in range(3):
        await live.ask()
    before = sends(live)
    await live.ask()
    return sends(live) > before


async def cooldown_after_a_failed_probe(live: Live) -> int:
    """Seconds (to the nearest ten) for an account that failed three times in a row, and again when it was probed."""
    live.simulator.push({**BROKEN, "always": True})
    for _ in range(3):
        await live.ask()
    before = sends(live)
    while sends(live) == before:  # refused until the first second is over
        await live.ask()
    [account] = await live.accounts()
    return round(int(account["reason"].split()[-2]), -1)


async def state_kept(usual: Live, changed: Live) -> tuple[bool, bool]:
    """Whether something is on the disk as soon as the changed one has written."""
    for live in (usual, changed):
        live.simulator.push({**BUSY, "times": 99})
        await live.ask()
    while not (changed.state / NAME).exists():
        await changed.get("/health")
    return (usual.state / NAME).exists(), True


async def token_shown(live: Live) -> Any:
    """The refresh token that Kiro's token server was shown."""
    await live.ask()
    return live.simulator.requests("refresh")[-1].json()["refreshToken"]


async def bearer(live: Live) -> str:
    await live.ask()
    return live.simulator.requests("generate")[-1].headers["authorization"]


async def profile(live: Live) -> Any:
    await live.ask()
    return live.sent()["profileArn"]


async def refreshes(usual: Live, changed: Live) -> tuple[int, int]:
    """How often each has renewed its token once the changed one has, ahead of time."""
    for live in (usual, changed):
        await live.ask()
    await changed.simulator.until("refresh")
    return len(usual.simulator.requests("refresh")), 1


def login_file(state: Path, seconds: int = 0, **more: str) -> str:
    """A login whose access token is good for so long."""
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
    tokens = {"accessToken": ACCESS_TOKEN, "refreshToken": "token-of-the-file", "expiresAt": expires}
    tokens |= more
    path = state / "login.json"
    path.write_bytes(jsontext.encode(tokens))
    return str(path)


def of_identity_center(state: Path) -> str:
    return login_file(state, clientId="client", clientSecret="secret")


def fresh_for_20_minutes(state: Path) -> str:
    return login_file(state, 1200)


def fresh_for_days(state: Path) -> str:
    return login_file(state, 90_000)


def database(state: Path) -> str:
    return str(made(state / "data.sqlite3", {ROW: SOCIAL}))


def database_written(state: Path) -> bool:
    return bool(rows(state / "data.sqlite3")[ROW]["refresh_token"] != SOCIAL["refresh_token"])


def proxied(wanted: str, value: Any, **beside: Any) -> Seen:
    """Which hosts whose name begins so a proxy is asked for; it connects to this machine only."""

    async def asked(key: str, folder: Path) -> Pair:
        found = []
        for number, more in enumerate(({}, {key: value})):
            state, proxy = folder / str(number), Proxy()
            state.mkdir()
            settings = {"upstream.proxy_url": proxy, "upstream.base_url": None, **beside, **more}
            async with listening(proxy):
                made = {name: _proxy_made(this, state, proxy) for name, this in settings.items()}
                async with on_stage(state, **made) as live:
                    await live.ask()
            found.append({host for host in proxy.asked if host.startswith(wanted)})
        return found[0], found[1]

    return asked


def _proxy_made(value: Any, state: Path, proxy: Proxy) -> Any:
    if isinstance(value, Proxy):
        return Secret(proxy.url)
    return value(state) if callable(value) else value


async def through_the_proxy(key: str, folder: Path) -> Pair:
    """What a proxy sees of a gateway that has it, and of one that has none."""
    found = []
    for number in range(2):
        proxy = Proxy()
        async with listening(proxy):
            settings = {key: Secret(proxy.url)} if number else {}
            async with on_stage(folder / str(number), **settings) as live:
                found.append((await status(live), set(proxy.asked)))
    return found[0], found[1]


async def to_the_simulator(key: str, folder: Path) -> Pair:
    """Whom the gateway turns to, as a proxy sees it."""
    found = []
    for number in range(2):
        proxy = Proxy()
        async with listening(proxy):
            more = {} if number else {key: None}
            async with on_stage(folder / str(number), **{"upstream.proxy_url": Secret(proxy.url)}, **more) as live:
                await live.ask()
        found.append({host.rpartition(".")[2] for host in proxy.asked})
    return found[0], found[1]


async def over_tls(key: str, folder: Path) -> Pair:
    options, authority = tls(folder)
    found = []
    for number in range(2):
        more = {key: authority} if number else {}
        async with on_stage(folder / str(number), options, **more) as live:
            found.append(await status(live))
    return found[0], found[1]


async def at_a_closed_door(key: str, folder: Path) -> Pair:
    """TLS cannot begin until the changed one has given up; then the usual one is let in."""
    options, authority = tls(folder)
    simulator = await start(options)
    door = Door(simulator.port)
    try:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(listening(door))
            common = {"upstream.ca_file": authority, "upstream.base_url": door.url.replace("http:", "https:")}
            usual, changed = [
                await stack.enter_async_context(gateway(simulator, folder / name, **common, **more))
                for name, more in (("usual", {}), ("changed", {key: 0.1}))
            ]
            patient = asyncio.ensure_future(status(usual))
            gave_up = await status(changed)
            door.opened.set()
            return await patient, gave_up
    finally:
        await simulator.stop()


IMPATIENT = {"upstream.first_token_timeout": 0.1}
NO_LOGIN = {"credentials.refresh_token": None}
ROTATING = Options(rotate=True)

TABLE: Mapping[str, Effect] = {
    "upstream.region": Effect(
        proxied("oidc.", "eu-central-1", **{"credentials.file": of_identity_center}),
        {"oidc.us-east-1.amazonaws.com"},
        {"oidc.eu-central-1.amazonaws.com"},
    ),
    "upstream.api_region": Effect(
        proxied("runtime.", "eu-central-1", **{"credentials.file": fresh_for_days}),
        {"runtime.us-east-1.kiro.dev"},
        {"runtime.eu-central-1.kiro.dev"},
    ),
    "upstream.preferred_endpoint": Effect(look(path_asked, "codewhisperer"), "/", "/generateAssistantResponse"),
    "upstream.proxy_url": Effect(through_the_proxy, (200, set()), (200, {"127.0.0.1"})),
    "upstream.base_url": Effect(to_the_simulator, {"dev"}, {"1"}),
    "upstream.ca_file": Effect(over_tls, 502, 200),
    "upstream.connect_timeout": Effect(at_a_closed_door, 200, 502),
    "upstream.read_timeout": Effect(race(silence, 0.1), False, True),
    "upstream.first_token_timeout": Effect(race(status_patiently, 0.1), 200, 504),
    "upstream.first_token_timeout_per_100kb": Effect(
        race(status_of_a_long_request, 15.0, **{"upstream.first_token_timeout": 0.1}), 504, 200
    ),
    "upstream.first_token_max_retries": Effect(look(sends_when_stuck, 1, **IMPATIENT), 1, 2),
    "upstream.max_retries": Effect(look(sends_when_kiro_fails, 1), 6, 3),
    "upstream.base_retry_delay": Effect(race(second_tries, 60.0), 2, 1),
    "credentials.database": Effect(look(token_shown, database), "simulator-refresh-token", SOCIAL["refresh_token"]),
    "credentials.database_read_only": Effect(
        look(status, True, options=ROTATING, left=database_written, **{"credentials.database": database}), True, False
    ),
    "credentials.file": Effect(look(token_shown, login_file), "simulator-refresh-token", "token-of-the-file"),
    "credentials.refresh_token": Effect(
        look(token_shown, Secret("another-refresh-token")), "no login", "another-refresh-token"
    ),
    "credentials.api_key": Effect(
        look(bearer, Secret("ksk_key-of-the-test"), **NO_LOGIN), "no login", "Bearer ksk_key-of-the-test"
    ),
    "credentials.profile_arn": Effect(look(profile, OTHER_ARN), PROFILE_ARN, OTHER_ARN),
    "credentials.refresh_threshold": Effect(race(refreshes, 3000, **{"credentials.file": fresh_for_20_minutes}), 0, 1),
    "pool.max_concurrent": Effect(race(overlap, 1), True, False),
    "pool.max_concurrent_per_account": Effect(race(overlap, 1), True, False),
    "pool.queue_timeout": Effect(race(status_in_the_queue, 0.1, **{"pool.max_concurrent": 1}), 200, 429),
    "pool.min_interval": Effect(race(second_requests, 3600.0), 2, 1),
    "pool.pause_after_429": Effect(race(after_a_429, 3600.0), 3, 2),
    "pool.recovery_timeout": Effect(look(tried_after_three_faults, 0.0), False, True),
    "pool.max_backoff_multiplier": Effect(look(cooldown_after_a_failed_probe, 1.0), 120, 60),
    "pool.state_save_interval": Effect(race(state_kept, 0.1), False, True),
}
