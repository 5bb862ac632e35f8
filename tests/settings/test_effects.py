"""Every setting changes something that can be seen of a running gateway. A setting without a row fails."""

from pathlib import Path

import pytest

from gateway.settings import ROWS
from tests.settings import effects_process, effects_requests, effects_upstream

TABLE = {**effects_process.TABLE, **effects_upstream.TABLE, **effects_requests.TABLE}


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No login or folder of the tester is touched, not even by a default."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(home))


def test_every_setting_has_an_effect() -> None:
    assert {row.key for row in ROWS} == set(TABLE)


@pytest.mark.parametrize("key", TABLE)
async def test_a_setting_that_is_changed_changes_what_is_seen(key: str, tmp_path: Path) -> None:
    effect = TABLE[key]
    assert effect.usual != effect.changed
    assert await effect.seen(key, tmp_path) == (effect.usual, effect.changed)
