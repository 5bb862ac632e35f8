""".env lines, with what people really write there."""

import pytest

from gateway.settings.dotenv import parse

VALUES = {
    "plain": ("A=b", "b"),
    "spaces": ("  A = b  ", "b"),
    "export": ("export A=b", "b"),
    "a comment": ("A=b # why", "b"),
    "a hash inside": ("A=b#c", "b#c"),
    "only a comment": ("A= # none", ""),
    "double quotes": ('A="b c"', "b c"),
    "single quotes": ("A='b # c'", "b # c"),
    "quotes and a comment": ('A="b" # "why"', "b"),
    "a Windows path": (r"A=C:\new\table\creds.json", r"C:\new\table\creds.json"),
    "a quoted Windows path": (r'A="D:\Projects\new\creds.json"', r"D:\Projects\new\creds.json"),
    "a Windows folder": ('A="C:\\dir\\"', "C:\\dir\\"),
    "escaped quotes": (r'A="{\"a\": \"b\"}"', '{"a": "b"}'),
    "JSON in single quotes": ("""A='{"a": "b"}'""", '{"a": "b"}'),
    "a home": ("A=~/x.json", "~/x.json"),
    "an equals sign": ("A=b=c==", "b=c=="),
    "nothing": ("A=", ""),
    "an open quote": ('A="b', None),
    "CRLF": ("A=b\r", "b"),
}


@pytest.mark.parametrize(("line", "value"), VALUES.values(), ids=VALUES)
def test_a_value_is_what_was_meant(line: str, value: str | None) -> None:
    entries, strange = parse(f"\n# comment\n{line}\n")
    assert [(entry.name, entry.value, entry.line) for entry in entries] == [("A", value, 3)]
    assert strange == []


def test_lines_that_are_no_variables_are_counted() -> None:
    assert parse("A=1\nnonsense\n1A=2\n")[1] == [2, 3]
