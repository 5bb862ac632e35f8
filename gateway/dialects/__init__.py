"""The client APIs. To add one: a package here, and its object in this tuple."""

from typing import Final

from gateway.dialects.anthropic import ANTHROPIC
from gateway.dialects.dialect import Dialect
from gateway.dialects.openai_chat import OPENAI_CHAT

DIALECTS: Final[tuple[Dialect, ...]] = (OPENAI_CHAT, ANTHROPIC)
"""The first one also clothes errors of requests that belong to none."""
