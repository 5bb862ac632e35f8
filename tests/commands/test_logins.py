"""From the settings to accounts: which source each entry means, and on which terms."""

from pathlib import Path

import pytest

from gateway.accounts.terms import Terms
from gateway.commands.logins import accounts_from
from gateway.errors import GatewayError
from gateway.kiro.endpoints import ENDPOINTS
from gateway.settings import AccountEntry, Secret, Settings
from gateway.settings.network import ENDPOINT_NAMES
from gateway.settings.table import build
from tests.accounts.pooled import write_login


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def listed(*entries: AccountEntry) -> Settings:
    return build({}, entries)


def test_without_anything_there_is_no_account(tmp_path: Path) -> None:
    assert accounts_from(build({}), tmp_path) == ()


def test_the_list_goes_before_the_single_login(tmp_path: Path) -> None:
    write_login(tmp_path / "a.json")
    entry = AccountEntry(source="file", path=str(tmp_path / "a.json"))
    values = {"credentials.refresh_token": Secret("aorSingle")}
    (made,) = accounts_from(build(values, (entry,)), tmp_path)
    assert made.source.name == str(tmp_path / "a.json")
    assert made.terms == Terms("a")


def test_a_folder_gives_an_account_for_each_login_in_it(tmp_path: Path) -> None:
    (tmp_path / "logins-of-mine").mkdir()
    for name in "ab":
        write_login(tmp_path / "logins-of-mine" / f"{name}.json", name)
    entry = AccountEntry(name="mine", source="folder", path=str(tmp_path / "logins-of-mine"), priority=3)
    made = accounts_from(listed(entry), tmp_path)
    assert [one.source.load().refresh_token for one in made] == ["aora", "aorb"]
    assert [one.terms for one in made] == [Terms("mine", priority=3)] * 2


@pytest.mark.parametrize(
    ("source", "value", "token"),
    [("refresh_token", "aorMine", ("", "aorMine")), ("api_key", "ksk_mine", ("ksk_mine", ""))],
)
def test_a_token_or_a_key_stands_in_the_list_itself(
    tmp_path: Path, source: str, value: str, token: tuple[str, str]
) -> None:
    (made,) = accounts_from(listed(AccountEntry(source=source, value=Secret(value))), tmp_path)
    assert made.source.load().tokens == token


def test_a_login_of_the_store_that_is_not_there_is_told_with_those_that_are_and_not_by_its_value(
    tmp_path: Path,
) -> None:
    (tmp_path / "logins").mkdir()
    write_login(tmp_path / "logins" / "home.json")
    entry = AccountEntry(name="work", source="login", value=Secret("office"))
    with pytest.raises(GatewayError, match=r"account work: .* which has: home.*login --name NAME") as caught:
        accounts_from(listed(entry), tmp_path)
    assert "office" not in caught.value.message


def test_terms_and_proxy_are_taken_over_and_headers_spelled_as_the_gateway_does(tmp_path: Path) -> None:
    entry = AccountEntry(
        source="api_key",
        value=Secret("ksk_mine"),
        proxy_url=Secret("socks5://127.0.0.1:1"),
        headers={"user-agent": "mine"},
        models=("m*",),
        allow_overage=True,
    )
    (made,) = accounts_from(listed(entry), tmp_path)
    assert made.proxy_url == "socks5://127.0.0.1:1"
    assert made.terms == Terms("api_key", models=("m*",), headers={"User-Agent": "mine"}, allow_overage=True)


def test_the_settings_know_the_endpoints_by_all_their_names() -> None:
    assert set(ENDPOINT_NAMES) == {name for row in ENDPOINTS for name in (row.name, *row.aliases)}
