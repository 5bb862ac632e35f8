from gateway.simulator import models, prompt
from tests.simulator.client import body, tool

MODEL = models.MODELS[0]


def test_the_words_are_read_without_what_programs_wrap_around_them() -> None:
    content = (
        "<thinking_mode>enabled</thinking_mode><max_thinking_length>4000</max_thinking_length>\n"
        "<system-reminder>You may call Bash</system-reminder>hi"
    )
    read = prompt.read(body(content), MODEL, 100)
    assert (read.text, read.tags) == ("hi", True)


def test_thinking_tags_may_be_asked_for_in_the_system_prompt() -> None:
    request = body("hi")
    system = {"userInputMessage": {"content": "<thinking_mode>enabled</thinking_mode>Be brief."}}
    request["conversationState"]["history"] = [system, {"assistantResponseMessage": {"content": "ok"}}]
    assert prompt.read(request, MODEL, 100).tags


def test_tools_results_and_images_are_found() -> None:
    context = {
        "tools": [tool("now"), {"cachePoint": {"type": "default"}}],
        "toolResults": [{"toolUseId": "t", "content": [{"text": "a"}, {"json": {"b": 1}}]}],
    }
    image = {"format": "png", "source": {"bytes": "A" * 400}}
    read = prompt.read(body("", userInputMessageContext=context, images=[image]), MODEL, 800)
    assert ([offered.name for offered in read.tools], list(read.results)) == (["now"], ['a\n{"b":1}'])
    assert (read.images, read.input_tokens) == (1, 100 + 1600)


def test_a_schema_in_the_words_is_read_and_is_no_words() -> None:
    read = prompt.read(body('Who?\n\nIn JSON:\n<json_schema>{"type":"object"}</json_schema>'), MODEL, 100)
    assert (read.text, read.json) == ("Who?\n\nIn JSON:", {"type": "object"})
    for odd in ("<json_schema>{</json_schema>", "<json_schema>", "hi"):
        assert prompt.read(body(odd), MODEL, 100).json is None


def test_a_body_of_any_shape_can_be_read() -> None:
    for odd in ({}, {"conversationState": []}, {"conversationState": {"currentMessage": {"userInputMessage": 1}}}):
        assert prompt.read(odd, MODEL, 0).input_tokens == 1
