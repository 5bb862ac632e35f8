"""The request body: what stands where, and that no conversation makes one Kiro refuses."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import jsontext
from gateway.conversation import (
    Block,
    Conversation,
    Image,
    Message,
    RedactedThinking,
    Text,
    Thinking,
    ThinkingRequest,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from gateway.errors import GatewayError, Kind
from gateway.kiro import rules
from gateway.kiro.history import FILLER
from gateway.kiro.model_table import KNOWN_MODELS
from gateway.kiro.models import Resolved, describe
from gateway.kiro.payload import ACKNOWLEDGEMENT, CHUNKED_WRITES, NO_OUTPUT, Draft, Layout, call_input, lay_out
from tests.kiro.conversations import CONVERSATIONS

CHAT_ID = "11111111-2222-4333-8444-555555555552"
SONNET = Resolved(describe("claude-sonnet-4.5", "upstream"))
OPUS = Resolved(describe("claude-opus-4.7", "upstream"))
PLAIN = Layout()
READ = Tool("read", "Reads a file.", {"type": "object", "properties": {"path": {"type": "string"}}})
PICTURE = Image("png", "AAAA")


def user(*blocks: Block) -> Message:
    return Message("user", blocks)


def model(*blocks: Block) -> Message:
    return Message("assistant", blocks)


def chat(*messages: Message, **parts: Any) -> Conversation:
    return Conversation("m", messages, **parts)


def drafted(conversation: Conversation, resolved: Resolved = SONNET, layout: Layout = PLAIN) -> Draft:
    return lay_out(conversation, resolved, layout)


def sent(conversation: Conversation, resolved: Resolved = SONNET, layout: Layout = PLAIN) -> Any:
    """The body as Kiro reads it."""
    return jsontext.decode(jsontext.encode(drafted(conversation, resolved, layout).body))


def current(body: Any) -> Any:
    return body["conversationState"]["currentMessage"]["userInputMessage"]


def past(body: Any) -> Any:
    return body["conversationState"]["history"]


HELLO = chat(user(Text("hi")))
LOOP = chat(
    user(Text("What is in a.txt?")),
    model(ToolCall("t1", "read", '{"path": "a.txt"}')),
    user(ToolResult("t1", (Text("hello"),))),
    system="Be kind.",
    tools=(READ,),
)


def test_the_smallest_request() -> None:
    assert sent(replace(HELLO, session=CHAT_ID)) == {
        "conversationState": {
            "agentTaskType": "vibe",
            "chatTriggerType": "MANUAL",
            "conversationId": CHAT_ID,
            "currentMessage": {"userInputMessage": {"content": "hi", "modelId": "claude-sonnet-4.5"}},
        }
    }


def test_a_tool_loop_stands_as_the_official_cli_has_it() -> None:
    body = sent(LOOP)
    assert past(body) == [
        {"userInputMessage": {"content": "Be kind."}},
        {"assistantResponseMessage": {"content": ACKNOWLEDGEMENT}},
        {"userInputMessage": {"content": "What is in a.txt?"}},
        {
            "assistantResponseMessage": {
                "content": "",
                "toolUses": [{"toolUseId": "t1", "name": "read", "input": {"path": "a.txt"}}],
            }
        },
    ]
    context = current(body)["userInputMessageContext"]
    assert context["toolResults"] == [{"toolUseId": "t1", "content": [{"text": "hello"}], "status": "success"}]
    assert [tool["toolSpecification"]["name"] for tool in context["tools"]] == ["read"]
    assert current(body)["content"] == ""


def test_the_history_is_the_same_in_the_next_turn() -> None:
    more = replace(LOOP, messages=(*LOOP.messages, model(Text("It says hello.")), user(Text("Thanks"))))
    first, second = sent(LOOP), sent(more)
    assert past(second)[: len(past(first))] == past(first)
    assert first["conversationState"]["conversationId"] == second["conversationState"]["conversationId"]


@pytest.mark.parametrize(
    ("conversation", "content"),
    [
        (chat(user(Text("hi")), system="Be kind."), "Be kind.\n\nhi"),
        (chat(user(Text("hi")), system=" \n"), "hi"),
        (chat(model(Text("a")), user(Text("hi")), system="Be kind."), f"Be kind.\n\n{FILLER}"),
    ],
)
def test_the_system_prompt_may_stand_before_the_first_user_text(conversation: Conversation, content: str) -> None:
    body = sent(conversation, layout=Layout(system_in_first_pair=False))
    turns = [*body["conversationState"].get("history", ()), body["conversationState"]["currentMessage"]]
    assert turns[0]["userInputMessage"]["content"] == content


def test_long_descriptions_follow_the_system_prompt() -> None:
    long = replace(READ, description="x" * 10_001)
    body = sent(replace(HELLO, system="Be kind.", tools=(long,)))
    assert past(body)[0]["userInputMessage"]["content"] == "Be kind.\n\n## Tool: read\n\n" + "x" * 10_001


def test_the_agentic_suffix_adds_the_rule_for_writes() -> None:
    assert past(sent(HELLO, replace(SONNET, agentic=True)))[0]["userInputMessage"]["content"] == CHUNKED_WRITES


@pytest.mark.parametrize(
    ("conversation", "resolved"),
    [
        (LOOP, replace(SONNET, chat_only=True)),
        (replace(LOOP, tool_choice=ToolChoice("none")), SONNET),
        (replace(LOOP, tools=()), SONNET),
    ],
)
def test_without_tools_their_calls_and_results_are_text(conversation: Conversation, resolved: Resolved) -> None:
    body = sent(conversation, resolved)
    assert "userInputMessageContext" not in current(body)
    assert current(body)["content"] == "Tool result:\nhello"
    assert past(body)[-1] == {"assistantResponseMessage": {"content": 'Tool call read: {"path": "a.txt"}'}}


@pytest.mark.parametrize(
    ("arguments", "input_"),
    [
        ("", {}),
        (" ", {}),
        ('{"a": 1.0}', {"a": 1.0}),
        ('{"a": "\\ud83d"}', {"a": "\ufffd"}),
        ('{"a":', {"_raw": '{"a":'}),
        ("[1]", {"_raw": "[1]"}),
        ('{"a": "\\ud83d", "b": ' + "[" * 200 + "]" * 200 + "}", None),
    ],
)
def test_arguments_become_an_object_and_nothing_is_lost(arguments: str, input_: Any) -> None:
    expected = {"_raw": arguments} if input_ is None else input_
    assert jsontext.decode(jsontext.encode(call_input(arguments))) == expected


def test_arguments_go_out_as_the_client_wrote_them() -> None:
    assert jsontext.encode(call_input('{"n": 1E5,  "big": 12345678901234567890123}')) == (
        b'{"n": 1E5,  "big": 12345678901234567890123}'
    )


def test_a_failed_tool_and_an_empty_result_are_told() -> None:
    failed = replace(LOOP, messages=(*LOOP.messages[:2], user(ToolResult("t1", (Text(""),), is_error=True))))
    (result,) = current(sent(failed))["userInputMessageContext"]["toolResults"]
    assert (result["status"], result["content"]) == ("error", [{"text": NO_OUTPUT}])


def test_pictures_go_with_the_message_they_belong_to() -> None:
    messages = (user(Text("look"), PICTURE), *LOOP.messages[1:2], user(ToolResult("t1", (PICTURE, Text("x")))))
    draft = drafted(replace(LOOP, messages=messages, system=""))
    image = {"format": "png", "source": {"bytes": "AAAA"}}
    assert past(draft.body)[0]["userInputMessage"]["images"] == [image]
    assert current(draft.body)["images"] == [image]
    assert draft.images == 2


def test_a_model_that_reads_only_text_is_sent_no_picture() -> None:
    draft = drafted(chat(user(PICTURE)), Resolved(describe("deepseek-3.2", "upstream")))
    assert draft.images == 0
    assert "images" not in current(draft.body)


@pytest.mark.parametrize(
    ("block", "content"),
    [
        (Thinking("hm", "c2ln"), {"reasoningText": {"text": "hm", "signature": "c2ln"}}),
        (RedactedThinking("c2VjcmV0"), {"redactedContent": "c2VjcmV0"}),
    ],
)
def test_signed_reasoning_goes_back_in_the_history(block: Block, content: dict[str, Any]) -> None:
    body = sent(chat(user(Text("2+2?")), model(block, Text("4")), user(Text("and 3+3?"))), OPUS)
    assert past(body)[1] == {"assistantResponseMessage": {"content": "4", "reasoningContent": content}}


def test_thinking_without_a_signature_is_not_sent() -> None:
    body = sent(chat(user(Text("2+2?")), model(Thinking("secret"), Text("4")), user(Text("ok"))))
    assert "secret" not in str(body)


def test_native_thinking_stands_beside_the_conversation() -> None:
    draft = drafted(replace(HELLO, thinking=ThinkingRequest(asked=True), max_tokens=2000), OPUS)
    assert draft.body["additionalModelRequestFields"] == {
        "thinking": {"type": "adaptive", "display": "summarized"},
        "max_tokens": 2000,
    }
    assert not draft.tags


@pytest.mark.parametrize("conversation", [HELLO, LOOP])
def test_tags_stand_before_the_current_text_even_beside_results(conversation: Conversation) -> None:
    draft = drafted(conversation, layout=Layout(default_on=True, max_tokens=1234))
    assert draft.tags
    assert current(draft.body)["content"].startswith("<thinking_mode>enabled</thinking_mode><max_thinking_length>1234<")
    assert "thinking" not in str(past(draft.body)) if "history" in draft.body["conversationState"] else True


def test_the_thinking_suffix_goes_before_what_the_request_says() -> None:
    refused = replace(HELLO, thinking=ThinkingRequest(asked=False))
    assert drafted(refused, replace(SONNET, thinking=True)).tags
    assert not drafted(refused, layout=Layout(default_on=True)).tags


def test_changed_tool_names_can_be_restored() -> None:
    draft = drafted(replace(HELLO, tools=(replace(READ, name="files.read"), READ)))
    assert list(draft.names.values()) == ["files.read"]


@pytest.mark.parametrize(("conversation", "after"), [(HELLO, False), (LOOP, True)])
def test_a_draft_tells_whether_it_answers_calls(conversation: Conversation, after: bool) -> None:
    assert drafted(conversation).after_tool_results is after


def test_a_request_without_messages_is_refused() -> None:
    with pytest.raises(GatewayError) as caught:
        drafted(chat())
    assert (caught.value.kind, caught.value.path) == (Kind.INVALID_REQUEST, "messages")


@settings(max_examples=400, deadline=None)
@given(
    CONVERSATIONS,
    st.sampled_from([row.id for row in KNOWN_MODELS] + ["unheard-of"]),
    st.booleans(),
    st.booleans(),
)
def test_no_conversation_breaks_a_rule_of_kiro(
    conversation: Conversation, model_id: str, first_pair: bool, default_on: bool
) -> None:
    resolved = Resolved(describe(model_id, "upstream"))
    layout = Layout(default_on=default_on, system_in_first_pair=first_pair)
    body = sent(conversation, resolved, layout)
    schemas = {model_id: resolved.model.fields_schema}
    assert rules.check(body, known_models=schemas) == []


@settings(max_examples=200, deadline=None)
@given(CONVERSATIONS)
def test_every_text_of_the_client_arrives(conversation: Conversation) -> None:
    body = str(sent(conversation))
    texts = (block.text for message in conversation.messages for block in message.blocks if isinstance(block, Text))
    assert all(text.strip() in body for text in texts if text.strip().isalpha())
