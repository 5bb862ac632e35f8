"""The id of a chat: the same in every turn, so that Kiro's prompt cache finds it again."""

import hashlib
import re
from typing import Final

from gateway.conversation import Conversation, Image, Text, ToolResult

_PIECE: Final = 64 * 1024
"""Characters of a prompt that are encoded at once."""

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def conversation_id(conversation: Conversation) -> str:
    """The client's own session where it told one, else a UUID made from what opens the chat.

    Of several UUIDs in a session mark the last counts: ``user_…_account_<uuid>_session_<uuid>``.
    """
    if conversation.session:
        found = _UUID.findall(conversation.session)
        return str(found[-1]).lower() if found else uuid_of(b"session", conversation.session.encode(errors="replace"))
    return uuid_of(b"opening", _encoded(conversation.system), _opening(conversation))


def _opening(conversation: Conversation) -> bytes:
    """What the first user message says; later messages change from turn to turn."""
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
