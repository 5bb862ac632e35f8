"""Settings as lines: comments, order and everything of others stay."""

import tomllib

import pytest

from gateway.commands.clients.client import CannotEdit
from gateway.commands.clients.lines import TOML, YAML

SETTINGS = {"model": "$model", "provider": "kiro", "providers": {"kiro": {"url": "$url", "name": "Kiro"}}}
FILLED = {"model": "m", "provider": "kiro", "providers": {"kiro": {"url": 'http://g/"x"', "name": "Kiro"}}}

ORIGINALS = [
    "",
    "# mine\napproval = true\n",
    'model = "old" # chosen\nprovider="openai"\n\n[providers.other]\nmodel = "theirs"\n',
    '[projects."/x"]\ntrust = "yes"',
    '[providers.kiro]\nurl = "http://old"\nmore = 1\n\n[tools]\nx = [1,\n2]\n',
    'model = "old"\n\n[[lists]]\nmodel = "a"\n',
]


@pytest.mark.parametrize("original", ORIGINALS)
def test_a_toml_file_comes_back_as_it_was(original: str) -> None:
    made = TOML.applied(original, FILLED)
    assert TOML.undone(made, SETTINGS, original) == original


@pytest.mark.parametrize("original", ORIGINALS)
def test_a_toml_file_has_our_values_and_its_own(original: str) -> None:
    before, made = tomllib.loads(original), tomllib.loads(TOML.applied(original, FILLED))
    assert (made["model"], made["providers"]["kiro"]) == ("m", FILLED["providers"]["kiro"])
    assert {name: made[name] for name in before.keys() - FILLED.keys()} == {
        name: before[name] for name in before.keys() - FILLED.keys()
    }


@pytest.mark.parametrize("original", ORIGINALS)
def test_twice_is_the_same_as_once(original: str) -> None:
    once = TOML.applied(original, FILLED)
    assert TOML.applied(once, FILLED) == once


@pytest.mark.parametrize("original", ORIGINALS)
def test_what_the_program_wrote_since_stays(original: str) -> None:
    later = TOML.applied(original, FILLED) + '\n[seen]\nat = "now"\n'
    undone = tomllib.loads(TOML.undone(later, SETTINGS, original))
    assert undone == {**tomllib.loads(original), "seen": {"at": "now"}}


@pytest.mark.parametrize(
    "text", ['"model" = "old"\n', 'providers = {kiro = {url = "x"}}\n', "model = '''\nold'''\n", "broken"]
)
def test_a_form_in_which_our_lines_cannot_be_found_is_left_alone(text: str) -> None:
    with pytest.raises(CannotEdit):
        TOML.applied(text, FILLED)


def test_plain_yaml_gets_lines_and_loses_them() -> None:
    original = "# aider\nmodel: gpt\ndark-mode: true\n"
    made = YAML.applied(original, {"model": "m", "key": "k"})
    assert made == 'model: "m"\nkey: "k"\n# aider\ndark-mode: true\n'
    assert YAML.undone(made, {"model": "$model", "key": "$key"}, original) == original
    assert YAML.undone(f"{made}later: 1\n", {"model": "", "key": ""}, original) == (
        "model: gpt\n# aider\ndark-mode: true\nlater: 1\n"
    )
