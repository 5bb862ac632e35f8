"""The four forms of a call written as text: what is one, what only looks like one."""

import json

import pytest

from gateway.kiro.written_calls import WrittenCall, may_name_tool, named_tool, read_calls

TYPED = {"properties": {"n": {"type": "integer"}, "s": {"type": "string"}, "o": {"type": "object"}}}
SCHEMAS = {"read": {}, "mcp-a_b": {}, "typed": TYPED}
INVOKE = '<invoke name="read"><parameter name="path">a.txt</parameter></invoke>'
LISTED = [{"name": "read", "arguments": {"a": 1}}, {"name": "mcp-a_b", "arguments": {}}]


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ('[Called read with args: {"path": "a]}[{"}]', [("read", '{"path": "a]}[{"}')]),
        ('[called  mcp-a_b\twith args:{"a": {"b": [1]}} ]\n', [("mcp-a_b", '{"a": {"b": [1]}}')]),
        ('  [Called read with args: {}]\n\n[Called read with args: {"b":2}]', [("read", "{}"), ("read", '{"b":2}')]),
        (json.dumps(LISTED), [("read", '{"a":1}'), ("mcp-a_b", "{}")]),
        (json.dumps(LISTED, indent=2), [("read", '{"a":1}'), ("mcp-a_b", "{}")]),
        (INVOKE, [("read", '{"path":"a.txt"}')]),
        (f"<function_calls>\n{INVOKE}\n</function_calls>\n", [("read", '{"path":"a.txt"}')]),
        (f"<function_calls>{INVOKE}\n{INVOKE}</function_calls>", [("read", '{"path":"a.txt"}')] * 2),
        ('<invoke name="read"></invoke>', [("read", "{}")]),
        ('<tool_call>\n{"name": "read", "arguments": {"a": "</x>"}}\n</tool_call>', [("read", '{"a":"</x>"}')]),
    ],
)
def test_what_is_read_as_calls(text: str, calls: list[tuple[str, str]]) -> None:
    assert read_calls(text, SCHEMAS) == tuple(WrittenCall(*call) for call in calls)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n",
        "read the file",
        '[Called grep with args: {"a": 1}]',
        '[Called read with args: {"a": 1}',
        "[Called read with args: {'a': 1}]",
        "[Called read with args: [1]]",
        '[Called read with args: {"a": 1}] and then I looked.',
        f"{INVOKE} and so on",
        f"{INVOKE}[Called grep with args: {{}}]",
        '[{"name": "read", "arguments": {}}, {"name": "grep", "arguments": {}}]',
        '[{"name": "read", "arguments": "{}"}]',
        '[{"name": "read"}]',
        '[{"name": "read", "arguments": {}}, 7]',
        '<invoke name="read"><parameter name="path">a.txt</invoke>',
        '<invoke name="grep"></invoke>',
        '<tool_call>{"name": "read", "arguments": {}}',
        '<tool_call>{"name": "read", "arguments": {}]</tool_call>',
    ],
)
def test_what_stays_text(text: str) -> None:
    assert read_calls(text, SCHEMAS) == ()


def test_a_parameter_is_a_text_unless_its_schema_says_otherwise() -> None:
    given = {"n": "3", "s": "4", "o": '{"a": 1}', "other": "5"}
    parameters = "".join(f'<parameter name="{name}">{value}</parameter>' for name, value in given.items())
    (call,) = read_calls(f'<invoke name="typed">{parameters}</invoke>', SCHEMAS)
    assert json.loads(call.arguments) == {"n": 3, "s": "4", "o": {"a": 1}, "other": "5"}
    (odd,) = read_calls('<invoke name="typed"><parameter name="n">many</parameter></invoke>', SCHEMAS)
    assert json.loads(odd.arguments) == {"n": "many"}


FORMS = [
    "[Called read with args: {",
    '[ {\n "name": "read"',
    '<function_calls>\n<invoke name="read">',
    '<invoke name="read">',
    '<tool_call> {"name": "read"',
]


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_known_by_its_beginning_and_may_come_until_then(form: str) -> None:
    assert named_tool(form) == "read"
    for length in range(1, len(form)):
        assert named_tool(form[:length]) is None
        assert may_name_tool(form[:length]), form[:length]


@pytest.mark.parametrize(
    "text", ["[x]", "[ ] to do", "[link](http://a)", "<p>", "<think>", "[1, 2]", "[called" + " " * 600]
)
def test_what_cannot_become_a_form(text: str) -> None:
    assert named_tool(text) is None and not may_name_tool(text)


def test_a_text_that_ends_within_a_string_is_gone_over_once() -> None:
    text = '[Called read with args: {"a": "' + 'say \\"{x}\\" ' * 100_000  # for ever, if once from each quotation mark
    assert read_calls(text, {"read": {}}) == ()
