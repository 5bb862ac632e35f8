"""How the effect of a setting is seen: on a gateway with its default, and on one with another value.

Each of the two has a simulator and a folder of its own. Settings that cannot be told from within the test's process
are seen on processes.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme

from gateway.settings import ROWS
from gateway.simulator.options import PROFILE_ARN, REFRESH_TOKEN, Options
from gateway.simulator.server import start
from tests.commands.starting import Running
from tests.commands.starting import gateway as process
from tests.live import KEY, Live, gateway, given

BY_KEY = {row.key: row for row in ROWS}
NO_LOGIN = "no login"
Pair = tuple[Any, Any]
Seen = Callable[[str, Path], Awaitable[Pair]]
See = Callable[[Live], Awaitable[Any]]
Of = Callable[[Path], Any]
"""Something that depends on the gateway's folder."""


@dataclass(frozen=True, slots=True)
class Effect:
    """seen: the setting's key and a folder → what was seen with its default, and with another value."""

    seen: Seen
    usual: Any
    changed: Any


@asynccontextmanager
async def on_stage(folder: Path, options: Options | None = None, **settings: Any) -> AsyncIterator[Live]:
    """A gateway on a simulator of its own."""
    simulator = await start(options)
    try:
        async with gateway(simulator, folder, **settings) as live:
            yield live
    finally:
        await simulator.stop()


def look(see: See, value: Any, *, options: Options | None = None, left: Of | None = None, **beside: Any) -> Seen:
    """One after the other. value, beside: settings, or made of the folder. left: looks at what a gateway left there."""

    async def seen(key: str, folder: Path) -> Pair:
        found = []
        for name, one in _both(key, value):
            state = folder / name
            state.mkdir()
            settings = {setting: _made(this, state) for setting, this in (beside | {key: one}).items()}
            found.append(await _seen(see, state, options, settings, left))
        return found[0], found[1]

    return seen


async def _seen(see: See, state: Path, options: Options | None, settings: dict[str, Any], left: Of | None) -> Any:
    simulator = await start(options)
    accounts = given(simulator, state, **settings).accounts
    await simulator.stop()
    if not accounts:
        return NO_LOGIN
    async with on_stage(state, options, **settings) as live:
        seen = await see(live)
    return left(state) if left else seen


def race(see: Callable[[Live, Live], Awaitable[Pair]], value: Any, **beside: Any) -> Seen:
    """Both at once: what the changed one does ends what the usual one waits for, so no clock has to be read."""

    async def seen(key: str, folder: Path) -> Pair:
        async with AsyncExitStack() as stack:
            pair = []
            for name, one in _both(key, value):
                state = folder / name
                state.mkdir()
                settings = {setting: _made(this, state) for setting, this in (beside | {key: one}).items()}
                pair.append(await stack.enter_async_context(on_stage(state, **settings)))
            return await see(pair[0], pair[1])

    return seen


def started(see: Callable[[Running], Any], text: str, **beside: str) -> Seen:
    """On processes, with the environment's text for the setting; the first has nothing set."""

    async def seen(key: str, folder: Path) -> Pair:
        [name, *_] = BY_KEY[key].environment
        simulator = await start()
        login = {"KIRO_BASE_URL": simulator.url, "REFRESH_TOKEN": REFRESH_TOKEN, "PROFILE_ARN": PROFILE_ARN}
        environments = (login | beside, login | beside | {name: text})
        found = await asyncio.gather(
            *(asyncio.to_thread(_run, see, folder / str(number), more) for number, more in enumerate(environments))
        )
        await simulator.stop()
        return found[0], found[1]

    return seen


def _run(see: Callable[[Running], Any], home: Path, more: Mapping[str, str]) -> Any:
    home.mkdir()
    with process(home, **{"PROXY_API_KEY": KEY, **more}) as running:
        return see(running)


def _both(key: str, value: Any) -> tuple[tuple[str, Any], tuple[str, Any]]:
    return ("usual", BY_KEY[key].default), ("changed", value)


def _made(value: Any, state: Path) -> Any:
    return value(state) if callable(value) else value


def tls(folder: Path) -> tuple[Options, str]:
    """A simulator that speaks HTTPS, and the file of the authority that vouches for it."""
    authority = trustme.CA()
    made = authority.issue_cert("127.0.0.1")
    files = [folder / name for name in ("ca.pem", "certificate.pem", "key.pem")]
    for pem, path in zip((authority.cert_pem, made.cert_chain_pems[0], made.private_key_pem), files, strict=True):
        pem.write_to_path(path)
    return Options(certificate=files[1], key=files[2]), str(files[0])
