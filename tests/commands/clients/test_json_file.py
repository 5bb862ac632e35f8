"""Settings are laid into a JSON file and taken out again, whatever else stands there."""

import json

import pytest

from gateway.commands.clients.client import CannotEdit
from gateway.commands.clients.json_file import JSON

SETTINGS = {"env": {"URL": "$url", "KEY": "$key"}, "models": {"$model": {"name": "$model"}}, "model": "$model"}
FILLED = {"env": {"URL": "http://g", "KEY": "k"}, "models": {"m": {"name": "m"}}, "model": "m"}

ORIGINALS = [
    "",
    '{"theme":"dark"}',
    '{"env": {"PATH": "/x", "URL": "http://old"}, "model": "old"}\n',
    '{"models": {"other": {}}, "env": {}}',
]


@pytest.mark.parametrize("original", ORIGINALS)
def test_what_was_there_comes_back_to_the_letter(original: str) -> None:
    made = JSON.applied(original, FILLED)
    assert JSON.undone(made, SETTINGS, original) == original


@pytest.mark.parametrize("original", ORIGINALS)
def test_all_settings_stand_there_beside_what_was_there(original: str) -> None:
    made = json.loads(JSON.applied(original, FILLED))
    assert made["env"]["URL"] == "http://g"
    assert made["models"]["m"] == {"name": "m"}
    assert made.get("theme") == json.loads(original or "{}").get("theme")


@pytest.mark.parametrize("original", ORIGINALS)
def test_twice_is_the_same_as_once(original: str) -> None:
    once = JSON.applied(original, FILLED)
    assert JSON.applied(once, FILLED) == once


def test_what_was_added_since_stays() -> None:
    made = json.loads(JSON.applied('{"env": {"URL": "http://old"}}', FILLED))
    made["env"]["MINE"] = "1"
    made["theme"] = "light"
    undone = json.loads(JSON.undone(json.dumps(made), SETTINGS, '{"env": {"URL": "http://old"}}'))
    assert undone == {"env": {"URL": "http://old", "MINE": "1"}, "theme": "light"}


@pytest.mark.parametrize("text", ["// comment\n{}", "[]", "{"])
def test_what_is_not_a_plain_object_is_left_alone(text: str) -> None:
    with pytest.raises(CannotEdit):
        JSON.applied(text, FILLED)
