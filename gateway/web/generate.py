"""The one handler of all dialects: a client's request in, a streamed or a whole answer out."""

import time
from typing import Any

from aiohttp import web

from gateway import jsontext
from gateway.conversation import Conversation
from gateway.dialects.dialect import Dialect, Opening
from gateway.upstream.client import UpstreamClient
from gateway.upstream.stream import OpenStream
from gateway.web.answer_stream import AnswerStream
from gateway.web.body import read_conversation, read_object
from gateway.web.pump import Pace, Pump, whole
from gateway.web.record import RECORD, Record
from gateway.web.translate import Translation, Translator


class Generate:
    """The handler of one dialect's routes."""

    def __init__(self, dialect: Dialect, translator: Translator, upstream: UpstreamClient, pace: Pace) -> None:
        self._dialect = dialect
        self._translator = translator
        self._upstream = upstream
        self._pace = pace

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Read, translate, open the upstream, and answer as the client asked. Raises GatewayError."""
        record = request[RECORD]
        record.dialect = self._dialect.name
        body = await read_object(request, record.capture)
        conversation = read_conversation(self._dialect, body, request.headers)
        record.model, record.stream = conversation.model, conversation.stream
        translation = self._translator.translate(conversation, self._dialect.name)
        record.upstream_model = translation.draft.model_id
        if conversation.stream:
            return await self._streamed(request, conversation, translation, body)
        return await self._whole(record, conversation, translation, body)

    async def _streamed(
        self, request: web.Request, conversation: Conversation, translation: Translation, body: dict[str, Any]
    ) -> web.StreamResponse:
        record = request[RECORD]
        encoder = self._dialect.encoder(body, _opening(record, conversation, translation))
        response = AnswerStream(request, truth(conversation))
        pump = Pump(encoder, response, record, self._pace)
        return await pump.run(lambda: self._open(translation, record))

    async def _whole(
        self, record: Record, conversation: Conversation, translation: Translation, body: dict[str, Any]
    ) -> web.Response:
        reply = await whole(lambda: self._open(translation, record), record)
        answer = jsontext.encode(self._dialect.render(reply, body, _opening(record, conversation, translation)))
        record.capture.client_bytes(answer)
        return web.Response(body=answer, content_type="application/json", headers=truth(conversation))

    async def _open(self, translation: Translation, record: Record) -> OpenStream:
        stream = await self._upstream.open(
            translation.draft,
            lambda: self._translator.answer(translation),
            record.trace,
            preferred=translation.resolved.preferred_endpoint,
            tap=record.capture,
        )
        record.answer = stream.answer
        return stream


def truth(conversation: Conversation) -> dict[str, str]:
    """Headers that say what the answer's body cannot: which parameters had no effect."""
    return {"x-kiro-gateway-ignored": ", ".join(conversation.ignored)} if conversation.ignored else {}


def _opening(record: Record, conversation: Conversation, translation: Translation) -> Opening:
    """The answer's id is made of the request's, so that one finds the other in the log."""
    return Opening(
        answer_id=record.request_id.removeprefix("req_"),
        model=conversation.model,
        created=int(time.time()),
        input_tokens=translation.plan.input_estimate,
    )
