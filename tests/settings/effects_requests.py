"""What the settings of models, thinking, tools, prompts, answers and limits do."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from gateway.kiro.recovery import NOTICE
from gateway.simulator.options import Options
from tests.live import Live
from tests.settings.stage import Effect, look, race

CHAT = "/v1/chat/completions"
TEXT = {"event": "assistantResponseEvent", "payload": {"content": "Hello"}}
END = {"event": "contextUsageEvent", "payload": {"contextUsagePercentage": 12.5}}
TOOL = {"name": "get", "description": "Gets it.", "input_schema": {"type": "object", "properties": {}}}
CUT_CALL = {"event": "toolUseEvent", "payload": {"toolUseId": "cut", "name": "get", "input": '{"a": "b'}}
FAILING = [
    message
    for number in range(5)
    for message in (
        {"role": "assistant", "content": [{"type": "tool_use", "id": f"c{number}", "name": "get", "input": {}}]},
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": f"c{number}", "content": "no", "is_error": True}],
        },
    )
]


def said(*words: str) -> dict[str, Any]:
    return {"frames": [{**TEXT, "payload": {"content": text}} for text in words] + [END]}


async def listed(live: Live) -> list[str]:
    answer = await live.get("/v1/models")
    return [model["id"] for model in (await answer.json())["data"]]


async def sent(live: Live, path: str = "/v1/messages", **changes: Any) -> str:
    """What Kiro was sent for a request, as text."""
    status, _ = await live.ask(path, **changes)
    assert status == 200
    return json.dumps(live.sent())


async def lists_hidden(live: Live) -> bool:
    return "mine" in await listed(live)


async def lists_auto(live: Live) -> bool:
    return "auto" in await listed(live)


async def model_of_alias(live: Live) -> Any:
    await live.ask(model="auto-kiro")
    return live.sent()["conversationState"]["currentMessage"]["userInputMessage"]["modelId"]


async def list_without_kiro(live: Live) -> bool:
    live.simulator.push({"on": "models", "status": 500, "body": {"message": "no"}, "always": True})
    return "mine" in await listed(live)


async def window(live: Live) -> Any:
    live.simulator.push(said("Hello"))
    _, answer = await live.ask(model="nobody-knows-it")
    usage = answer["usage"]
    return usage["input_tokens"] + usage["output_tokens"]


async def asks_again(usual: Live, changed: Live) -> tuple[int, int]:
    """The changed one asks for the list a second time; the usual one has asked once by then."""
    await usual.simulator.until("models")
    await changed.simulator.until("models", 2)
    return len(usual.simulator.requests("models")), 2


async def thinks(live: Live) -> bool:
    return "<thinking_mode>" in await sent(live, CHAT)


async def thinking_told(live: Live) -> str:
    live.simulator.push(said("<thinking>hm</thinking>Hello"))
    _, answer = await live.ask(CHAT)
    message = answer["choices"][0]["message"]
    return f"{message.get('reasoning_content')}/{message['content']}"


async def budget(live: Live, **changes: Any) -> str:
    text = await sent(live, CHAT, **changes)
    return text.partition("<max_thinking_length>")[2].partition("<")[0]


async def asked_budget(live: Live) -> str:
    text = await sent(live, max_tokens=40_000, thinking={"type": "enabled", "budget_tokens": 20_000})
    return text.partition("<max_thinking_length>")[2].partition("<")[0]


async def long_description_stays(live: Live) -> bool:
    await sent(live, tools=[{**TOOL, "description": "d" * 500}])
    message = live.sent()["conversationState"]["currentMessage"]["userInputMessage"]
    [tool] = message["userInputMessageContext"]["tools"]
    return "d" * 500 in json.dumps(tool)


async def tells_of_cut_calls(live: Live) -> bool:
    live.simulator.push({"frames": [TEXT, CUT_CALL, END]})
    question = {"role": "user", "content": "Say hello."}
    await live.ask(tools=[TOOL], messages=[question])
    call = {"type": "tool_use", "id": "cut", "name": "get", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "cut", "content": "invalid", "is_error": True}
    history = [question, {"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    await live.ask(tools=[TOOL], messages=history)
    return NOTICE in live.sent()["conversationState"]["currentMessage"]["userInputMessage"]["content"]


async def block_of_written_call(live: Live) -> str:
    live.simulator.push(said("[Called get with args: {}]"))
    _, answer = await live.ask(tools=[TOOL])
    return str(answer["content"][-1]["type"])


async def messages_before(live: Live) -> int:
    await sent(live, system="Be kind.")
    return len(live.sent()["conversationState"].get("history", []))


async def bills(live: Live) -> bool:
    return "cc_version" in await sent(live, system="x-anthropic-billing-header: cc_version=2.1; cc_entrypoint=cli;")


async def search_offered(live: Live) -> bool:
    return "web_search" in await sent(live)


async def begins_with_kiros_count(live: Live) -> bool:
    """Whether the first event has a count that Kiro told after the text."""
    live.simulator.push(said("Hello"))
    begin, _, _ = (await live.stream()).partition("content_block_start")
    return '"input_tokens":24' in begin


async def pings_tell_usage(live: Live) -> bool:
    live.simulator.push(said(*["word " * 300] * 5))
    return any('"ping"' in line and "usage" in line for line in (await live.stream(max_tokens=9000)).splitlines())


async def stored(live: Live) -> int:
    _, made = await live.ask("/v1/responses", input="Say hello.")
    return (await live.get(f"/v1/responses/{made['id']}")).status


async def sends_for_json(live: Live) -> int:
    live.simulator.push(said("Sure!"), said("{}"))
    await live.ask(CHAT, response_format={"type": "json_object"})
    return len(live.simulator.requests("generate"))


async def status_of_long(live: Live) -> int:
    status, _ = await live.ask(system="x" * 5000)
    return status


async def status_of_long_history(live: Live) -> int:
    turns = [{"role": role, "content": "x" * 1500} for _ in range(4) for role in ("user", "assistant")]
    status, _ = await live.ask(messages=[*turns, {"role": "user", "content": "Say hello."}])
    return status


async def status_of_circle(live: Live) -> int:
    status, _ = await live.ask(tools=[TOOL], messages=[{"role": "user", "content": "go"}, *FAILING])
    return status


async def comments(usual: Live, changed: Live) -> tuple[bool, bool]:
    """Nobody has begun to answer; the changed one comments on that, which lets both answers begin."""
    return await _let_go(usual, changed, {"frames": [{**TEXT, "gate": "go"}, END]}, b": waiting")


async def pings(usual: Live, changed: Live) -> tuple[bool, bool]:
    """Both answers stand still; the changed one pings, which lets both go on."""
    return await _let_go(usual, changed, {"frames": [TEXT, {**END, "gate": "go"}]}, b": ping")


async def _let_go(usual: Live, changed: Live, script: dict[str, Any], sign: bytes) -> tuple[bool, bool]:
    for live in (usual, changed):
        live.simulator.push(script)
    patient = asyncio.ensure_future(usual.stream(CHAT))
    async with changed.post(CHAT, stream=True) as answer:
        seen = await answer.content.readuntil(sign)
        for live in (usual, changed):
            live.simulator.open("go")
        return sign in (await patient).encode(), sign in seen


TABLE: Mapping[str, Effect] = {
    "models.hidden": Effect(look(lists_hidden, {"mine": "claude-new-9"}), False, True),
    "models.aliases": Effect(look(model_of_alias, {"auto-kiro": "claude-haiku-4.5"}), "auto", "claude-haiku-4.5"),
    "models.hidden_from_list": Effect(look(lists_auto, ()), False, True),
    "models.fallback": Effect(look(list_without_kiro, ("mine",)), False, True),
    "models.cache_ttl": Effect(race(asks_again, 1), 1, 2),
    "models.default_max_input_tokens": Effect(
        look(window, 400_000, options=Options(off=frozenset({"unknown-model"}))), 25_000, 50_000
    ),
    "thinking.default_on": Effect(look(thinks, False), True, False),
    "thinking.handling": Effect(look(thinking_told, "remove"), "hm/Hello", "None/Hello"),
    "thinking.max_tokens": Effect(look(budget, 2000), "4000", "2000"),
    "thinking.budget_cap": Effect(look(asked_budget, 0), "10000", "20000"),
    "tools.description_max_length": Effect(look(long_description_stays, 100), True, False),
    "tools.truncation_recovery": Effect(look(tells_of_cut_calls, False), True, False),
    "tools.parse_text_calls": Effect(look(block_of_written_call, True), "text", "tool_use"),
    "prompt.system_in_first_pair": Effect(look(messages_before, False), 2, 0),
    "prompt.strip_billing_header": Effect(look(bills, False), False, True),
    "web_search.enabled": Effect(look(search_offered, True), False, True),
    "stream.buffered": Effect(look(begins_with_kiros_count, True), False, True),
    "stream.usage_pings": Effect(look(pings_tell_usage, True), False, True),
    "stream.hold": Effect(race(comments, 0.02), False, True),
    "stream.ping_interval": Effect(race(pings, 0.05), False, True),
    "honour.repair": Effect(look(sends_for_json, True), 1, 2),
    "responses.store": Effect(look(stored, False), 200, 404),
    "guard.max_payload_bytes": Effect(look(status_of_long, 2048), 200, 413),
    "guard.auto_trim": Effect(look(status_of_long_history, True, **{"guard.max_payload_bytes": 6000}), 413, 200),
    "guard.repeats": Effect(look(status_of_circle, True), 200, 400),
}
