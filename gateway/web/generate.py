"""The one handler of all dialects: a client's request in, a streamed or a whole answer out."""

import asyncio
import time

from aiohttp import web

from gateway import jsontext
from gateway.accounts.queue import PoolRequest
from gateway.conversation import Conversation
from gateway.dialects.dialect import Dialect, Encoder, Opening
from gateway.reply import Reply
from gateway.upstream.client import UpstreamClient
from gateway.upstream.stream import OpenStream
from gateway.web.answer_stream import AnswerStream
from gateway.web.body import SmallBody, read_conversation, read_object
from gateway.web.buffered import Buffered
from gateway.web.documents import Documents
from gateway.web.double_price import confirm, expect
from gateway.web.guard import Guard
from gateway.web.heavy import LIGHT_BYTES
from gateway.web.memory import FORGETFUL, Memory, Recollection
from gateway.web.pump import Pace, Pump, Source, whole
from gateway.web.record import RECORD, Record
from gateway.web.schema_checks import SchemaChecks
from gateway.web.searching import Searches
from gateway.web.settle import Settle
from gateway.web.translate import Translation, Translator
from gateway.web.truth import truth


class Generate:
    """The handler of one dialect's routes."""

    def __init__(
        self,
        dialect: Dialect,
        translator: Translator,
        upstream: UpstreamClient,
        pace: Pace,
        *,
        searches: Searches,
        checks: SchemaChecks,
        memory: Memory = FORGETFUL,
        repair: bool = False,
        guard: Guard | None = None,
        documents: Documents | None = None,
        buffered: bool = False,
    ) -> None:
        """repair: a whole answer that is not what the client demanded is asked for once more.

        buffered: a stream is held back until it is whole.
        """
        self._dialect = dialect
        self._translator = translator
        self._upstream = upstream
        self._pace = pace
        self._searches = searches
        self._checks = checks
        self._memory = memory
        self._repair = repair
        self._guard = guard or Guard()
        self._documents = documents or Documents()
        self._buffered = buffered

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Read, translate, open the upstream, and answer as the client asked. Raises GatewayError."""
        record = request[RECORD]
        record.dialect = self._dialect.name
        recollection = self._memory.begin(record.owner, await read_object(request, record.capture))
        record.pool_request = PoolRequest(record.owner, request.content.total_bytes)
        said = await read_conversation(self._dialect, recollection.body, request)
        await self._checks.check(said.output)
        conversation = recollection.continued(await self._documents.read(said))
        record.model, record.stream = conversation.model, conversation.stream
        conversation = self._searches.offered(self._guard.admit(conversation, record))
        large = not isinstance(recollection.body, SmallBody)
        translation = await self._translator.translated(conversation, self._dialect.name, large=large)
        self._guard.watch(record, translation)
        if conversation.stream:
            return await self._streamed(request, conversation, translation, recollection)
        return await self._whole(record, conversation, translation, recollection)

    async def _streamed(
        self, request: web.Request, conversation: Conversation, translation: Translation, recollection: Recollection
    ) -> web.StreamResponse:
        record, body = request[RECORD], recollection.body
        opening = _opening(record, conversation, translation)

        def encoder(opening: Opening) -> Encoder:
            made = self._dialect.encoder(body, opening)
            return recollection.watched(made, lambda reply: self._dialect.render(reply, body, opening))

        response = AnswerStream(request, {})

        async def opened() -> Source:
            stream = await self._open(conversation, translation, record)
            response.tell(truth(record, over=False))
            return stream

        if self._buffered:
            held = Buffered(encoder, opening, opened, record)

            async def filled() -> Source:
                whole_answer = await held.open()
                confirm(record)
                response.tell(truth(record))
                return whole_answer

            return await Pump(held, response, record, self._pace).run(filled)
        return await Pump(encoder(opening), response, record, self._pace).run(opened)

    async def _whole(
        self, record: Record, conversation: Conversation, translation: Translation, recollection: Recollection
    ) -> web.Response:
        reply = await self._settled(record, conversation, translation)
        opening = _opening(record, conversation, translation)
        rendered = self._dialect.render(reply, recollection.body, opening)
        answer = jsontext.encode(rendered)
        if len(answer) > LIGHT_BYTES:
            await asyncio.sleep(0)  # each of these steps takes 3 ms for a megabyte
        recollection.keep(reply, rendered)
        record.capture.client_bytes(answer)
        return web.Response(body=answer, content_type="application/json", headers=truth(record))

    async def _settled(self, record: Record, conversation: Conversation, translation: Translation) -> Reply:
        async def ask(asked: Conversation) -> Reply:
            again = asked is not conversation
            sent = await self._again(asked, translation) if again else translation
            return await whole(lambda: self._open(asked, sent, record), record)

        return await Settle(ask, record, repair=self._repair).run(conversation, translation.demands.tool_choice)

    async def _open(self, conversation: Conversation, translation: Translation, record: Record) -> Source:
        """The open answer: as Kiro gives it, or with searches in its course, or held to what the client demanded."""

        async def again(asked: Conversation) -> OpenStream:
            return await self._sent(await self._again(asked, translation), record)

        stream = await self._sent(translation, record)
        searched = self._searches.within(stream, conversation, again, record)
        return self._translator.honoured(searched, translation, self._checks)

    async def _again(self, asked: Conversation, first: Translation) -> Translation:
        """The translation of a conversation that goes on from the one that was translated first."""
        return await self._translator.translated(asked, self._dialect.name, large=first.large)

    async def _sent(self, translation: Translation, record: Record) -> OpenStream:
        expect(record, translation)
        stream = await self._upstream.open(
            translation.draft,
            lambda: record.decoding(self._translator.answer(translation)),
            record.next_call(),
            preferred=translation.resolved.preferred_endpoint,
            tap=record.capture,
            pool_request=record.pool_request,
        )
        record.answer = stream.answer
        return stream


def _opening(record: Record, conversation: Conversation, translation: Translation) -> Opening:
    """The answer's id is made of the request's, so that one finds the other in the log."""
    return Opening(
        answer_id=record.request_id.removeprefix("req_"),
        model=conversation.model,
        created=int(time.time()),
        input_tokens=translation.plan.input_estimate,
    )
