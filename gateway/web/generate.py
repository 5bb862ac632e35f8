"""The one handler of all dialects: a client's request in, a streamed or a whole answer out."""

import time
from typing import Any

from aiohttp import web

from gateway import jsontext
from gateway.conversation import Conversation
from gateway.dialects.dialect import Dialect, Opening
from gateway.reply import Reply
from gateway.upstream.client import UpstreamClient
from gateway.upstream.stream import OpenStream
from gateway.web.answer_stream import AnswerStream
from gateway.web.body import read_conversation, read_object
from gateway.web.honoured import Honoured
from gateway.web.pump import Pace, Pump, whole
from gateway.web.record import RECORD, Record
from gateway.web.settle import Settle
from gateway.web.translate import Translation, Translator


class Generate:
    """The handler of one dialect's routes."""

    def __init__(
        self, dialect: Dialect, translator: Translator, upstream: UpstreamClient, pace: Pace, *, repair: bool = False
    ) -> None:
        """repair: a whole answer that is not what the client demanded is asked for once more."""
        self._dialect = dialect
        self._translator = translator
        self._upstream = upstream
        self._pace = pace
        self._repair = repair

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
        reply = await self._settled(record, conversation, translation)
        answer = jsontext.encode(self._dialect.render(reply, body, _opening(record, conversation, translation)))
        record.capture.client_bytes(answer)
        return web.Response(body=answer, content_type="application/json", headers=truth(conversation) | record.told)

    async def _settled(self, record: Record, conversation: Conversation, translation: Translation) -> Reply:
        async def ask(asked: Conversation) -> Reply:
            again = asked is not conversation
            sent = self._translator.translate(asked, self._dialect.name) if again else translation
            return await whole(lambda: self._open(sent, record), record)

        return await Settle(ask, record, repair=self._repair).run(conversation, translation.demands.tool_choice)

    async def _open(self, translation: Translation, record: Record) -> OpenStream | Honoured:
        stream = await self._upstream.open(
            translation.draft,
            lambda: self._translator.answer(translation),
            record.trace,
            preferred=translation.resolved.preferred_endpoint,
            tap=record.capture,
        )
        record.answer = stream.answer
        return self._translator.honoured(stream, translation)


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
