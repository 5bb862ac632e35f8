"""The ids of a chat: the same in every turn, so that Kiro's prompt cache, and the account that has it, are found."""

import hashlib
import re
from typing import Final

from msgspec import Struct

from gateway.conversation import Conversation, Image, Text, ToolResult
from gateway.kiro.continuation import UserTurn, user_turn

_PIECE: Final = 64 * 1024
"""Characters of a prompt that are encoded at once."""

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.IGNORECASE)


class ChatIds(Struct, frozen=True):
    """What a request belongs to.

    conversation: Kiro's ``conversationId``, by which GPT's prompt cache is keyed. chat: this chat alone, where
    ``conversation`` may be shared: for the account that serves it and what is remembered of it. turn: the user's turn.
    """

    conversation: str
    chat: str
    turn: UserTurn


def chat_ids(conversation: Conversation) -> ChatIds:
    """The ids of a client's conversation as it came: nothing of it is trimmed yet, and no instruction put in.

    The client's session comes first, then its ``prompt_cache_key``, then what opens the chat. An application may use
    one ``prompt_cache_key`` for all its chats, so that it is no mark of a chat: that is made of the opening then.
    """
    if conversation.session:
        chat = identity = _named(b"session", conversation.session)
    else:
        chat = _opening_id(conversation)
        identity = _named(b"cache key", conversation.cache_key) if conversation.cache_key else chat
    return ChatIds(identity, chat, user_turn(chat, conversation))


def chat_id(conversation: Conversation) -> str:
    """The id of the chat alone; see ``ChatIds.chat``."""
    return _named(b"session", conversation.session) if conversation.session else _opening_id(conversation)


def _named(kind: bytes, mark: str) -> str:
    """The UUID at the end of a client's mark (``user_…_session_<uuid>``), else one that is made of the whole mark.

    A subagent's mark is its session's with its own behind it: ``<uuid>/<agent>``.
    """
    found = _UUID.search(mark[-36:])
    return found[0].lower() if found else uuid_of(kind, mark.encode(errors="replace"))


def _opening_id(conversation: Conversation) -> str:
    """Of the system prompt and the first user message; later messages change from turn to turn."""
    prompt = conversation.system if conversation.opening_system is None else conversation.opening_system
    return uuid_of(b"opening", _encoded(prompt), _opening(conversation))


def _opening(conversation: Conversation) -> bytes:
    first = next((message for message in conversation.messages if message.role == "user"), None)
    pieces: list[str] = []
    for block in first.blocks if first else ():
        match block:
            case Text(text):
                pieces.append(text)
            case Image(_, data):
                pieces.append(data)
            case ToolResult(call_id):
                pieces.append(call_id)
    return _encoded("\0".join(pieces))


def _encoded(text: str) -> bytes:
    """In pieces: 30 MB in one call would hold up other threads for 40 ms."""
    if len(text) <= _PIECE:
        return text.encode(errors="replace")
    return b"".join([text[start : start + _PIECE].encode(errors="replace") for start in range(0, len(text), _PIECE)])


def uuid_of(*parts: bytes) -> str:
    """A UUID (version 8, the one for a maker's own scheme) that depends on the parts alone."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    raw = bytearray(digest.digest()[:16])
    raw[6] = raw[6] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
