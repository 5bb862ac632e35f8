"""The composition root: the only file that knows everyone. Values come out of the settings here and nowhere below."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from socket import socket

from aiohttp import web

from gateway import admin
from gateway.accounts.terms import Configured
from gateway.aiohttp_internals import ask_late
from gateway.dialects import DIALECTS
from gateway.dialects.anthropic import ANTHROPIC, BUFFERED
from gateway.dialects.dialect import Dialect
from gateway.dialects.openai_chat import OPENAI_CHAT
from gateway.dialects.openai_responses import OPENAI_RESPONSES
from gateway.fleet import Fleet, assemble
from gateway.kiro.models import Catalogue, NameRules
from gateway.kiro.payload import Layout
from gateway.kiro.tokens import TokenCounter
from gateway.kiro.trimming import TRIMMED_TO, SizeLimit
from gateway.kiro.turn import ReasoningMode
from gateway.search.values import WebSearch
from gateway.settings import Settings
from gateway.threads import Threads
from gateway.upstream.attempts import Policy
from gateway.upstream.client import UpstreamClient
from gateway.upstream.exchange import Patience
from gateway.upstream.live_catalogue import LiveCatalogue
from gateway.upstream.search import WebSearcher
from gateway.web.capture import Captures
from gateway.web.count_tokens import CountTokens, counting_threads
from gateway.web.cut_calls import CutCalls
from gateway.web.documents import Documents
from gateway.web.generate import Generate
from gateway.web.guard import Guard
from gateway.web.health import Health
from gateway.web.heavy import HEAVY, Heavy
from gateway.web.ids import Ids
from gateway.web.kept_responses import KeptResponses
from gateway.web.memory import FORGETFUL
from gateway.web.middlewares.access_log import access_log
from gateway.web.middlewares.auth import auth
from gateway.web.middlewares.capture import capture
from gateway.web.middlewares.drain import DRAIN, Drain, drained, tell_end
from gateway.web.middlewares.errors import errors
from gateway.web.middlewares.expect import expect
from gateway.web.middlewares.request_id import request_id, tell_request_id
from gateway.web.models import Models
from gateway.web.pump import Pace
from gateway.web.responses import Responses
from gateway.web.schema_checks import SchemaChecks
from gateway.web.searching import Searches
from gateway.web.serving import Signals, serve_until
from gateway.web.translate import Manner, Translator

try:
    import uvloop
except ImportError:  # it does not exist for Windows
    uvloop = None  # type: ignore[assignment,unused-ignore]  # the ignore is for the platforms that have it


@dataclass(frozen=True, slots=True)
class Given:
    """What the command hands in beside the settings.

    accounts: one at least. folder: the gateway's own, for what it learns of them. simulated: the account is invented.
    admin_keys: open what clients have no business with, and all the rest.
    """

    settings: Settings
    keys: tuple[str, ...]
    accounts: tuple[Configured, ...]
    folder: Path
    simulated: bool = False
    admin_keys: tuple[str, ...] = ()


def serve(given: Given, listener: socket, announce: Callable[[], None]) -> None:
    """Serve on a listening socket until SIGTERM or SIGINT; ``announce`` is called when requests are taken.

    Raises GatewayError for a login that cannot be read, OSError for a ca_file that cannot be.
    """
    run = uvloop.run if uvloop is not None else asyncio.run
    run(_serve(given, listener, announce))


async def _serve(given: Given, listener: socket, announce: Callable[[], None]) -> None:
    signals = Signals()
    await serve_until(signals, await build(given), listener, announce, given.settings.server.drain_timeout)


async def build(given: Given, *, count: Callable[[str], int] | None = None) -> web.Application:
    """The application. What lives as long as it does is opened and closed by its clean-up context.

    count: the tokens of a text, where it is not to be Claude's vocabulary.
    """
    settings = given.settings
    ids = Ids()
    dialects = _dialects(settings, given.keys)
    captures = Captures(settings.debug.mode, settings.debug.folder)
    app = _application(given, dialects, ids, captures)
    fleet = await assemble(settings, given.accounts, given.folder)
    catalogue = _catalogue(settings, fleet)
    upstream = _upstream(settings, fleet, ids)
    count = count or _token_counter()
    translator = _translator(settings, catalogue, count, ids, app[HEAVY])
    documents = Documents()
    kept = KeptResponses(time.monotonic)
    counting = counting_threads()
    responses = Responses(
        OPENAI_RESPONSES, kept, count, store=settings.responses.store, documents=documents, threads=counting
    )
    responses.route(app)
    searches = _searches(settings, fleet)
    checks = SchemaChecks()
    _route_answers(
        app,
        settings,
        dialects,
        translator,
        upstream,
        searches=searches,
        checks=checks,
        responses=responses,
        documents=documents,
    )
    anthropic = next(dialect for dialect in dialects if dialect.name == ANTHROPIC.name)
    count_tokens = CountTokens(anthropic, count, documents, counting)
    for path in anthropic.routes:
        app.router.add_post(f"{path}/count_tokens", count_tokens.answer)
    _route_facts(app, Models(catalogue, name_rules(settings)), Health(upstream_name(given)))

    storing = Threads("new logins", 1)
    logins = admin.route(app, fleet, given.folder, storing, simulated=given.simulated)
    ask_late(app)

    async def living(_app: web.Application) -> AsyncIterator[None]:
        fleet.upkeep.start()
        catalogue.start()
        yield
        await logins.close()
        await catalogue.close()
        await fleet.close()
        await checks.close()
        await captures.close()
        app[HEAVY].close()
        for threads in (counting, storing):
            threads.close()

    app.cleanup_ctx.append(living)
    return app


def _token_counter() -> TokenCounter:
    """With its vocabulary: loading it holds the event loop, and at the start nobody is served yet."""
    counter = TokenCounter()
    counter.load()
    return counter


def upstream_name(given: Given) -> str:
    """What ``/health`` says of the server behind."""
    if given.simulated:
        return "simulator"
    return "custom" if given.settings.upstream.base_url else "kiro"


def _application(given: Given, dialects: Sequence[Dialect], ids: Ids, captures: Captures) -> web.Application:
    """The application with its rooms, from the outermost in, and nothing in them yet."""
    drain = Drain()
    app = web.Application(
        client_max_size=given.settings.server.max_body_bytes,
        middlewares=[
            request_id(ids),
            capture(captures),
            access_log,
            errors(dialects),
            auth((*given.keys, *given.admin_keys), dict.fromkeys(admin.AREAS, given.admin_keys)),
            expect,
            drained(drain),
        ],
    )
    app[DRAIN] = drain
    app[HEAVY] = Heavy()
    app.on_response_prepare.extend((tell_request_id, tell_end))
    if given.simulated:
        app.on_response_prepare.append(_tell_simulated)
    return app


def _dialects(settings: Settings, keys: Sequence[str]) -> tuple[Dialect, ...]:
    """Ours mark thinking that Kiro did not sign; the mark must hold over restarts, so it is made from the key."""
    signing = hashlib.sha256(f"kiro-gateway thinking mark\0{keys[0]}".encode()).digest()
    messages = replace(
        ANTHROPIC,
        signing_key=signing,
        strip_billing_header=settings.prompt.strip_billing_header,
        usage_pings=settings.stream.usage_pings,
    )
    return tuple(messages if row.name == ANTHROPIC.name else row for row in DIALECTS)


def name_rules(settings: Settings) -> NameRules:
    """What the settings say about the names of models."""
    models = settings.models
    return NameRules(
        hidden=models.hidden,
        aliases=models.aliases,
        hidden_from_list=frozenset(models.hidden_from_list),
        fallback=models.fallback,
        window=models.default_max_input_tokens,
    )


def _catalogue(settings: Settings, fleet: Fleet) -> LiveCatalogue:
    fallback = Catalogue.fallback(name_rules(settings))
    merge = partial(Catalogue.from_upstream, window=settings.models.default_max_input_tokens)
    return LiveCatalogue(fallback, fleet.models, merge, settings.models.cache_ttl)


def _upstream(settings: Settings, fleet: Fleet, ids: Ids) -> UpstreamClient:
    upstream = settings.upstream
    return UpstreamClient(
        fleet.pool,
        fleet.connections,
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
        pause_after_429=settings.pool.pause_after_429,
        new_id=ids.uuid,
    )


def _translator(
    settings: Settings, catalogue: LiveCatalogue, count: Callable[[str], int], ids: Ids, heavy: Heavy
) -> Translator:
    size, trim = settings.guard.max_payload_bytes, settings.guard.auto_trim
    return Translator(
        lambda: catalogue.current,
        name_rules(settings),
        _manners(settings),
        count=count,
        heavy=heavy,
        new_id=ids.uuid,
        size_limit=SizeLimit(size or (TRIMMED_TO if trim else None), trim=trim),
        read_text_calls=settings.tools.parse_text_calls,
    )


def _searches(settings: Settings, fleet: Fleet) -> Searches:
    searcher = WebSearcher(fleet.pool, fleet.connections, base_url=fleet.base_url)
    return Searches(searcher, WebSearch() if settings.web_search.enabled else None)


def _guard(settings: Settings) -> Guard:
    cut_calls = CutCalls(time.monotonic) if settings.tools.truncation_recovery else None
    return Guard(cut_calls, refuse_repeats=settings.guard.repeats)


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
        OPENAI_RESPONSES.name: Manner(chatty, ReasoningMode(thinking.handling), only_asked=False),
    }


def _route_answers(
    app: web.Application,
    settings: Settings,
    dialects: Sequence[Dialect],
    translator: Translator,
    upstream: UpstreamClient,
    *,
    searches: Searches,
    checks: SchemaChecks,
    responses: Responses,
    documents: Documents,
) -> None:
    pace = Pace(settings.stream.hold, settings.stream.ping_interval)
    guard = _guard(settings)
    for dialect in dialects:
        memory = responses.memory if dialect.name == OPENAI_RESPONSES.name else FORGETFUL
        make = partial(
            Generate,
            dialect,
            translator,
            upstream,
            pace,
            searches=searches,
            checks=checks,
            memory=memory,
            repair=settings.honour.repair,
            guard=guard,
            documents=documents,
        )
        for path in dialect.routes:
            held = dialect.name == ANTHROPIC.name and (settings.stream.buffered or path in BUFFERED)
            app.router.add_post(path, make(buffered=held).answer)


def _route_facts(app: web.Application, models: Models, health: Health) -> None:
    app.router.add_get("/v1/models", models.list_all)
    app.router.add_get("/v1/models/{name:.+}", models.tell_one)
    app.router.add_get("/", health.tell)
    app.router.add_get("/health", health.tell)
    app.router.add_head("/api/hello", health.hello)


async def _tell_simulated(_request: web.Request, response: web.StreamResponse) -> None:
    """on_response_prepare: nobody may take the simulator's answers for Kiro's."""
    response.headers["x-kiro-gateway-upstream"] = "simulator"
