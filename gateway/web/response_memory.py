"""The memory of the Responses API: ``previous_response_id`` and item references, out of the kept answers."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from gateway import jsontext
from gateway.conversation import Conversation
from gateway.dialects.dialect import Encoder
from gateway.dialects.system import joined
from gateway.errors import GatewayError, Kind
from gateway.events import Event, Stop
from gateway.reply import Reply
from gateway.search import history
from gateway.web.kept_responses import Kept, KeptResponses
from gateway.web.memory import Nothing, Recollection

Json = dict[str, Any]


class ResponseMemory:
    """The memory of a gateway that keeps answers."""

    def __init__(self, kept: KeptResponses) -> None:
        self._kept = kept

    def begin(self, owner: bytes, body: Json) -> Recollection:
        """Look up what the body refers to. Raises INVALID_REQUEST when the previous response is not kept.

        The body's shape is not checked yet: what is not of the right one is left for the schema to refuse.
        """
        previous = None
        id_ = body.get("previous_response_id")
        if isinstance(id_, str):
            previous = self._kept.find(owner, id_)
            if previous is None:
                raise _not_kept("The gateway keeps no such response (any more): send the whole history")
        return _Thread(self._kept, owner, body, previous)


class NoResponses:
    """The memory of a gateway that was told to keep none."""

    def begin(self, owner: bytes, body: Json) -> Recollection:
        """Raises INVALID_REQUEST for a body that goes on from a previous response."""
        if isinstance(body.get("previous_response_id"), str):
            raise _not_kept("This gateway keeps no responses (responses.store is off): send the whole history")
        return Nothing({**body, "store": False})


def _not_kept(message: str) -> GatewayError:
    return GatewayError(Kind.INVALID_REQUEST, message, path="previous_response_id", code="previous_response_not_found")


class _Thread:
    """One request among the kept answers."""

    def __init__(self, kept: KeptResponses, owner: bytes, body: Json, previous: Kept | None) -> None:
        self._kept = kept
        self._owner = owner
        self._previous = previous
        self._conversation: Conversation | None = None
        self.body = self._filled(body)

    def _filled(self, body: Json) -> Json:
        """References replaced where they stand, and earlier tools at the end, so that every index stays as it was."""
        items = body.get("input")
        earlier = self._previous.tools if self._previous else ()
        if isinstance(items, list):
            outputs: dict[str, list[Json]] = {}
            return {**body, "input": [*(self._resolved(item, outputs) for item in items), *earlier]}
        if isinstance(items, str) and earlier:
            return {**body, "input": [{"role": "user", "content": items}, *earlier]}
        return body

    def _resolved(self, item: Any, outputs: dict[str, list[Json]]) -> Any:
        """The item behind a reference to one of our own, whose id tells which answer it is of.

        outputs: those read so far, since a client may refer to many items of one answer.
        """
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            return item
        if item.get("type") not in ("item_reference", None) or item.keys() & {"role", "content"}:
            return item
        answer_id = item["id"].partition("_")[2].rpartition("_")[0]
        if answer_id not in outputs:
            kept = self._kept.find(self._owner, f"resp_{answer_id}")
            outputs[answer_id] = jsontext.decode(kept.answer)["output"] if kept else []
        return next((said for said in outputs[answer_id] if said["id"] == item["id"]), item)

    def continued(self, conversation: Conversation) -> Conversation:
        """The kept conversation before the new one; a kept system prompt behind the new one."""
        if (previous := self._previous) is not None:
            conversation = replace(
                conversation,
                system=joined([conversation.system, previous.system]),
                messages=(*previous.messages, *conversation.messages),
                session=conversation.session or previous.session,
                cache_key=conversation.cache_key or previous.cache_key,
                opening_system=previous.opening_system,
            )
        self._conversation = conversation
        return conversation

    def watched(self, encoder: Encoder, render: Callable[[Reply], Json]) -> Encoder:
        """An encoder that keeps the answer; the encoder itself where the client wants nothing kept."""
        if self.body.get("store") is False:
            return encoder
        return _Watched(encoder, lambda reply: self.keep(reply, render(reply)))

    def keep(self, reply: Reply, answer: Json) -> None:
        """Keep the answer, unless the client said ``store: false``."""
        conversation = self._conversation
        if conversation is None or self.body.get("store") is False:
            return
        instructions = self.body.get("instructions") or ""
        self._kept.put(
            answer["id"],
            Kept(
                owner=self._owner,
                answer=jsontext.encode(answer),
                system=conversation.system.removeprefix(instructions).lstrip("\n"),
                messages=(*conversation.messages, *history.answer(reply.blocks)),
                tools=tuple(_additional_tools(self.body)),
                session=conversation.session,
                cache_key=conversation.cache_key,
                opening_system=_opening_system(conversation),
            ),
        )


def _opening_system(conversation: Conversation) -> str:
    return conversation.system if conversation.opening_system is None else conversation.opening_system


def _additional_tools(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    items = body.get("input")
    return [item for item in items if item.get("type") == "additional_tools"] if isinstance(items, list) else []


class _Watched:
    """An encoder that folds the turn and hands it on at its good end, before the client can know of that."""

    def __init__(self, encoder: Encoder, keep: Callable[[Reply], None]) -> None:
        self._encoder = encoder
        self._keep = keep
        self._reply = Reply()

    def start(self) -> bytes:
        """As the encoder."""
        return self._encoder.start()

    def encode(self, event: Event) -> bytes:
        """As the encoder, and one more fold."""
        self._reply.add(event)
        if isinstance(event, Stop):
            self._keep(self._reply)
        return self._encoder.encode(event)

    def ping(self) -> bytes:
        """As the encoder."""
        return self._encoder.ping()
