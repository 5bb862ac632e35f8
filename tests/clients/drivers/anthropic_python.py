"""Anthropic's SDK for Python; the tool scene uses its tool runner, which first tries threads."""

import os
import sys
from pathlib import Path

import anthropic

_, scene, prompt = sys.argv[1:]
client = anthropic.Anthropic(base_url=os.environ["GATEWAY_URL"], api_key=os.environ["KIRO_GATEWAY_API_KEY"])
question = {
    "model": os.environ["GATEWAY_MODEL"],
    "max_tokens": 1024,
    "messages": [{"role": "user", "content": prompt}],
}


@anthropic.beta_tool
def read_word(path: str) -> str:
    """Reads a file.

    Args:
        path: Where it is.
    """
    return Path(path).read_text()


match scene:
    case "hello":
        print(client.messages.create(**question).content[0].text)
    case "tool":
        for message in client.beta.messages.tool_runner(**question, tools=[read_word]):
            print(message.content)
    case _:
        with client.messages.stream(**question) as stream:
            for text in stream.text_stream:
                print(text, end="", flush=True)
