from dataclasses import replace
from pathlib import Path

import pytest

from gateway.accounts.sources.refresh_token import RefreshTokenSource, configured
from gateway.accounts.sources.source import Wanted
from gateway.errors import GatewayError


def source(state: Path, token: str = "aorConfigured") -> RefreshTokenSource:
    place = configured(Wanted(None, token, None, "us-east-1", None, state, state))
    assert place is not None
    return place


def test_a_rotated_token_survives_a_restart(tmp_path: Path) -> None:
    place = source(tmp_path)
    login = place.load()
    place.save(replace(login, access_token="aoaNew", refresh_token="aorNew", expires_at=1780317296.0), login.tokens)
    again = source(tmp_path).load()
    assert (again.tokens, again.expires_at) == (("aoaNew", "aorNew"), 1780317296.0)


def test_a_new_token_in_the_settings_wins_over_the_old_ones_rotation(tmp_path: Path) -> None:
    place = source(tmp_path)
    login = place.load()
    place.save(replace(login, refresh_token="aorNew"), login.tokens)
    assert source(tmp_path, "aorPasted").load().refresh_token == "aorPasted"


def test_the_kept_file_shows_nothing_of_the_configured_token_in_its_name(tmp_path: Path) -> None:
    place = source(tmp_path)
    login = place.load()
    place.save(replace(login, refresh_token="aorNew"), login.tokens)
    [kept] = tmp_path.iterdir()
    assert "Configured" not in kept.name
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_spoiled_state_file_is_as_good_as_none(tmp_path: Path) -> None:
    place = source(tmp_path)
    place.journal.path("aorConfigured").write_bytes(b"{")
    assert place.load().refresh_token == "aorConfigured"


def test_a_truncated_paste_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GatewayError, match="cut short"):
        source(tmp_path, "aorAAAA...")
