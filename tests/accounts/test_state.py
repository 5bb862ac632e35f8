"""The state file: what was known comes back, nothing else does, and no secret is in it."""

from pathlib import Path
from typing import Any

import pytest

from gateway import jsontext
from gateway.accounts.health import DAY, FRESH, LONGEST_MONTH, Health, Out
from gateway.accounts.state import NAME, StateFile, read, shown

NOW = 1_780_000_000.0
COOLING = Health(Out.THROTTLED, NOW + 60, NOW, 3)
PARKED = Health(Out.PARKED, 0.0, NOW, 0, "Log in again.", "abc", disabled=True)


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "own")
    file.save({"a": COOLING, "b": PARKED, "c": FRESH})
    assert StateFile(tmp_path / "own").load(NOW) == {"a": COOLING, "b": PARKED}


def test_accounts_of_another_gateway_stay_and_healthy_ones_go(tmp_path: Path) -> None:
    StateFile(tmp_path).save({"a": COOLING, "b": PARKED})
    StateFile(tmp_path).save({"a": FRESH, "c": COOLING})
    assert StateFile(tmp_path).load(NOW) == {"b": PARKED, "c": COOLING}


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    StateFile(tmp_path).save({"a": COOLING})
    assert (tmp_path / NAME).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", [b"", b"no json", b"[]", b'{"accounts": 3}', b'{"accounts": {"a": 3, "b": {}}}'])
def test_a_damaged_file_is_an_empty_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    assert StateFile(tmp_path).load(NOW) == {}
    StateFile(tmp_path).save({"a": COOLING})
    assert StateFile(tmp_path).load(NOW) == {"a": COOLING}


@pytest.mark.parametrize(
    "change",
    [
        {"out": "unheard of"},
        {"out": None},
        {"until": "soon"},
        {"until": -1},
        {"failures": None},
        {"since": True},
        {"until": 10**400},
    ],
)
def test_an_entry_that_is_not_understood_is_forgotten(change: dict[str, Any]) -> None:
    assert read({**shown(COOLING), **change}, NOW) is FRESH


@pytest.mark.parametrize(("out", "longest"), [(Out.THROTTLED, DAY), (Out.MONTH, LONGEST_MONTH)])
def test_no_pause_is_longer_than_it_can_have_been_begun_with(out: Out, longest: float) -> None:
    """The clock may have been wrong when it was written."""
    kept = shown(Health(out, NOW + 1e9, NOW + 1e9, 3))
    assert read(kept, NOW) == Health(out, NOW + longest, NOW, 3)


def test_it_is_plain_json(tmp_path: Path) -> None:
    StateFile(tmp_path).save({"a": COOLING})
    assert jsontext.decode((tmp_path / NAME).read_bytes())["accounts"]["a"]["out"] == "throttled"
