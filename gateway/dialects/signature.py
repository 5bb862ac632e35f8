"""Our own mark for thinking that Kiro did not sign: clients expect a signature and send it back, and nobody may take
it for Kiro's.
"""

import base64
import hashlib
import hmac
import re
from typing import Final

_PREFIX: Final = "kgw1."
_FORM: Final = re.compile(r"kgw1\.[A-Za-z0-9_-]{43}\Z")


def mark(text: str, key: bytes) -> str:
    """A signature over the thinking text: the prefix ``kgw1.`` and an HMAC-SHA-256, 48 characters."""
    digest = hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
    return _PREFIX + base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def is_ours(signature: str) -> bool:
    """Whether a signature has our form. The key is not asked: one issued before a restart is no more Kiro's."""
    return _FORM.match(signature) is not None
