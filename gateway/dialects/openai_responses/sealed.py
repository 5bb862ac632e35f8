"""Reasoning in ``encrypted_content``: what Kiro must get back unchanged, in one opaque text that clients hand around.

The text is ``kgr1.`` and base64 of ``["thinking", text, signature]`` or ``["redacted", data]``. It is packed, not
encrypted: Kiro's own signature proves the thinking, and what is redacted only Kiro can read.
"""

import base64
import binascii
from typing import Final

from gateway import jsontext
from gateway.conversation import RedactedThinking, Thinking

_PREFIX: Final = "kgr1."


def seal(block: Thinking | RedactedThinking) -> str | None:
    """The block as ``encrypted_content``; None for thinking without a signature, which Kiro would not take back."""
    match block:
        case RedactedThinking(data):
            return _packed(["redacted", data])
        case Thinking(text, str(signature)) if signature:
            return _packed(["thinking", text, signature])
    return None


def unseal(content: str) -> Thinking | RedactedThinking | None:
    """What was sealed; None for anything foreign, such as the reasoning of another service's model."""
    if not content.startswith(_PREFIX):
        return None
    try:
        packed = jsontext.decode(
            base64.b64decode(content[len(_PREFIX) :].encode("ascii"), altchars=b"-_", validate=True)
        )
    except (binascii.Error, UnicodeError, jsontext.JsonError):
        return None
    match packed:
        case ["redacted", str(data)]:
            return RedactedThinking(data)
        case ["thinking", str(text), str(signature)]:
            return Thinking(text, signature)
    return None


def _packed(parts: list[str]) -> str:
    return _PREFIX + base64.urlsafe_b64encode(jsontext.encode(parts)).decode("ascii")
