"""LiteLLM with its providers openai and anthropic, with a tool loop by hand."""

import json
import os
import sys
from pathlib import Path

import litellm

api, scene, prompt = sys.argv[1:]
url, key, name = (os.environ[name] for name in ("GATEWAY_URL", "KIRO_GATEWAY_API_KEY", "GATEWAY_MODEL"))
where = {
    "chat": {"model": f"openai/{name}", "api_base": f"{url}/v1"},
    "messages": {"model": f"anthropic/{name}", "api_base": url},
}[api]
PARAMETERS = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
TOOL = {"type": "function", "function": {"name": "read_word", "description": "Reads a file.", "parameters": PARAMETERS}}


def ask(messages, **more):
    return litellm.completion(messages=messages, api_key=key, **where, **more)


messages = [{"role": "user", "content": prompt}]
match scene:
    case "hello":
        print(ask(messages).choices[0].message.content)
    case "tool":
        message = ask(messages, tools=[TOOL]).choices[0].message
        messages.append(message.model_dump())
        for call in message.tool_calls:
            text = Path(json.loads(call.function.arguments)["path"]).read_text()
            messages.append({"role": "tool", "tool_call_id": call.id, "content": text})
        print(ask(messages, tools=[TOOL]).choices[0].message.content)
    case _:
        for chunk in ask(messages, stream=True):
            print(chunk.choices[0].delta.content or "", end="", flush=True)
