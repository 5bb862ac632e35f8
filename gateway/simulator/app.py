"""The simulator's HTTP side: one handler takes every request, notes it, and answers as Kiro would or as scripted."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from uuid import uuid4

from aiohttp import web

from gateway import jsontext
from gateway.simulator import answers, catalogue, control, events, load, mcp, prompt, refusals, tokenservers, validation
from gateway.simulator.calls import NEVER, Call, recognise
from gateway.simulator.connection import Watched
from gateway.simulator.record import Exchange
from gateway.simulator.refusals import Refusal
from gateway.simulator.script import Answer
from gateway.simulator.sending import Piece, Plan, close, send
from gateway.simulator.state import State

MAX_BODY: Final = 256 << 20
"""Ten images of 10 MiB in base64 and a long history fit; the service's own limit is a check, not this."""

STATE: Final = web.AppKey("state", State)


def make(state: State) -> web.Application:
    """The application: control routes first, everything else is Kiro."""
    app = web.Application(client_max_size=MAX_BODY)
    app[STATE] = state
    control.add_routes(app, state)
    app.router.add_route("*", "/{path:.*}", _serve)
    return app


async def _serve(request: web.Request) -> web.StreamResponse:
    """Note the request, answer it, note how that ended."""
    state = request.app[STATE]
    watched = request.transport.get_protocol() if request.transport else None
    call = recognise(request.method, request.path, request.headers.get("x-amz-target", ""))
    exchange = state.record.begin(
        operation=call.operation if call else "unknown",
        method=request.method,
        path=request.path,
        query=dict(request.query),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.read(),
    )
    try:
        return await _answer(request, state, call, exchange)
    except (asyncio.CancelledError, ConnectionError) as error:
        left = watched.left if isinstance(watched, Watched) else None
        if isinstance(error, asyncio.CancelledError):
            state.record.end(exchange, "stopped" if left is None else "client_rst" if left == "rst" else "client_fin")
            raise
        # A write that failed: the client has left, and the transport may not have said so yet.
        state.record.end(exchange, "client_fin" if left == "fin" else "client_rst")
        return web.Response()  # goes nowhere
    finally:
        if exchange.operation == "generate":
            state.resends.note(exchange)


async def _answer(request: web.Request, state: State, call: Call | None, exchange: Exchange) -> web.StreamResponse:
    if call is not None and call.operation in NEVER:
        return await _whole(request, state, exchange, refusals.NO_FEATURE_ACCESS.response(rpc=call.rpc))
    if call is None:
        return await _whole(request, state, exchange, refusals.unknown_operation())
    if call.operation == "generate":
        refused = validation.check_generate(state, call, exchange)
        if refused is not None:
            return await _whole(request, state, exchange, refused.response(rpc=call.rpc))
    scripted = state.script.take(call.operation)
    if scripted is not None:
        granted = _controlled(state, call, exchange) if scripted.granted else None
        return await _scripted(request, state, exchange, scripted, granted)
    if call.operation == "generate":
        return await send(request, Plan(_turn(state, call, exchange)), exchange, state.record, state.gates)
    return await _whole(request, state, exchange, _controlled(state, call, exchange))


def _controlled(state: State, call: Call, exchange: Exchange) -> web.Response:
    """The operations that answer with one JSON document."""
    if server := tokenservers.SERVERS.get(call.operation):
        return server(state, exchange)
    account = validation.check_control(state, call, exchange)
    if isinstance(account, Refusal):
        return account.response(rpc=call.rpc)
    if call.operation == "mcp":
        return mcp.answer(exchange)
    return catalogue.answer(call, account, exchange)


def _turn(state: State, call: Call, exchange: Exchange) -> Iterator[Piece]:
    """The canned answer to a request that has passed the checks."""
    body = jsontext.decode(exchange.body)
    if body.get("dryRun") is True:
        yield Piece(events.dry_run().encode())
        return
    asked = prompt.read(body, validation.model_of(body), len(exchange.body))
    asked = replace(asked, cached_tokens=state.prompt_cache.cached(exchange.account, asked))
    utterance_id = str(uuid4())
    wanted = load.asked(asked.text)
    if wanted is not None:
        yield from state.loads.pieces(wanted, asked, rpc=call.rpc, utterance_id=utterance_id)
        return
    for message in answers.answer(asked, rpc=call.rpc, utterance_id=utterance_id):
        yield Piece(message.encode(), delay=state.options.pace)


async def _scripted(
    request: web.Request, state: State, exchange: Exchange, answer: Answer, granted: web.Response | None
) -> web.StreamResponse:
    """granted: what takes the place of the script's own document."""
    if granted is not None and answer.gate:
        await state.gates.passed(answer.gate)
    if answer.delay:
        await asyncio.sleep(answer.delay)
    if answer.stall == "headers":
        await asyncio.Event().wait()
    if answer.status == 0:
        state.record.end(exchange, "cut")
        close(request, answer.how)
        return web.Response()  # goes nowhere: the connection is closed
    if granted is not None:
        return await _whole(request, state, exchange, granted)
    if answer.streams:
        return await send(request, answer.plan(), exchange, state.record, state.gates)
    return await _whole(request, state, exchange, _document(answer))


def _document(answer: Answer) -> web.Response:
    """A scripted answer with a whole body: text as it is (HTML when it looks so), anything else as JSON."""
    headers = {name.lower(): value for name, value in (answer.headers or {}).items()}
    if isinstance(answer.body, str):
        kind = "text/html" if answer.body.startswith("<") else "application/json"
        return web.Response(status=answer.status, body=answer.body.encode(), headers={"content-type": kind} | headers)
    if answer.body is None:
        return web.Response(status=answer.status, headers=headers)
    return refusals.json_response(answer.status, answer.body, headers)


async def _whole(request: web.Request, state: State, exchange: Exchange, response: web.Response) -> web.Response:
    exchange.status = response.status
    await response.prepare(request)
    await response.write_eof()
    state.record.end(exchange, "completed")
    return response
