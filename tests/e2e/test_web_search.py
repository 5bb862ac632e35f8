"""Web search by the official SDKs: the simulator sees the search and the turn that carries what was found."""

import json
from typing import Any

import anthropic
import openai
import pytest
from anthropic.types import Message

from tests.e2e.conftest import Rig
from tests.e2e.honoured import END, call_frames, text_frames

MODEL = "claude-sonnet-4.5"
ASKED: Any = [{"role": "user", "content": "Use web_search with query=`kiro`"}]
SEARCH: Any = {"type": "web_search_20250305", "name": "web_search"}
LOOK: Any = {"name": "look", "input_schema": {"type": "object", "properties": {}}}
URLS = [f"https://example.org/{number}?q=kiro" for number in (1, 2, 3)]


def searches(*queries: str) -> list[dict[str, Any]]:
    """Frames of a turn that calls the search, once a query."""
    frames = []
    for number, query in enumerate(queries):
        call = {"name": "web_search", "toolUseId": f"tooluse_{number}{query}"}
        payloads = [{**call, "input": json.dumps({"query": query})}, {**call, "stop": True}]
        frames += [{"event": "toolUseEvent", "payload": payload} for payload in payloads]
    return [*frames, *END]


def ask(claude: anthropic.Anthropic, *, stream: bool = False, messages: Any = ASKED, **options: Any) -> Message:
    options = {"model": MODEL, "max_tokens": 900, "messages": messages, "tools": [SEARCH], **options}
    if not stream:
        return claude.messages.create(**options)
    with claude.messages.stream(**options) as events:
        return events.get_final_message()


def found_by(message: Message) -> list[Any]:
    return [block.content for block in message.content if block.type == "web_search_tool_result"]


def newest(rig: Rig) -> dict[str, Any]:
    state = rig.simulator.requests()[-1]["body"]["conversationState"]
    return dict(state["currentMessage"]["userInputMessage"]["userInputMessageContext"])


@pytest.mark.parametrize("stream", [False, True])
def test_a_search_is_part_of_one_answer(rig: Rig, claude: anthropic.Anthropic, stream: bool) -> None:
    message = ask(claude, stream=stream)
    assert [block.type for block in message.content] == ["text", "server_tool_use", "web_search_tool_result", "text"]
    _, call, result, text = message.content
    assert call.input == {"query": "kiro"} and call.id == result.tool_use_id and call.id.startswith("srvtoolu_")
    assert [page.url for page in result.content] == URLS
    assert result.content[0].page_age == "March 1, 2026"
    assert "Result 1 for kiro" in text.text and "What the simulator knows of kiro" in text.text
    assert message.stop_reason == "end_turn" and message.usage.server_tool_use.web_search_requests == 1
    assert message.usage.output_tokens > 0


def test_kiro_is_asked_to_search_and_then_told_what_was_found(rig: Rig, claude: anthropic.Anthropic) -> None:
    ask(claude)
    [search] = rig.simulator.requests("mcp")
    assert search["body"]["params"] == {"name": "web_search", "arguments": {"query": "kiro"}}
    assert search["headers"]["x-amzn-kiro-profile-arn"].startswith("arn:")
    first, second = rig.simulator.requests()
    assert URLS[0] in json.dumps(newest(rig)["toolResults"])
    assert first["body"]["conversationState"]["conversationId"] == second["body"]["conversationState"]["conversationId"]


def test_the_history_brings_the_search_back_as_it_was(rig: Rig, claude: anthropic.Anthropic) -> None:
    message = ask(claude)
    told = newest(rig)["toolResults"]
    said = [*ASKED, {"role": "assistant", "content": message.content}, {"role": "user", "content": "Thanks!"}]
    ask(claude, messages=said)
    history = rig.simulator.requests()[-1]["body"]["conversationState"]["history"]
    results = [
        entry["userInputMessage"]["userInputMessageContext"]["toolResults"]
        for entry in history
        if "toolResults" in entry.get("userInputMessage", {}).get("userInputMessageContext", {})
    ]
    assert results == [told]


@pytest.mark.parametrize(
    ("limits", "numbers"),
    [
        ({"blocked_domains": ["example.org/2"]}, [1, 3]),
        ({"allowed_domains": ["example.org/3*", "example.com"]}, [3]),
        ({"allowed_domains": ["org"]}, [1, 2, 3]),
        ({"blocked_domains": ["EXAMPLE.org"]}, []),
        ({"allowed_domains": ["ample.org"]}, []),
    ],
)
def test_domains_are_held_to(rig: Rig, claude: anthropic.Anthropic, limits: Any, numbers: list[int]) -> None:
    [pages] = found_by(ask(claude, tools=[{**SEARCH, **limits}]))
    assert [page.url for page in pages] == [URLS[number - 1] for number in numbers]


def test_no_more_searches_than_allowed_and_an_answer_all_the_same(rig: Rig, claude: anthropic.Anthropic) -> None:
    rig.simulator.push(
        {"frames": searches("a", "b")}, {"frames": searches("c", "d")}, {"frames": text_frames("That is all.")}
    )
    message = ask(claude, tools=[{**SEARCH, "max_uses": 3}])
    outcomes = [isinstance(found, list) or found.error_code for found in found_by(message)]
    assert outcomes == [True, True, True, "max_uses_exceeded"]
    assert len(rig.simulator.requests("mcp")) == message.usage.server_tool_use.web_search_requests == 3
    assert message.content[-1].text == "That is all." and message.stop_reason == "end_turn"


def test_a_model_that_will_not_stop_searching_is_stopped(rig: Rig, claude: anthropic.Anthropic) -> None:
    rig.simulator.push({"frames": searches("again"), "always": True})
    message = ask(claude, stream=True, tools=[{**SEARCH, "max_uses": 2}])
    assert (len(rig.simulator.requests("mcp")), len(rig.simulator.requests())) == (2, 4)
    assert message.stop_reason == "end_turn"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"status": 500, "body": {"message": "boom"}}, "unavailable"),
        ({"status": 429, "body": {"message": "slow down", "reason": None}}, "too_many_requests"),
        ({"status": 200, "body": {"error": {"code": -32602, "message": "no"}, "id": "1"}}, "unavailable"),
        ({"status": 200, "body": "<html>"}, "unavailable"),
    ],
)
def test_a_search_that_fails_is_told_to_model_and_client(
    rig: Rig, claude: anthropic.Anthropic, answer: dict[str, Any], code: str
) -> None:
    rig.simulator.push({"on": "mcp", "always": True, **answer})
    message = ask(claude)
    assert [found.error_code for found in found_by(message)] == [code]
    assert newest(rig)["toolResults"][0]["status"] == "error" and message.stop_reason == "end_turn"


def test_a_token_that_the_search_refuses_is_renewed(rig: Rig, claude: anthropic.Anthropic) -> None:
    refused = {"message": "The bearer token included in the request is invalid."}
    rig.simulator.push({"on": "mcp", "status": 403, "body": refused})
    assert len(found_by(ask(claude))[0]) == 3


def test_a_call_of_the_clients_own_tool_ends_the_turn(rig: Rig, claude: anthropic.Anthropic) -> None:
    rig.simulator.push({"frames": [*call_frames("look", "tooluse_x"), *searches("a")]})
    message = ask(claude, stream=True, tools=[LOOK, SEARCH])
    assert [block.type for block in message.content] == ["tool_use", "server_tool_use", "web_search_tool_result"]
    assert message.stop_reason == "tool_use" and len(rig.simulator.requests()) == 1


def test_a_turn_that_fails_after_a_search_is_an_error(rig: Rig, claude: anthropic.Anthropic) -> None:
    rig.simulator.push({"frames": searches("a")}, {"status": 400, "body": {"message": "no"}, "always": True})
    with pytest.raises(anthropic.APIStatusError, match="no"):
        ask(claude)


def test_what_is_not_offered_is_never_called(rig: Rig, claude: anthropic.Anthropic) -> None:
    message = ask(claude, tools=[LOOK])
    assert "web_search_tool_result" not in [block.type for block in message.content]
    assert not rig.simulator.requests("mcp") and len(newest(rig)["tools"]) == 1


def test_a_tool_of_the_clients_with_that_name_is_its_own(rig: Rig, claude: anthropic.Anthropic) -> None:
    message = ask(claude, tools=[SEARCH, {**LOOK, "name": "web_search"}])
    assert message.content[-1].type == "tool_use" and not rig.simulator.requests("mcp")


@pytest.mark.parametrize("stream", [False, True])
def test_responses_tell_of_it_as_an_item(rig: Rig, gpt: openai.OpenAI, stream: bool) -> None:
    options: Any = {"model": MODEL, "input": ASKED, "tools": [{"type": "web_search"}], "reasoning": {"effort": "none"}}
    options["include"] = ["web_search_call.action.sources"]
    if stream:
        with gpt.responses.stream(**options) as events:
            seen = [event.type for event in events]
            answer: Any = events.get_final_response()
        states = [name.rpartition(".")[2] for name in seen if "web_search_call" in name]
        assert states == ["in_progress", "searching", "completed"]
    else:
        answer = gpt.responses.create(**options)
    assert [item.type for item in answer.output] == ["message", "web_search_call", "message"]
    search = answer.output[1]
    assert (search.status, search.action.query) == ("completed", "kiro")
    assert [source.url for source in search.action.sources] == URLS
    assert "Result 1 for kiro" in answer.output_text


@pytest.mark.parametrize("store", [False, True])
def test_responses_take_the_search_back(rig: Rig, gpt: openai.OpenAI, store: bool) -> None:
    options: Any = {"model": MODEL, "tools": [{"type": "web_search"}], "store": store}
    first = gpt.responses.create(input=ASKED, **options)
    if store:
        second = gpt.responses.create(input="Thanks!", previous_response_id=first.id, **options)
    else:
        output = [item.model_dump(exclude_none=True) for item in first.output]
        second = gpt.responses.create(input=[*ASKED, *output, {"role": "user", "content": "Thanks!"}], **options)
    history = json.dumps(rig.simulator.requests()[-1]["body"]["conversationState"]["history"])
    assert second.status == "completed" and ("no longer at hand" in history) is not store
    assert '"query": "kiro"' in history


def test_max_tool_calls_is_the_number_of_searches(rig: Rig, gpt: openai.OpenAI) -> None:
    rig.simulator.push({"frames": searches("a", "b")}, {"frames": text_frames("Done.")})
    answer = gpt.responses.create(model=MODEL, input=ASKED, tools=[{"type": "web_search"}], max_tool_calls=1)
    assert [item.status for item in answer.output if item.type == "web_search_call"] == ["completed", "failed"]


@pytest.mark.parametrize("stream", [False, True])
def test_chat_has_the_words_alone(rig: Rig, gpt: openai.OpenAI, stream: bool) -> None:
    place: Any = {"type": "approximate", "approximate": {"city": "Ulm", "country": "DE"}}
    options: Any = {"model": MODEL, "messages": ASKED, "web_search_options": {"user_location": place}}
    if stream:
        with gpt.chat.completions.stream(**options) as events:
            answer: Any = events.until_done().get_final_completion()
    else:
        answer = gpt.chat.completions.create(**options)
    choice = answer.choices[0]
    assert choice.finish_reason == "stop" and not choice.message.tool_calls
    assert "Result 1 for kiro" in choice.message.content
    assert "The user is in Ulm, DE." in newest(rig)["tools"][0]["toolSpecification"]["description"]
