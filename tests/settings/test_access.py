"""Which keys may guard which address."""

from pathlib import Path

import pytest

from gateway.settings import SettingsError, Surroundings, load

GOOD = "kg-9f8e7d6c5b4a39281706f5e4d3c2b1a0"
SAMPLES = ["my-super-secret-password-123", "changeme", "CHANGEME", "change-me", "123456", "admin123", "password"]
SAMPLES += ["your-api-key-1", "your-api-key", "YOUR_API_KEY", "sk-your-api-key-here", "sk-xxxxxxxx", "sk-...", "secret"]
SAMPLES += ["<your-key>", "test", "sk-1234567890", "your-secret-key", "my-api-key", "your-proxy-api-key"]


def keyed(folder: Path, key: str, host: str = "127.0.0.1") -> Surroundings:
    return Surroundings(folder, environment={"PROXY_API_KEY": key, "SERVER_HOST": host})


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("key", SAMPLES)
def test_a_key_out_of_an_example_is_refused_everywhere(key: str, host: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="published example") as caught:
        load(keyed(tmp_path, f"{GOOD},{key}", host))
    assert key not in str(caught.value)


@pytest.mark.parametrize("key", ["short", "mypass-of-my-own", "secretary-general", "contest-2026"])
def test_a_short_key_is_enough_on_this_machine(key: str, tmp_path: Path) -> None:
    assert load(keyed(tmp_path, key)).settings.server.api_keys[0].reveal() == key
    with pytest.raises(SettingsError, match="less than 24 characters"):
        load(keyed(tmp_path, key, "0.0.0.0"))


def test_other_machines_may_connect_only_with_a_configured_key(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"command line: --host .* must have a key"):
        load(Surroundings(tmp_path, flags={"server.host": "0.0.0.0"}))
    assert load(keyed(tmp_path, GOOD, "0.0.0.0")).settings.server.host == "0.0.0.0"


def test_an_admin_key_is_judged_like_a_clients(tmp_path: Path) -> None:
    for key, fault in (("changeme", "published example"), ("short-but-mine", "less than 24 characters")):
        environment = {"PROXY_API_KEY": GOOD, "PROXY_ADMIN_KEY": key, "SERVER_HOST": "0.0.0.0"}
        with pytest.raises(SettingsError, match=rf"environment: PROXY_ADMIN_KEY .*{fault}") as caught:
            load(Surroundings(tmp_path, environment=environment))
        assert key not in str(caught.value)


def test_a_key_of_clients_is_no_admin_key(tmp_path: Path) -> None:
    environment = {"PROXY_API_KEY": GOOD, "PROXY_ADMIN_KEY": f"{GOOD}-admin,{GOOD}"}
    with pytest.raises(SettingsError, match="that clients use"):
        load(Surroundings(tmp_path, environment=environment))
