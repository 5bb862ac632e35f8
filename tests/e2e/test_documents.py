"""PDF documents through the official SDKs: what Kiro is sent, and what the client is told."""

import anthropic
import openai
import pytest

from tests.e2e.conftest import Rig
from tests.e2e.honoured import sent_text
from tests.pdfs import pdf_base64

MODEL = "claude-sonnet-4.5"
PDF = pdf_base64("the word is plover", "and on page two xyzzy")


def document(data: str, **members: object) -> dict[str, object]:
    source = {"type": "base64", "media_type": "application/pdf", "data": data}
    return {"type": "document", "source": source, **members}


def question(*content: object) -> list[object]:
    return [{"role": "user", "content": [*content, {"type": "text", "text": "Which word?"}]}]


@pytest.mark.parametrize("stream", [False, True])
def test_kiro_reads_the_pages_with_the_title_before_them(rig: Rig, claude: anthropic.Anthropic, stream: bool) -> None:
    ask = question(document(PDF, title="Words"))
    answer = claude.messages.create(model=MODEL, max_tokens=300, messages=ask, stream=stream)
    if stream:
        assert [event.type for event in answer][-1] == "message_stop"
    assert sent_text(rig) == "Words\nthe word is plover\n\nand on page two xyzzy\nWhich word?"


def test_a_document_that_a_tool_returned_is_read_too(rig: Rig, claude: anthropic.Anthropic) -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "fetch", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [document(PDF)]}
    history = [{"role": "user", "content": "go"}, {"role": "assistant", "content": [call]}]
    tools = [{"name": "fetch", "input_schema": {"type": "object"}}]
    claude.messages.create(model=MODEL, max_tokens=300, tools=tools, messages=[*history, *question(result)])
    current = rig.simulator.requests()[-1]["body"]["conversationState"]["currentMessage"]["userInputMessage"]
    [told] = current["userInputMessageContext"]["toolResults"]
    assert told["content"] == [{"text": "the word is plover\n\nand on page two xyzzy"}]


def test_documents_count(claude: anthropic.Anthropic) -> None:
    long = pdf_base64(*["many words stand on this page"] * 20)
    without = claude.messages.count_tokens(model=MODEL, messages=question())
    counted = claude.messages.count_tokens(model=MODEL, messages=question(document(long)))
    assert counted.input_tokens > without.input_tokens + 20 * 5


def test_one_without_text_is_refused_by_its_path(rig: Rig, claude: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.BadRequestError, match=r"messages\.0\.content\.0\.source\.data: .*no text"):
        claude.messages.create(model=MODEL, max_tokens=300, messages=question(document(pdf_base64(""))))
    assert rig.simulator.requests() == []


def test_a_file_of_the_chat_api_is_read(rig: Rig, gpt: openai.OpenAI) -> None:
    file = {"filename": "words.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}
    gpt.chat.completions.create(model=MODEL, messages=question({"type": "file", "file": file}))
    assert "plover" in sent_text(rig) and "xyzzy" in sent_text(rig)


def test_a_file_of_the_responses_api_is_read_and_counted(rig: Rig, gpt: openai.OpenAI) -> None:
    file = {"type": "input_file", "filename": "words.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}
    asked = [{"role": "user", "content": [file]}]
    gpt.responses.create(model=MODEL, input=asked)
    assert "plover" in sent_text(rig)
    assert gpt.responses.input_tokens.count(model=MODEL, input=asked).input_tokens > 10
