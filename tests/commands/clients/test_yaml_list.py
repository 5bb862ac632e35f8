"""Settings as an item of a YAML list, read back with a YAML parser."""

import pytest
import yaml

from gateway.commands.clients.client import CannotEdit
from gateway.commands.clients.yaml_list import YamlList

MODELS = YamlList("models", "name: kiro\nversion: 1.0.0\n")
FILLED = {"name": "Kiro", "model": "m: #1"}
ORIGINALS = [
    "",
    "name: mine\n",
    "name: mine\nmodels:\n  - name: a\n    model: b\nrules:\n  - x\n",
    "models: # all\n# first\n- name: a\n- name: b",
    "models: []\nname: mine\n",
    "models:\n\n    - name: a\n",
]


@pytest.mark.parametrize("original", ORIGINALS)
def test_the_item_is_added_and_the_rest_stays(original: str) -> None:
    before, made = yaml.safe_load(original) or {}, yaml.safe_load(MODELS.applied(original, FILLED))
    assert made["models"] == [FILLED, *before.get("models", [])]
    assert {**made, "models": before.get("models")} == {
        **(before or {"name": "kiro", "version": "1.0.0"}),
        "models": before.get("models"),
    }


@pytest.mark.parametrize("original", ORIGINALS)
def test_it_comes_out_again(original: str) -> None:
    made = MODELS.applied(original, FILLED)
    assert MODELS.applied(made, FILLED) == made
    assert MODELS.undone(made, {"name": "", "model": ""}, original) == original
    later = MODELS.undone(f"{made}\nlater: 1\n", FILLED, original)
    assert "later: 1" in later
    assert "kiro-gateway" not in later


def test_a_list_in_another_form_is_left_alone() -> None:
    with pytest.raises(CannotEdit, match="not a plain list"):
        MODELS.applied("models: [{name: a}]\n", FILLED)
