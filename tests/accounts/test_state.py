"""The state file: what still holds after a restart comes back, nothing else does, and no secret is in it."""

from pathlib import Path
from typing import Any

import pytest

from gateway import jsontext
from gateway.accounts.health import DAY, FRESH, LONGEST_MONTH, AccountState, Health, Now
from gateway.accounts.state import NAME, StateFile, read, shown

NOW = Now(1_780_000_000.0, 500.0)
NAMED = Health(AccountState.THROTTLED, retry_at=560.0, named=True)
QUOTA = Health(AccountState.QUOTA_EXHAUSTED, resets_at=NOW.wall + 1000)
SUSPENDED = Health(AccountState.SUSPENDED, message="Locked.", login="abc")
DISABLED = Health(disabled=True)


LIMITED = Health(AccountState.RESTRICTED, retry_at=2300.0)


@pytest.mark.parametrize(
    "health",
    [NAMED, QUOTA, SUSPENDED, DISABLED, LIMITED],
    ids=["named", "quota", "suspended", "disabled", "limited"],
)
def test_what_holds_after_a_restart_comes_back(tmp_path: Path, health: Health) -> None:
    StateFile(tmp_path / "own").save({"a": health, "c": FRESH}, NOW)
    assert StateFile(tmp_path / "own").load(NOW) == {"a": health}


@pytest.mark.parametrize(
    "health",
    [
        Health(AccountState.THROTTLED, retry_at=560.0, failures=3),
        Health(AccountState.FAILING, retry_at=5000.0, failures=14),
        Health(AccountState.REFUSED, retry_at=5000.0, failures=3),
        Health(AccountState.LOGIN_DEAD, message="Log in again.", login="abc"),
        Health(retry_at=560.0, failures=2),
    ],
)
def test_counted_failures_and_our_cooldowns_are_not_kept(tmp_path: Path, health: Health) -> None:
    StateFile(tmp_path).save({"a": health}, NOW)
    assert jsontext.decode((tmp_path / NAME).read_bytes())["accounts"] == {}


def test_named_wait_ends_at_the_time_kiro_named_whatever_the_next_process_counts_from(tmp_path: Path) -> None:
    StateFile(tmp_path).save({"a": NAMED}, NOW)
    [health] = StateFile(tmp_path).load(Now(NOW.wall + 20, 7.0)).values()
    assert health.retry_at == 7.0 + 40
    assert StateFile(tmp_path).load(Now(NOW.wall + 60, 7.0)) == {}


def test_accounts_of_another_gateway_stay_and_healthy_ones_go(tmp_path: Path) -> None:
    StateFile(tmp_path).save({"a": QUOTA, "b": SUSPENDED}, NOW)
    StateFile(tmp_path).save({"a": FRESH, "c": QUOTA}, NOW)
    assert StateFile(tmp_path).load(NOW) == {"b": SUSPENDED, "c": QUOTA}


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    StateFile(tmp_path).save({"a": QUOTA}, NOW)
    assert (tmp_path / NAME).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", [b"", b"no json", b"[]", b'{"accounts": 3}', b'{"accounts": {"a": 3, "b": {}}}'])
def test_damaged_file_is_an_empty_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    assert StateFile(tmp_path).load(NOW) == {}
    StateFile(tmp_path).save({"a": QUOTA}, NOW)
    assert StateFile(tmp_path).load(NOW) == {"a": QUOTA}


@pytest.mark.parametrize(
    "change",
    [{"out": "unheard of"}, {"out": None}, {"until": "soon"}, {"until": -1}, {"until": True}, {"until": 10**400}],
)
@pytest.mark.parametrize("health", [NAMED, QUOTA])
def test_entry_that_is_not_understood_is_forgotten(health: Health, change: dict[str, Any]) -> None:
    assert read({**shown(health, NOW), **change}, NOW) is FRESH


@pytest.mark.parametrize(
    ("health", "longest"),
    [(NAMED, DAY), (Health(AccountState.DAILY_LIMIT, resets_at=1.0), DAY), (QUOTA, LONGEST_MONTH)],
)
def test_no_wait_is_longer_than_it_can_have_been_begun_with(health: Health, longest: float) -> None:
    """The clock may have been wrong when it was written."""
    kept = {**shown(health, NOW), "until": NOW.wall + 1e9}
    found = read(kept, NOW)
    assert max(found.retry_at - NOW.monotonic, found.resets_at - NOW.wall) == longest


@pytest.mark.parametrize("out", ["throttled", "failing", "refused", "restricted", "parked", "no"])
def test_cooldowns_that_version_1_kept_are_not_read_any_more(tmp_path: Path, out: str) -> None:
    entry = {"out": out, "until": NOW.wall + 86_400, "since": NOW.wall, "failures": 20, "words": "", "login": ""}
    file = {"version": 1, "accounts": {"a": {**entry, "disabled": False}, "b": {**entry, "disabled": True}}}
    (tmp_path / NAME).write_bytes(jsontext.encode(file))
    assert StateFile(tmp_path).load(NOW) == {"b": DISABLED}


@pytest.mark.parametrize("out", ["month", "day", "suspended"])
def test_quotas_and_suspensions_that_version_1_kept_are_read(out: str) -> None:
    entry = {"out": out, "until": NOW.wall + 60, "since": 0, "failures": 0, "words": "", "login": "", "disabled": False}
    assert read(entry, NOW).state is AccountState(out)
