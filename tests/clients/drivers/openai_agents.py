"""OpenAI's Agents SDK with both of OpenAI's APIs."""

import asyncio
import os
import sys
from pathlib import Path

from agents import (
    Agent,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from openai import AsyncOpenAI
from openai.types.responses import ResponseTextDeltaEvent

api, scene, prompt = sys.argv[1:]
client = AsyncOpenAI(base_url=f"{os.environ['GATEWAY_URL']}/v1", api_key=os.environ["KIRO_GATEWAY_API_KEY"])
kind = {"chat": OpenAIChatCompletionsModel, "responses": OpenAIResponsesModel}[api]
set_tracing_disabled(True)


@function_tool
def read_word(path: str) -> str:
    """Reads a file."""
    return Path(path).read_text()


agent = Agent(
    name="reader",
    model=kind(model=os.environ["GATEWAY_MODEL"], openai_client=client),
    tools=[read_word] if scene == "tool" else [],
)


async def main() -> None:
    """Whole for hello, streamed for the rest."""
    if scene == "hello":
        print((await Runner.run(agent, prompt)).final_output)
        return
    answer = Runner.run_streamed(agent, prompt)
    async for event in answer.stream_events():
        if event.type == "raw_response_event" and isinstance(event.data, ResponseTextDeltaEvent):
            print(event.data.delta, end="", flush=True)


asyncio.run(main())
