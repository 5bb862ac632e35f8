"""kiro-gateway: OpenAI and Anthropic clients on a Kiro login."""

from typing import Final

__version__: Final = "0.1.0"
