"""SDKs and frameworks, each with a small program in ``drivers/`` that uses it as its own documents do."""

from collections.abc import Iterator
from typing import Literal

from tests.clients.program import Program

TOOL = "Use the tool read_word with path=`word.txt`"


def _rows(
    name: str, registry: Literal["npm", "pypi"], driver: str, packages: tuple[str, ...], apis: dict[str, str]
) -> Iterator[Program]:
    """One program for each API; apis: what the driver is told → the API's name in the table."""
    runner = "node" if registry == "npm" else "python"
    identity = driver.rpartition(".")[0].replace("_", "-")
    for told, api in apis.items():
        yield Program(
            id=f"{identity}-{told}" if len(apis) > 1 else identity,
            name=name,
            registry=registry,
            packages=packages,
            api=api,
            driver=driver,
            command=(runner, "$driver", told, "$scene", "$prompt"),
            environment={"GATEWAY_URL": "$url", "GATEWAY_MODEL": "$model"},
            tool=TOOL,
        )


CHAT, RESPONSES, MESSAGES = {"chat": "chat"}, {"responses": "responses"}, {"messages": "messages"}
PROVIDERS = {
    "anthropic": "messages (@ai-sdk/anthropic 4.0.105)",
    "openai": "responses (@ai-sdk/openai 4.0.118)",
    "compatible": "chat (@ai-sdk/openai-compatible 3.0.92)",
}
AI_SDK = ("ai@7.0.173", "@ai-sdk/anthropic@4.0.105", "@ai-sdk/openai@4.0.118", "@ai-sdk/openai-compatible@3.0.92")
LANGCHAIN = ("langchain-openai==1.7.3", "langchain-anthropic==1.7.7")
LITELLM = ("litellm==1.106.2", "mcp")
PYDANTIC_AI = ("pydantic-ai==2.38.0", "anthropic<2")  # its own request for Anthropic fails with the SDK 2.11

FRAMEWORKS = (
    *_rows("openai for Node", "npm", "openai_node.mjs", ("openai@7.55.0",), CHAT | RESPONSES),
    *_rows("@anthropic-ai/sdk", "npm", "anthropic_node.mjs", ("@anthropic-ai/sdk@1.11.0",), MESSAGES),
    *_rows("AI SDK", "npm", "ai_sdk.mjs", (*AI_SDK, "zod@4"), PROVIDERS),
    *_rows("openai for Python", "pypi", "openai_python.py", ("openai==3.52.0",), CHAT | RESPONSES),
    *_rows("anthropic for Python", "pypi", "anthropic_python.py", ("anthropic==2.11.0",), MESSAGES),
    *_rows("LangChain", "pypi", "langchain_python.py", LANGCHAIN, MESSAGES | CHAT | RESPONSES),
    *_rows("LiteLLM", "pypi", "litellm_python.py", LITELLM, MESSAGES | CHAT),
    *_rows("pydantic-ai", "pypi", "pydantic_ai_python.py", PYDANTIC_AI, MESSAGES | CHAT | RESPONSES),
    *_rows("openai-agents", "pypi", "openai_agents.py", ("openai-agents==0.24.0",), CHAT | RESPONSES),
)
