"""The composition root: the only file that knows everyone. Values come out of the settings here and nowhere below."""

import asyncio
import hashlib
import signal
import socket as socket_options
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from socket import AF_INET, AF_INET6, socket
from typing import Any, Final

from aiohttp import web

from gateway.accounts.account import Account
from gateway.accounts.sources.source import Source
from gateway.dialects import DIALECTS
from gateway.dialects.anthropic import ANTHROPIC, Anthropic
from gateway.dialects.dialect import Dialect
from gateway.dialects.openai_chat import OPENAI_CHAT
from gateway.kiro.models import Catalogue, NameRules
from gateway.kiro.payload import Layout
from gateway.kiro.tokens import TokenCounter
from gateway.kiro.turn import ReasoningMode
from gateway.settings import Settings
from gateway.upstream.attempts import Policy
from gateway.upstream.client import Patience, UpstreamClient
from gateway.upstream.connection import Connection, TokenPost
from gateway.upstream.control import fetch_models
from gateway.upstream.live_catalogue import LiveCatalogue
from gateway.web.capture import Captures
from gateway.web.count_tokens import CountTokens
from gateway.web.generate import Generate
from gateway.web.health import Health
from gateway.web.ids import Ids
from gateway.web.middlewares.access_log import access_log
from gateway.web.middlewares.auth import auth
from gateway.web.middlewares.capture import capture
from gateway.web.middlewares.errors import errors
from gateway.web.middlewares.request_id import request_id, tell_request_id
from gateway.web.models import Models
from gateway.web.pump import Pace
from gateway.web.translate import Manner, Translator

try:
    import uvloop
except ImportError:  # it does not exist for Windows
    uvloop = None  # type: ignore[assignment,unused-ignore]  # the ignore is for the platforms that have it

BACKLOG: Final = 1024
"""Connections the kernel may hold while the loop is busy; a burst of a fleet of agents fits."""

HUNG_SECONDS: Final = 120.0
"""How long a peer may leave what was sent to it unacknowledged: longer than a laptop's short sleep."""

DRAIN_SECONDS: Final = 60.0
"""How long running answers may take to end after SIGTERM, before they are broken off."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the command hands in beside the settings. simulated: the source is the simulator's."""

    settings: Settings
    keys: tuple[str, ...]
    source: Source
    simulated: bool = False


def serve(given: Given, listener: socket, announce: Callable[[], None]) -> None:
    """Serve on a listening socket until SIGTERM or SIGINT; ``announce`` is called when requests are taken.

    Raises GatewayError for a login that cannot be read, OSError for a ca_file that cannot be.
    """
    run = uvloop.run if uvloop is not None else asyncio.run
    run(_serve(given, listener, announce))


async def _serve(given: Given, listener: socket, announce: Callable[[], None]) -> None:
    """``handler_cancellation``: a client that leaves must stop the upstream at once, however silent that is."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":  # there Ctrl-C arrives as KeyboardInterrupt
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(
        await build(given), handler_cancellation=True, access_log=None, shutdown_timeout=DRAIN_SECONDS
    )
    await runner.setup()
    _end_hung_peers(listener)
    try:
        await web.SockSite(runner, listener, backlog=BACKLOG).start()
        announce()
        await stop.wait()
    finally:
        await runner.cleanup()


def _end_hung_peers(listener: socket) -> None:
    """Let the kernel end connections whose peer acknowledges nothing; accepted sockets inherit it (Linux)."""
    if hasattr(socket_options, "TCP_USER_TIMEOUT") and listener.family in (AF_INET, AF_INET6):
        listener.setsockopt(socket_options.IPPROTO_TCP, socket_options.TCP_USER_TIMEOUT, int(HUNG_SECONDS * 1000))


async def build(given: Given) -> web.Application:
    """The application. What lives as long as it does is opened and closed by its clean-up context."""
    settings = given.settings
    ids = Ids()
    dialects = _dialects(given.keys)
    captures = Captures(settings.debug.mode, settings.debug.folder)
    app = web.Application(
        client_max_size=settings.server.max_body_bytes,
        middlewares=[request_id(ids), access_log, errors(dialects), auth(given.keys), capture(captures)],
    )
    app.on_response_prepare.append(tell_request_id)
    if given.simulated:
        app.on_response_prepare.append(_tell_simulated)

    connection = _connection(settings)
    account = await _account(given, connection)
    catalogue = _catalogue(settings, connection, account)
    upstream = _upstream(settings, connection, account, ids)
    count = TokenCounter()
    translator = Translator(
        lambda: catalogue.current, _names(settings), _manners(settings), count=count, new_id=ids.uuid
    )
    pace = Pace(settings.stream.hold, settings.stream.ping_interval)
    for dialect in dialects:
        for path in dialect.routes:
            app.router.add_post(path, Generate(dialect, translator, upstream, pace).answer)
    anthropic = next(dialect for dialect in dialects if dialect.name == ANTHROPIC.name)
    app.router.add_post("/v1/messages/count_tokens", CountTokens(anthropic, count).answer)
    _route_facts(app, Models(catalogue, _names(settings)), Health("simulator" if given.simulated else "kiro"))

    async def living(_app: web.Application) -> AsyncIterator[None]:
        catalogue.start()
        yield
        await catalogue.close()
        await account.close()
        await connection.close()
        await captures.close()

    app.cleanup_ctx.append(living)
    return app


def _dialects(keys: Sequence[str]) -> tuple[Dialect, ...]:
    """Ours mark thinking that Kiro did not sign; the mark must hold over restarts, so it is made from the key."""
    signing = hashlib.sha256(f"kiro-gateway thinking mark\0{keys[0]}".encode()).digest()
    return tuple(replace(row, signing_key=signing) if isinstance(row, Anthropic) else row for row in DIALECTS)


def _connection(settings: Settings) -> Connection:
    upstream = settings.upstream
    return Connection(
        proxy_url=upstream.proxy_url.reveal() if upstream.proxy_url else None,
        ca_file=Path(upstream.ca_file).expanduser() if upstream.ca_file else None,
        connect_timeout=upstream.connect_timeout,
    )


async def _account(given: Given, connection: Connection) -> Account:
    return Account(
        given.source,
        await asyncio.to_thread(given.source.load),
        TokenPost(connection),
        base_url=given.settings.upstream.base_url,
        threshold=given.settings.credentials.refresh_threshold,
    )


def _names(settings: Settings) -> NameRules:
    models = settings.models
    return NameRules(
        hidden=models.hidden,
        aliases=models.aliases,
        hidden_from_list=frozenset(models.hidden_from_list),
        fallback=models.fallback,
        window=models.default_max_input_tokens,
    )


def _catalogue(settings: Settings, connection: Connection, account: Account) -> LiveCatalogue:
    async def fetch() -> dict[str, Any]:
        return await fetch_models(connection, await account.identity(), base_url=settings.upstream.base_url)

    fallback = Catalogue.fallback(_names(settings))
    merge = partial(Catalogue.from_upstream, window=settings.models.default_max_input_tokens)
    return LiveCatalogue(fallback, fetch, merge, settings.models.cache_ttl)


def _upstream(settings: Settings, connection: Connection, account: Account, ids: Ids) -> UpstreamClient:
    upstream = settings.upstream
    return UpstreamClient(
        connection,
        account,
        policy=Policy(
            sends_per_endpoint=upstream.max_retries,
            first_token_max_retries=upstream.first_token_max_retries,
            base_delay=upstream.base_retry_delay,
        ),
        patience=Patience(
            first_frame=upstream.first_token_timeout,
            per_100_kb=upstream.first_token_timeout_per_100kb,
            idle=upstream.read_timeout,
        ),
        base_url=upstream.base_url,
        preferred=upstream.preferred_endpoint,
        new_id=ids.uuid,
    )


def _manners(settings: Settings) -> dict[str, Manner]:
    """On /v1/messages the request alone decides about thinking; on chat the settings have their say."""
    thinking = settings.thinking
    layout = Layout(
        max_tokens=thinking.max_tokens,
        budget_cap=thinking.budget_cap,
        tool_description_limit=settings.tools.description_max_length,
        system_in_first_pair=settings.prompt.system_in_first_pair,
    )
    chatty = replace(layout, default_on=thinking.default_on)
    return {
        ANTHROPIC.name: Manner(layout, ReasoningMode.FIELD, only_asked=True),
        OPENAI_CHAT.name: Manner(chatty, ReasoningMode(thinking.handling), only_asked=False),
    }


def _route_facts(app: web.Application, models: Models, health: Health) -> None:
    app.router.add_get("/v1/models", models.list_all)
    app.router.add_get("/v1/models/{name:.+}", models.tell_one)
    app.router.add_get("/", health.tell)
    app.router.add_get("/health", health.tell)
    app.router.add_head("/api/hello", health.hello)


async def _tell_simulated(_request: web.Request, response: web.StreamResponse) -> None:
    """on_response_prepare: nobody may take the simulator's answers for Kiro's."""
    response.headers["x-kiro-gateway-upstream"] = "simulator"
