"""LangChain's chat models for OpenAI's two APIs and Anthropic's, with a tool loop by hand."""

import os
import sys
from pathlib import Path

from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

api, scene, prompt = sys.argv[1:]
url, key, name = (os.environ[name] for name in ("GATEWAY_URL", "KIRO_GATEWAY_API_KEY", "GATEWAY_MODEL"))


@tool
def read_word(path: str) -> str:
    """Reads a file."""
    return Path(path).read_text()


if api == "messages":
    model = ChatAnthropic(model=name, base_url=url, api_key=key)
else:
    model = ChatOpenAI(model=name, base_url=f"{url}/v1", api_key=key, use_responses_api=api == "responses")

match scene:
    case "hello":
        print(model.invoke(prompt).text)
    case "tool":
        messages = [HumanMessage(prompt)]
        bound = model.bind_tools([read_word])
        messages.append(bound.invoke(messages))
        messages += [read_word.invoke(call) for call in messages[-1].tool_calls]
        print(bound.invoke(messages).text)
    case _:
        for chunk in model.stream(prompt):
            print(chunk.text, end="", flush=True)
