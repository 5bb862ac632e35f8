"""OpenAI's SDK for Python: chat and responses, with a tool loop by hand."""

import json
import os
import sys
from pathlib import Path

import openai

api, scene, prompt = sys.argv[1:]
client = openai.OpenAI(base_url=f"{os.environ['GATEWAY_URL']}/v1", api_key=os.environ["KIRO_GATEWAY_API_KEY"])
model = os.environ["GATEWAY_MODEL"]
PARAMETERS = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
FUNCTION = {"name": "read_word", "description": "Reads a file.", "parameters": PARAMETERS}


def read(arguments):
    return Path(json.loads(arguments)["path"]).read_text()


def chat():
    messages = [{"role": "user", "content": prompt}]
    if scene == "hello":
        print(client.chat.completions.create(model=model, messages=messages).choices[0].message.content)
        return
    tools = [{"type": "function", "function": FUNCTION}] if scene == "tool" else openai.omit
    while True:
        with client.chat.completions.stream(model=model, messages=messages, tools=tools) as stream:
            for event in stream:
                if event.type == "content.delta":
                    print(event.delta, end="", flush=True)
            message = stream.get_final_completion().choices[0].message
        if not message.tool_calls:
            return
        messages.append(message.to_dict())
        for call in message.tool_calls:
            messages.append({"role": "tool", "tool_call_id": call.id, "content": read(call.function.arguments)})


def responses():
    given = [{"role": "user", "content": prompt}]
    if scene == "hello":
        print(client.responses.create(model=model, input=given).output_text)
        return
    tools = [{"type": "function", "strict": False, **FUNCTION}] if scene == "tool" else openai.omit
    while True:
        with client.responses.stream(model=model, input=given, tools=tools, store=False) as stream:
            for event in stream:
                if event.type == "response.output_text.delta":
                    print(event.delta, end="", flush=True)
            answer = stream.get_final_response()
        given += [item.to_dict() for item in answer.output]
        calls = [item for item in answer.output if item.type == "function_call"]
        if not calls:
            return
        given += [
            {"type": "function_call_output", "call_id": call.call_id, "output": read(call.arguments)} for call in calls
        ]


{"chat": chat, "responses": responses}[api]()
