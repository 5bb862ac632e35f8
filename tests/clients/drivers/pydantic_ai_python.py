"""pydantic-ai with each of the three APIs."""

import asyncio
import os
import sys
from pathlib import Path

from pydantic_ai import Agent
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

api, scene, prompt = sys.argv[1:]
url, key, name = (os.environ[name] for name in ("GATEWAY_URL", "KIRO_GATEWAY_API_KEY", "GATEWAY_MODEL"))
openai = OpenAIProvider(base_url=f"{url}/v1", api_key=key)
model = {
    "messages": lambda: AnthropicModel(name, provider=AnthropicProvider(base_url=url, api_key=key)),
    "chat": lambda: OpenAIChatModel(name, provider=openai),
    "responses": lambda: OpenAIResponsesModel(name, provider=openai),
}[api]()
agent = Agent(model)


def read_word(path: str) -> str:
    """Reads a file."""
    return Path(path).read_text()


async def stream() -> None:
    """Print the answer as it comes."""
    async with agent.run_stream(prompt) as answer:
        async for text in answer.stream_text(delta=True, debounce_by=None):
            print(text, end="", flush=True)


if scene == "tool":
    agent.tool_plain(read_word)
if scene in ("hello", "tool"):
    print(agent.run_sync(prompt).output)
else:
    asyncio.run(stream())
