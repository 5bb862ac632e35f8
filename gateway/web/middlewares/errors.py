"""Every error becomes an answer in the client's own shape: a status before the answer began, an event after."""

from collections.abc import Sequence

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from gateway.dialects.dialect import Dialect
from gateway.errors import GatewayError, Kind
from gateway.kiro.circumstances import completed
from gateway.web.record import RECORD
from gateway.web.refusal import clothes, from_http, refusal
from gateway.web.truth import truth

log = structlog.get_logger("gateway.errors")


def errors(dialects: Sequence[Dialect]) -> Middleware:
    """The middleware for these client APIs."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except GatewayError as error:
            return await _answer(request, dialects, error)
        except web.HTTPException as error:
            response = await _answer(request, dialects, from_http(error))
            if isinstance(error, web.HTTPMethodNotAllowed):
                response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
            return response
        except Exception:  # the one place where an unforeseen error becomes an answer (rule 20)
            log.exception("unforeseen_error")
            ours = GatewayError(
                Kind.INTERNAL, "The gateway itself failed; its log has the reason under this request id."
            )
            return await _answer(request, dialects, ours)

    return middleware


async def _answer(request: web.Request, dialects: Sequence[Dialect], error: GatewayError) -> web.StreamResponse:
    """The answer, or the end of the one that has begun. Here, and only here, an error is completed."""
    record = request[RECORD]
    if record.around is not None:
        trace = record.trace
        error = completed(
            error,
            record.around,
            request_id=trace.upstream_request_id,
            sent_bytes=trace.sent_bytes,
            quota_reset=trace.quota_reset,
        )
    record.error = error
    if record.abort is not None:
        return await record.abort(error)
    response = refusal(clothes(request, dialects), error, record.request_id)
    response.headers.update(truth(record))
    if isinstance(response.body, bytes):
        record.capture.client_bytes(response.body)
    return response
