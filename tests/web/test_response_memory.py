"""Previous responses and references, out of what is kept."""

from typing import Any

import pytest

from gateway.conversation import Conversation, Message, Text, ToolCall
from gateway.dialects.openai_responses import OPENAI_RESPONSES
from gateway.errors import GatewayError
from gateway.events import Stop, StopReason
from gateway.reply import Reply
from gateway.web.kept_responses import KeptResponses
from gateway.web.memory import FORGETFUL
from gateway.web.response_memory import NoResponses, ResponseMemory
from tests.dialects.turns import OPENING, TURNS, call, text

OWN = b"own"
ID = f"resp_{OPENING.answer_id}"
MESSAGE = f"msg_{OPENING.answer_id}_0"
FIRST: dict[str, Any] = {"model": "m", "input": "hi"}
TURN = [*text(0, "Hello"), *call(1, "run", "{}")]
SAID = (Message("user", (Text("hi"),)), Message("assistant", (Text("Hello"), ToolCall("tooluse_run", "run", "{}"))))


@pytest.fixture
def kept() -> KeptResponses:
    return KeptResponses(lambda: 0.0)


def reply() -> Reply:
    folded = Reply()
    for event in [*TURN, Stop(StopReason.TOOL_USE)]:
        folded.add(event)
    return folded


def turn(kept: KeptResponses, **body: Any) -> Conversation:
    """One request and its answer, whole."""
    recollection = ResponseMemory(kept).begin(OWN, {**FIRST, **body})
    conversation = recollection.continued(OPENAI_RESPONSES.parse(recollection.body, {}))
    recollection.keep(reply(), OPENAI_RESPONSES.render(reply(), recollection.body, OPENING))
    return conversation


def test_a_chat_goes_on_from_the_previous_response(kept: KeptResponses) -> None:
    turn(kept)
    result = {"type": "function_call_output", "call_id": "tooluse_run", "output": "done"}
    second = turn(kept, input=[result], previous_response_id=ID)
    assert second.messages[:2] == SAID
    assert len(second.messages) == 3


def test_instructions_count_once_and_other_system_messages_stay(kept: KeptResponses) -> None:
    items = [{"role": "developer", "content": "Base."}, {"role": "user", "content": "hi"}]
    turn(kept, input=items, instructions="Once.")
    second = turn(kept, instructions="Twice.", previous_response_id=ID)
    third = turn(kept, previous_response_id=ID)
    assert (second.system, third.system) == ("Twice.\n\nBase.", "Base.")


@pytest.mark.parametrize("again", ["more", [{"role": "user", "content": "more"}]])
def test_tools_that_an_earlier_input_brought_stay(kept: KeptResponses, again: object) -> None:
    tools = {"type": "additional_tools", "role": "developer", "tools": [{"type": "custom", "name": "exec"}]}
    turn(kept, input=[{"role": "user", "content": "hi"}, tools])
    second = turn(kept, input=again, previous_response_id=ID)
    third = turn(kept, input=again, previous_response_id=ID)
    assert [tool.name for tool in second.tools] == [tool.name for tool in third.tools] == ["exec"]
    assert second.messages[-1] == Message("user", (Text("more"),))


@pytest.mark.parametrize("reference", [{"type": "item_reference", "id": MESSAGE}, {"id": MESSAGE}])
def test_a_reference_is_the_item_it_names_at_its_place(kept: KeptResponses, reference: dict[str, str]) -> None:
    turn(kept)
    found = turn(kept, input=[{"role": "user", "content": "hi"}, reference, {"role": "user", "content": "b"}])
    assert found.messages[1] == Message("assistant", (Text("Hello"),))


@pytest.mark.parametrize(
    "item", [{"type": "item_reference", "id": "msg_other_0"}, {"id": f"{MESSAGE}9"}, {"role": "user", "id": MESSAGE}, 5]
)
def test_what_is_no_reference_to_a_kept_item_stays(kept: KeptResponses, item: object) -> None:
    turn(kept)
    assert ResponseMemory(kept).begin(OWN, {"input": [item]}).body["input"] == [item]


def test_another_key_has_no_part_in_it(kept: KeptResponses) -> None:
    turn(kept)
    with pytest.raises(GatewayError, match="keeps no such response") as raised:
        ResponseMemory(kept).begin(b"other", {**FIRST, "previous_response_id": ID})
    assert (raised.value.path, raised.value.code) == ("previous_response_id", "previous_response_not_found")


def test_nothing_is_kept_that_the_client_wants_not_kept(kept: KeptResponses) -> None:
    turn(kept, store=False)
    assert kept.find(OWN, ID) is None
    recollection = ResponseMemory(kept).begin(OWN, {**FIRST, "store": False})
    encoder = OPENAI_RESPONSES.encoder(FIRST, OPENING)
    assert recollection.watched(encoder, lambda _reply: {}) is encoder


def test_a_streamed_answer_is_kept_before_its_end_goes_out_and_in_the_same_bytes(kept: KeptResponses) -> None:
    recollection = ResponseMemory(kept).begin(OWN, FIRST)
    recollection.continued(OPENAI_RESPONSES.parse(FIRST, {}))
    plain = OPENAI_RESPONSES.encoder(FIRST, OPENING)
    encoder = recollection.watched(
        OPENAI_RESPONSES.encoder(FIRST, OPENING), lambda reply: OPENAI_RESPONSES.render(reply, FIRST, OPENING)
    )
    assert (encoder.start(), encoder.ping()) == (plain.start(), plain.ping())
    for event in TURNS["text"]:
        assert kept.find(OWN, ID) is None
        assert encoder.encode(event) == plain.encode(event)
    assert kept.find(OWN, ID) is not None


def test_an_answer_that_broke_is_not_kept(kept: KeptResponses) -> None:
    recollection = ResponseMemory(kept).begin(OWN, FIRST)
    recollection.continued(OPENAI_RESPONSES.parse(FIRST, {}))
    encoder = recollection.watched(OPENAI_RESPONSES.encoder(FIRST, OPENING), lambda _reply: {})
    for event in TURNS["failure_in_text"]:
        encoder.encode(event)
    assert kept.find(OWN, ID) is None


def test_an_empty_answer_adds_no_message(kept: KeptResponses) -> None:
    recollection = ResponseMemory(kept).begin(OWN, FIRST)
    recollection.continued(OPENAI_RESPONSES.parse(FIRST, {}))
    recollection.keep(Reply(), {"id": ID})
    found = kept.find(OWN, ID)
    assert found is not None and found.messages == SAID[:1]


def test_a_body_of_a_wrong_shape_is_left_to_the_schema(kept: KeptResponses) -> None:
    body = {"input": 5, "previous_response_id": 7}
    assert ResponseMemory(kept).begin(OWN, body).body == body


def test_with_the_switch_off_nothing_is_kept_and_the_answer_says_so() -> None:
    recollection = NoResponses().begin(OWN, {**FIRST, "store": True})
    assert recollection.body["store"] is False
    with pytest.raises(GatewayError, match=r"responses\.store"):
        NoResponses().begin(OWN, {**FIRST, "previous_response_id": ID})


def test_the_other_apis_remember_nothing() -> None:
    recollection = FORGETFUL.begin(OWN, FIRST)
    conversation = OPENAI_RESPONSES.parse(FIRST, {})
    encoder = OPENAI_RESPONSES.encoder(FIRST, OPENING)
    recollection.keep(reply(), {})
    assert recollection.body is FIRST
    assert recollection.continued(conversation) is conversation
    assert recollection.watched(encoder, lambda _reply: {}) is encoder
