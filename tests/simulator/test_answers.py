import base64
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from gateway import jsontext
from gateway.simulator import answers, events, models
from gateway.simulator.events import Message
from gateway.simulator.prompt import OfferedTool, Prompt
from tests.simulator.client import Heard, decode

WEATHER = OfferedTool(
    "get_weather", {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
)
NOW = OfferedTool("now", {"type": "object", "properties": {}})


def prompt(text: str = "hello", model: str = "claude-sonnet-4.5", **rest: Any) -> Prompt:
    served = models.find(model)
    assert served is not None
    return replace(Prompt(model=served, conversation_id="c", text=text, system="", input_tokens=1000), **rest)


def heard(asked: Prompt, *, rpc: bool = False) -> Heard:
    raw = b"".join(message.encode() for message in answers.answer(asked, rpc=rpc, utterance_id="u"))
    return Heard(200, {}, raw, decode(raw))


def test_hello_is_greeted_in_several_deltas_with_wide_characters() -> None:
    answer = heard(prompt("Hello there"))
    assert answer.text().startswith("Hello!")
    assert not answer.text().isascii()
    assert len(answer.payloads("assistantResponseEvent")) > 3


def test_other_prompts_are_echoed_by_the_simulator() -> None:
    text = heard(prompt("What does this repository do?", images=2, tools=(WEATHER,))).text()
    assert "simulator" in text
    assert "“What does this repository do?”" in text
    assert "29 characters" in text
    assert "2 image(s)" in text
    assert "get_weather" in text


def test_json_that_is_asked_for_is_answered_by_its_schema() -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    assert heard(prompt('Look up "Lisbon".', json=schema)).text() == '{"city":"Lisbon"}'


def test_the_rpc_style_opens_with_its_two_frames() -> None:
    assert heard(prompt(), rpc=True).kinds()[:2] == ["initial-response", "messageMetadataEvent"]
    assert heard(prompt(), rpc=False).kinds()[0] == "assistantResponseEvent"


def test_a_tool_that_is_named_is_called_with_the_quoted_value() -> None:
    answer = heard(prompt("Look up `Lisbon` with the get_weather tool", tools=(NOW, WEATHER)))
    assert answer.calls() == {"get_weather": {"city": "Lisbon"}}
    parts = answer.payloads("toolUseEvent")
    assert "input" not in parts[0]
    assert parts[-1]["stop"] is True
    assert len(parts) > 3
    assert len({part["toolUseId"] for part in parts}) == 1


@pytest.mark.parametrize("text", ["Please use a tool", "use one of your tools", "call it"])
def test_asking_for_a_tool_without_a_name_calls_the_first(text: str) -> None:
    assert [call.name for call in answers.tool_calls(prompt(text, tools=(NOW, WEATHER)))] == ["now"]


def test_every_mention_is_a_call_with_the_words_that_follow_it() -> None:
    calls = answers.tool_calls(prompt("get_weather city=Oslo, get_weather city=Rome, now", tools=(NOW, WEATHER)))
    assert [(call.name, call.arguments) for call in calls] == [
        ("get_weather", {"city": "Oslo"}),
        ("get_weather", {"city": "Rome"}),
        ("now", {}),
    ]


@pytest.mark.parametrize("text", ["what is nowadays", "get_weather_v2 please", "hello"])
def test_a_name_inside_another_word_calls_nothing(text: str) -> None:
    assert answers.tool_calls(prompt(text, tools=(NOW, WEATHER))) == []


def test_after_results_the_answer_quotes_them_and_calls_nothing() -> None:
    answer = heard(prompt("call now", tools=(NOW,), results=("18 °C\nsunny", "x" * 3000)))
    assert "18 °C\nsunny\n" in answer.text()
    assert answer.text().count("x") >= 1900
    assert "toolUseEvent" not in answer.kinds()


@pytest.mark.parametrize(
    ("native", "kinds"),
    [
        ({"thinking": {"type": "adaptive", "display": "summarized"}}, {"text", "signature"}),
        ({"thinking": {"type": "adaptive", "display": "omitted"}}, {"signature"}),
        ({"thinking": {"type": "adaptive"}}, {"signature"}),
        ({"thinking": {"type": "disabled"}}, set()),
        ({}, set()),
    ],
)
def test_claude_reasons_as_its_field_asks(native: dict[str, Any], kinds: set[str]) -> None:
    parts = heard(prompt(model="claude-opus-4.7", native=native)).payloads("reasoningContentEvent")
    assert {key for part in parts for key in part} == kinds
    if parts:
        assert "signature" in parts[-1]


def test_redacted_reasoning_comes_when_the_prompt_asks_for_it() -> None:
    native = {"thinking": {"type": "adaptive", "display": "summarized"}}
    parts = heard(prompt("[[redacted]] hi", "claude-opus-4.7", native=native)).payloads("reasoningContentEvent")
    assert [list(part) for part in parts] == [["redactedContent"]]
    assert base64.b64decode(parts[0]["redactedContent"])


@pytest.mark.parametrize(("effort", "thinks"), [("high", True), ("none", False)])
def test_gpt_reasons_without_a_signature_unless_its_effort_is_none(effort: str, *, thinks: bool) -> None:
    parts = heard(prompt(model="gpt-5.6-sol", native={"reasoning": {"effort": effort}})).payloads(
        "reasoningContentEvent"
    )
    assert bool(parts) is thinks
    assert not any("signature" in part for part in parts)


def test_thinking_tags_open_the_text_and_arrive_in_parts() -> None:
    answer = heard(prompt(tags=True))
    assert answer.text().startswith("<thinking>")
    assert "</thinking>\n\nHello!" in answer.text()
    assert not any("</thinking>" in part["content"] for part in answer.payloads("assistantResponseEvent"))


def _ends(model: str) -> list[Message]:
    served = models.find(model)
    assert served is not None
    return list(answers.completion(replace(prompt(model=served.id), input_tokens=900), 100, "END_TURN"))


@pytest.mark.parametrize(
    ("model", "kinds"),
    [
        ("claude-sonnet-4.5", ["contextUsageEvent", "meteringEvent"]),
        ("claude-opus-4.7", ["metadataEvent", "contextUsageEvent", "meteringEvent"]),
        ("auto", ["meteringEvent", "contextUsageEvent"]),
        ("claude-opus-4.6", []),
    ],
)
def test_each_model_completes_a_turn_in_its_own_way(model: str, kinds: list[str]) -> None:
    assert [message.headers[":event-type"] for message in _ends(model)] == kinds


def test_context_usage_is_the_share_of_the_window_and_credits_follow_the_rate() -> None:
    assert [message.payload for message in _ends("claude-sonnet-4.5")] == [
        events.context_usage(0.5).payload,
        events.metering(0.039).payload,
    ]


@pytest.mark.parametrize(
    ("model", "input_tokens", "credits"),
    [
        ("gpt-5.6-luna", 271_999, 2.2),
        ("gpt-5.6-luna", 272_000, 2.2),
        ("gpt-5.6-luna", 272_001, 4.4),
        ("claude-opus-5", 272_001, 4.4),
        ("claude-opus-5", 900_000, 4.4),
    ],
)
def test_above_its_threshold_the_whole_request_of_a_gpt_model_costs_double(
    model: str, input_tokens: int, credits: float
) -> None:
    asked = replace(prompt(model=model), input_tokens=input_tokens)
    [metered] = _metered(answers.completion(asked, 100, "END_TURN"))
    assert metered == credits


def test_metering_comes_in_as_many_events_as_the_prompt_asks_for() -> None:
    once = heard(prompt("[[metering 1]] hi")).payloads("meteringEvent")
    split = heard(prompt("[[metering 3]] hi")).payloads("meteringEvent")
    assert len(once) == 1 and len(split) == 3
    assert sum(part["usage"] for part in split) == pytest.approx(once[0]["usage"], abs=1e-5)
    assert len(heard(prompt("[[metering 0]] [[metering 99999]]")).payloads("meteringEvent")) == 1


def _metered(messages: Iterable[Message]) -> list[float]:
    metered = [message for message in messages if message.headers[":event-type"] == "meteringEvent"]
    return [jsontext.decode(message.payload)["usage"] for message in metered]


def test_the_stop_reason_of_newer_models_tells_a_call_from_an_end() -> None:
    reasons = [
        heard(prompt(text, "claude-opus-4.8", tools=(NOW,))).payloads("metadataEvent")[0]["stopReason"]
        for text in ("hello", "now")
    ]
    assert reasons == ["END_TURN", "TOOL_USE"]


def test_signatures_differ_by_text_and_only_by_text() -> None:
    assert answers.sign("a") == answers.sign("a") != answers.sign("b")
