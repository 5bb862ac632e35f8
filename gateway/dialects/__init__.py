"""The client APIs. To add one: a package here, and its object in this tuple."""

from typing import Final

from gateway.dialects.anthropic import ANTHROPIC
from gateway.dialects.dialect import Dialect
from gateway.dialects.openai_chat import OPENAI_CHAT
from gateway.dialects.openai_responses import OPENAI_RESPONSES

DIALECTS: Final[tuple[Dialect, ...]] = (OPENAI_CHAT, ANTHROPIC, OPENAI_RESPONSES)
"""The first one also clothes errors of requests that belong to none."""
