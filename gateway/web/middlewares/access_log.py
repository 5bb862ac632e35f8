"""One line a request, on every end: answered, failed, or left by the client."""

import asyncio
import time
from typing import Any

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.web.record import RECORD, Record

log = structlog.get_logger("gateway.access")


@web.middleware
async def access_log(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Time the request and write its line; no body, no token, no query."""
    began = time.perf_counter()
    status: int | None = None
    try:
        response = await handler(request)
        status = response.status
    except asyncio.CancelledError:
        request[RECORD].end = "client_left"
        raise
    finally:
        _write_line(request, status, (time.perf_counter() - began) * 1000)
    return response


def _write_line(request: web.Request, status: int | None, milliseconds: float) -> None:
    record = request[RECORD]
    told = {key: value for key, value in _facts(record).items() if value is not None}
    log.info("request", method=request.method, path=request.path, status=status, ms=round(milliseconds, 1), **told)


def _facts(record: Record) -> dict[str, Any]:
    """What the record holds, flat; None where nothing is known."""
    usage, trace, error, answer = record.usage, record.trace, record.error, record.answer
    return {
        "dialect": record.dialect,
        "model": record.model,
        "upstream_model": record.upstream_model,
        "answered_model": answer.model if answer and answer.model != record.upstream_model else None,
        "stream": record.stream or None,
        "input_tokens": usage.input_tokens if usage else None,
        "output_tokens": usage.output_tokens if usage else None,
        "estimated": (usage.estimated or None) if usage else None,
        "effort": record.effort,
        "credits": record.credits,
        "context_percent": answer.context_percent if answer else None,
        "repaired": record.repaired or None,
        "stop": record.stop.reason.value if record.stop else None,
        "attempts": trace.attempts or None,
        "faults": trace.faults or None,
        "stuck": trace.stuck or None,
        "refreshes": trace.refreshes or None,
        "queued_ms": round(record.pool_request.queued * 1000) or None,
        "waited_ms": round(trace.waited * 1000) or None,
        "account": trace.account,
        "account_switches": trace.switches or None,
        "endpoint": trace.endpoint,
        "upstream_request_id": trace.upstream_request_id,
        "unknown_events": (dict(answer.unknown) or None) if answer else None,
        "error": error.kind.label if error else None,
        "reason": error.message if error else None,
        "end": record.end,
    }
