"""What the Responses API has beside its one POST: kept answers, counting, and an upgrade that is not to be had."""

from collections.abc import Callable

from aiohttp import web

from gateway import jsontext
from gateway.dialects.dialect import Dialect
from gateway.errors import GatewayError, Kind
from gateway.kiro.prompt_tokens import count_prompt
from gateway.threads import Threads
from gateway.web.body import read_conversation, read_object
from gateway.web.documents import Documents
from gateway.web.kept_responses import Kept, KeptResponses
from gateway.web.memory import Memory
from gateway.web.record import RECORD
from gateway.web.refusal import refusal
from gateway.web.response_memory import NoResponses, ResponseMemory


class Responses:
    """The handlers. memory: what generating answers keeps and looks up; None of it where ``store`` is off."""

    def __init__(
        self,
        dialect: Dialect,
        kept: KeptResponses,
        count: Callable[[str], int],
        *,
        store: bool,
        documents: Documents,
        threads: Threads,
    ) -> None:
        """threads: to count in."""
        self._dialect = dialect
        self._kept = kept
        self._count = count
        self._documents = documents
        self._threads = threads
        self.memory: Memory = ResponseMemory(kept) if store else NoResponses()

    def route(self, app: web.Application) -> None:
        """Add the handlers to an application."""
        app.router.add_get("/v1/responses", self.upgrade, allow_head=False)
        app.router.add_post("/v1/responses/input_tokens", self.count)
        app.router.add_get("/v1/responses/{id}", self.tell)
        app.router.add_delete("/v1/responses/{id}", self.forget)

    async def tell(self, request: web.Request) -> web.Response:
        """``GET /v1/responses/{id}``: the response object as it went out."""
        request[RECORD].dialect = self._dialect.name
        if request.query.get("stream") == "true":
            message = "A kept response cannot be streamed again: leave `stream` out."
            raise GatewayError(Kind.INVALID_REQUEST, message)
        return _json(self._find(request).answer)

    async def forget(self, request: web.Request) -> web.Response:
        """``DELETE /v1/responses/{id}``."""
        record = request[RECORD]
        record.dialect = self._dialect.name
        id_ = request.match_info["id"]
        if not self._kept.forget(record.owner, id_):
            raise _unknown()
        return _json(jsontext.encode({"id": id_, "object": "response", "deleted": True}))

    async def count(self, request: web.Request) -> web.Response:
        """``POST /v1/responses/input_tokens``: counted here, in a thread, as for ``/v1/messages/count_tokens``."""
        record = request[RECORD]
        record.dialect = self._dialect.name
        body = await read_object(request, record.capture)
        body.setdefault("model", "auto")
        recollection = self.memory.begin(record.owner, body)
        said = await read_conversation(self._dialect, recollection.body, request)
        conversation = await self._documents.read(said)
        record.model = conversation.model
        tokens = await self._threads.run(count_prompt, recollection.continued(conversation), self._count)
        return _json(jsontext.encode({"object": "response.input_tokens", "input_tokens": tokens}))

    async def upgrade(self, request: web.Request) -> web.Response:
        """``GET /v1/responses``: Codex tries a WebSocket first. 426 sends it to POST at once, any other status does so
        after seven tries; without an upgrade it is the path's 405.
        """
        record = request[RECORD]
        record.dialect = self._dialect.name
        if "upgrade" not in request.headers:
            raise web.HTTPMethodNotAllowed("GET", ["POST"])
        message = "The gateway speaks no WebSocket here: use POST, streamed."
        record.error = GatewayError(Kind.INVALID_REQUEST, message, status=426, should_retry=False)
        response = refusal(self._dialect, record.error, record.request_id)
        response.headers["Upgrade"] = "HTTP/1.1"  # RFC 9110 §15.5.22: a 426 names what it would have
        response.force_close()  # what follows an upgrade request on its connection is no HTTP
        return response

    def _find(self, request: web.Request) -> Kept:
        kept = self._kept.find(request[RECORD].owner, request.match_info["id"])
        if kept is None:
            raise _unknown()
        return kept


def _unknown() -> GatewayError:
    message = "The gateway keeps no response with this id. They are kept for an hour, unless responses.store is off."
    return GatewayError(Kind.NOT_FOUND, message, code="response_not_found", should_retry=False)


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")
