"""The client's own mark of a chat, so that all its requests can carry one conversation id."""

import re
from collections.abc import Mapping
from typing import Final

from gateway import jsontext

_HEADERS: Final = (
    "x-claude-code-session-id",
    "thread-id",  # Codex's subagents share its session-id and have threads of their own
    "x-session-id",
    "session-id",
    "session_id",
    "x-session-affinity",
)
_AGENT: Final = "x-claude-code-agent-id"
_LONGEST: Final = 256
_LEGACY_USER: Final = re.compile(r"_session_([0-9a-fA-F-]{36})\Z")


def from_headers(headers: Mapping[str, str]) -> str | None:
    """The session header, if there is one; names are looked up in lower case.

    A subagent of Claude Code shares its parent's session but is a chat of its own, and runs beside it.
    """
    session = next((mark for name in _HEADERS if (mark := usable(headers.get(name)))), None)
    agent = usable(headers.get(_AGENT))
    return f"{session}/{agent}" if session and agent else session


def from_user_id(user_id: str | None) -> str | None:
    """The session in Anthropic's ``metadata.user_id``: a JSON text with ``session_id``, or ``…_session_<uuid>``."""
    if user_id is None:
        return None
    if user_id.startswith("{"):
        try:
            mark = jsontext.decode(user_id).get("session_id")
        except (jsontext.JsonError, AttributeError):
            return None
        return usable(mark)
    found = _LEGACY_USER.search(user_id)
    return found[1] if found else None


def usable(mark: object) -> str | None:
    """The mark if it is a plain, short text; what else a client sends there means nothing."""
    if isinstance(mark, str) and 0 < len(mark) <= _LONGEST and mark.isprintable():
        return mark
    return None
