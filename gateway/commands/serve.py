"""Run the gateway."""

import argparse
import errno
import os
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from socket import socket
from ssl import SSLError

import structlog

from gateway import __version__, log
from gateway.accounts.keys import ADMIN_NAME, ApiKey, KeyFileError, read_or_make
from gateway.accounts.terms import Configured, Terms
from gateway.commands import surroundings
from gateway.commands.child import NoLogin, simulator
from gateway.commands.listening import CannotListen, listen, url_of
from gateway.commands.logins import accounts_from
from gateway.errors import GatewayError
from gateway.settings import ROWS, Loaded, Secret, Settings
from gateway.settings.accounts import Pool
from gateway.web.capture import tee

FAILED = 1
ANY = "any number"
add_arguments = surroundings.add_arguments


@dataclass(frozen=True, slots=True)
class Login:
    """Which accounts serve, what they make of the settings, and whether a simulator answers instead of Kiro."""

    settings: Settings
    accounts: tuple[Configured, ...]
    folder: Path
    simulated: bool = False

    @property
    def name(self) -> str:
        """For the start's words."""
        if self.simulated:
            return "NONE FOUND: THE SIMULATOR ANSWERS, NOT KIRO"
        return ", ".join(account.source.name for account in self.accounts)


def run(options: argparse.Namespace) -> int:
    """Serve until told to stop: 0; 78 for wrong settings, 1 when it cannot start."""
    loaded = surroundings.settings(options)
    if loaded is None:
        return surroundings.WRONG_SETTINGS
    server = loaded.settings.server
    try:
        with listen(server.host, server.port) as listener:
            _serve(loaded, listener)
    except (CannotListen, KeyFileError, NoLogin, GatewayError, SSLError) as error:
        print(f"kiro-gateway: {error}", file=sys.stderr)
        return FAILED
    return 0


def _serve(loaded: Loaded, listener: socket) -> None:
    made = None if loaded.settings.server.api_keys else read_or_make(surroundings.own_folder())
    keys = (made.text,) if made else tuple(key.reveal() for key in loaded.settings.server.api_keys)
    admin, admin_words = admin_keys(loaded)
    hidden = (*keys, *admin, *secrets_of(loaded.settings))
    configure_log(loaded.settings, hide=hidden)
    for warning in loaded.warnings:
        structlog.get_logger().warning("settings", detail=warning)
    with login_for(loaded.settings) as login:
        from gateway.app import Given, serve

        def announce() -> None:
            key = key_line(made, loaded, shown=sys.stdout.isatty())
            print(greeting(url_of(listener), key, admin_words, login), flush=True)

        with _loop_may_end_busy():
            serve(Given(login.settings, keys, login.accounts, login.folder, login.simulated, admin), listener, announce)


def configure_log(settings: Settings, *, hide: Collection[str]) -> None:
    """The log as set; a request that is captured gets its lines of it, too."""
    also = () if settings.debug.mode == "off" else (tee,)
    log.configure(settings.log.level, settings.log.format, hide=hide, also=also)


def admin_keys(loaded: Loaded) -> tuple[tuple[str, ...], str]:
    """The admin keys, and where they stand. Without a place for one nobody is admin, and clients are served all the
    same."""
    if configured := loaded.settings.server.admin_keys:
        return tuple(key.reveal() for key in configured), f"as set in {loaded.origins['server.admin_keys']}"
    try:
        made = read_or_make(surroundings.own_folder(), ADMIN_NAME)
    except KeyFileError as error:
        return (), f"none, so accounts cannot be managed over HTTP: {error}"
    return (made.text,), f"in {made.path}"


@contextmanager
def _loop_may_end_busy() -> Iterator[None]:
    """uvloop refuses to close while the other side of a TLS connection owes its goodbye; all answers are given then."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        structlog.get_logger().debug("loop closed with open connections")


def secrets_of(settings: Settings) -> Iterator[str]:
    """Every secret text among the settings, for the log to hide."""
    listed = [value for entry in settings.accounts for value in (entry.value, entry.proxy_url)]
    for value in (*(row.of(settings) for row in ROWS), *listed):
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Secret):
                yield item.reveal()


@contextmanager
def login_for(settings: Settings) -> Iterator[Login]:
    """The login to serve with. Without one a simulator answers: that of ``upstream.base_url``, else one of our own.

    Raises GatewayError when a configured login cannot be used, NoLogin when the simulator does not start.
    """
    if accounts := accounts_from(settings, surroundings.own_folder()):
        yield Login(settings, accounts, surroundings.own_folder())
        return
    structlog.get_logger().warning("NO KIRO LOGIN FOUND: ANSWERS COME FROM THE SIMULATOR, NOT FROM KIRO")
    with ExitStack() as stack:
        url = settings.upstream.base_url or stack.enter_context(simulator(_without_secrets(), meanwhile=_load_app))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="kiro-gateway-"))
        simulated = on_simulator(settings, url)
        invented = accounts_from(simulated, Path(folder))
        if not invented:
            raise NoLogin("the simulator's login was not taken")
        yield Login(simulated, invented, Path(folder), simulated=True)


def on_simulator(settings: Settings, url: str) -> Settings:
    """The same settings with the simulator as Kiro, and a login that it takes."""
    from gateway.simulator.options import PROFILE_ARN, REFRESH_TOKEN

    upstream = replace(settings.upstream, base_url=url, proxy_url=None)
    credentials = replace(settings.credentials, refresh_token=Secret(REFRESH_TOKEN), profile_arn=PROFILE_ARN)
    return replace(settings, upstream=upstream, credentials=credentials)


def _load_app() -> None:
    """aiohttp and the rest take half a second: the time in which the simulator loads the same."""
    import_module("gateway.app")


def _without_secrets() -> dict[str, str]:
    names = {name for row in ROWS if row.secret for name in row.environment}
    return {name: value for name, value in os.environ.items() if name not in names}


def key_line(made: ApiKey | None, loaded: Loaded, *, shown: bool) -> str:
    """Where the key is; the key itself once, when it was made just now and somebody looks on (never in a journal)."""
    if made is None:
        return f"as set in {loaded.origins['server.api_keys']}"
    if made.new and shown:
        return f"{made.text}  (made now, shown this once, kept in {made.path})"
    return f"in {made.path}"


def greeting(url: str, key: str, admin: str, login: Login) -> str:
    """What a start says, once the gateway answers."""
    model = surroundings.default_model(login.settings)
    lines = (
        ("address", f"{url}  (Anthropic clients: {url}; OpenAI clients: {url}/v1)"),
        ("key", key),
        ("admin", f"key {admin}"),
        ("login", login.name),
        ("limits", limits_line(login.settings.pool, [one.terms for one in login.accounts if one.terms])),
        ("model", f"{model}, for example; all: GET {url}/v1/models"),
    )
    return "\n".join([f"kiro-gateway {__version__}", *(f"  {name:8} {text}" for name, text in lines)])


def limits_line(pool: Pool, accounts: Sequence[Terms]) -> str:
    """How many requests run at once, and what is known of how many should."""
    limits = {terms.name: terms.max_concurrent for terms in accounts if terms.max_concurrent is not None}
    special = ", ".join(f"{name}: {limit or ANY}" for name, limit in limits.items())
    line = f"{_requests(pool.max_concurrent_per_account)} at once per account{f' ({special})' if special else ''}"
    if pool.max_concurrent:
        line += f", {pool.max_concurrent} over all accounts"
    if any((pool.max_concurrent_per_account, pool.max_concurrent, *limits.values())):
        line += ", more are queued"
    return f"{line}; no measured safe rate is known"


def _requests(limit: int) -> str:
    return "1 request" if limit == 1 else f"{limit} requests" if limit else f"{ANY} of requests"
