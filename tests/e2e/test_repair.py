"""``honour.repair``: a whole answer that is not what was demanded is asked for once more, and only once."""

from collections.abc import Iterator
from pathlib import Path

import anthropic
import openai
import pytest

from tests.e2e.conftest import Rig
from tests.e2e.honoured import call_frames, sent_text, text_frames
from tests.processes import Simulator, gateway_environment, running

MODEL = "claude-sonnet-4.5"
HELLO = [{"role": "user", "content": "Say hello."}]
CITY = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
FORMAT = {"format": {"type": "json_schema", "schema": CITY}}
TOOLS = [{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {}}}}]


@pytest.fixture(scope="module")
def repairing(simulator: Simulator, authority: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    home = tmp_path_factory.mktemp("repairing")
    settings = gateway_environment(home, simulator.url, authority, KIRO_GATEWAY_HONOUR_REPAIR="true")
    with running("serve", "--port", "0", environment=settings, log=home / "log") as process:
        yield Rig(process, simulator, authority)


@pytest.fixture
def rig(repairing: Rig) -> Rig:
    repairing.simulator.reset()
    return repairing


def test_json_that_did_not_fit_is_asked_for_again_with_the_reason(rig: Rig, claude: anthropic.Anthropic) -> None:
    rig.simulator.push({"frames": text_frames('{"nom": "Ulm"}')}, {"frames": text_frames('{"name": "Ulm"}')})
    message = claude.messages.create(model=MODEL, max_tokens=500, messages=HELLO, output_config=FORMAT)
    assert message.content[0].text == '{"name": "Ulm"}'
    assert message.usage.model_dump()["credits_used"] == 0.5
    said, asked = rig.simulator.requests()[-1]["body"]["conversationState"]["history"][-1], sent_text(rig)
    assert said["assistantResponseMessage"]["content"] == '{"nom": "Ulm"}'
    assert "'name' is a required property" in asked and "<json_schema>" in asked


def test_a_second_answer_that_does_not_fit_is_the_error(rig: Rig, claude: anthropic.Anthropic) -> None:
    rig.simulator.push({"frames": text_frames("Sure!"), "times": 3})
    with pytest.raises(anthropic.APIStatusError, match="not JSON") as caught:
        claude.messages.create(model=MODEL, max_tokens=500, messages=HELLO, output_config=FORMAT)
    assert caught.value.status_code == 502
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert len(rig.simulator.requests()) == 2


def test_a_stream_is_never_asked_for_again(rig: Rig, claude: anthropic.Anthropic) -> None:
    rig.simulator.push({"frames": text_frames("Sure!"), "times": 3})
    options = {"model": MODEL, "max_tokens": 500, "messages": HELLO, "output_config": FORMAT}
    with pytest.raises(anthropic.APIError, match="not JSON"), claude.messages.stream(**options) as stream:
        stream.until_done()
    assert len(rig.simulator.requests()) == 1


def test_a_missing_call_is_asked_for_again(rig: Rig, gpt: openai.OpenAI) -> None:
    rig.simulator.push({"frames": text_frames("No.")}, {"frames": [*call_frames("look_up", "it"), *text_frames()]})
    answer = gpt.chat.completions.create(model=MODEL, messages=HELLO, tools=TOOLS, tool_choice="required")
    assert [call.id for call in answer.choices[0].message.tool_calls or ()] == ["it"]
    assert "You called no tool." in sent_text(rig)


def test_a_call_that_is_still_missing_is_told_in_the_header(rig: Rig, gpt: openai.OpenAI) -> None:
    rig.simulator.push({"frames": text_frames("No."), "times": 3})
    raw = gpt.chat.completions.with_raw_response.create(
        model=MODEL, messages=HELLO, tools=TOOLS, tool_choice="required"
    )
    assert raw.headers["x-kiro-gateway-unmet"] == "tool_choice"
    assert raw.parse().choices[0].message.content == "No."
    assert len(rig.simulator.requests()) == 2
