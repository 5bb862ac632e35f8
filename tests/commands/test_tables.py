"""Tables for terminals."""

from gateway.commands.tables import json_text, table

COLUMNS = {"NAME": "name", "USED": "used", "ON": "on"}


def test_columns_are_aligned_numbers_to_the_right_and_unknown_is_a_dash() -> None:
    rows = [{"name": "a", "used": 1280.5, "on": True}, {"name": "longer", "used": None, "on": False}]
    assert table(COLUMNS, rows) == "NAME       USED  ON\na       1,280.5  yes\nlonger        -  no\n"


def test_what_could_move_a_terminals_cursor_is_not_printed() -> None:
    assert "\x1b" not in table({"NAME": "name"}, [{"name": "\x1b[2Jgone\n"}])


def test_lists_and_whole_numbers_read_well() -> None:
    text = table({"A": "a", "B": "b"}, [{"a": ["low", "high"], "b": 200000}, {"a": [], "b": 2.0}])
    assert text.splitlines()[1:] == ["low, high  200000", "-               2"]


def test_json_is_set_in() -> None:
    assert json_text({"a": [1]}) == '{\n  "a": [\n    1\n  ]\n}'
