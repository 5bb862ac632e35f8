"""Which hosts a login's calls go to, by their real names."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway import jsontext
from gateway.errors import GatewayError
from gateway.settings import Secret
from gateway.simulator.accounts import Account
from gateway.simulator.server import Simulator
from tests.kiro_hosts import by_name
from tests.live import Live

KEY = "ksk_invented0123456789"
COMPANY = "https://d-1.awsapps.com/start"
EU = "arn:aws:codewhisperer:eu-central-1:111111111111:profile/EU"
GOV = "arn:aws-us-gov:codewhisperer:us-gov-west-1:111111111111:profile/GOV"


def knows(kind: Any, token: str, *profiles: str, region: str = "") -> Callable[[Simulator], None]:
    def prepare(simulator: Simulator) -> None:
        simulator.state.logins.accounts["alice"] = Account("alice", kind, profiles, region=region)
        simulator.state.logins.give("alice", access_tokens=[token])

    return prepare


def file(folder: Path, **members: str) -> dict[str, Any]:
    tokens = {"accessToken": "a1", "refreshToken": "r1", "expiresAt": "2999-01-01T00:00:00Z"}
    path = folder / "login.json"
    path.write_bytes(jsontext.encode(tokens | members))
    return {"credentials__file": str(path), "credentials__refresh_token": None, "credentials__profile_arn": None}


def key(**more: Any) -> dict[str, Any]:
    login = {"credentials__api_key": Secret(KEY), "credentials__refresh_token": None}
    return login | {"credentials__profile_arn": None} | more


def hosts(live: Live, operation: str) -> list[str]:
    return [exchange.headers["host"] for exchange in live.simulator.requests(operation)]


@pytest.mark.parametrize(
    ("region", "asked"),
    [
        ("us-east-1", ["us-east-1"]),
        ("eu-central-1", ["us-east-1", "eu-central-1"]),
    ],
)
async def test_an_api_key_goes_to_the_region_that_takes_it(tmp_path: Path, region: str, asked: list[str]) -> None:
    async with by_name(tmp_path, knows("api_key", KEY, region=region), **key()) as (live, _):
        assert [(await live.ask())[0] for _ in range(2)] == [200, 200]
        assert hosts(live, "profile") == [f"management.{one}.kiro.dev" for one in asked]
        assert hosts(live, "generate") == [f"runtime.{region}.kiro.dev"] * 2


async def test_a_region_of_the_settings_is_the_api_keys(tmp_path: Path) -> None:
    more = key(upstream__api_region="eu-central-1")
    async with by_name(tmp_path, knows("api_key", KEY, region="eu-central-1"), **more) as (live, _):
        assert (await live.ask())[0] == 200
        assert hosts(live, "profile") == []
        assert hosts(live, "generate") == ["runtime.eu-central-1.kiro.dev"]


@pytest.mark.parametrize("profile", [{"profileArn": GOV}, {}])
async def test_a_govcloud_login_asks_no_host_of_another_partition(tmp_path: Path, profile: dict[str, str]) -> None:
    login = file(tmp_path, clientId="c", clientSecret="s", startUrl=COMPANY, region="us-gov-east-1", **profile)
    async with by_name(tmp_path, knows("idc", "a1", GOV, region="us-gov-west-1"), **login) as (live, asked):
        assert (await live.ask())[0] == 200
        assert hosts(live, "generate") == ["runtime.us-gov-west-1.kiro.dev"]
        live.simulator.push({"status": 429, "body": {"message": "Too many requests"}, "times": 9})
        await live.ask()
        await live.get("/v1/models")
    assert {host.split(".")[1] for host in asked} <= {"us-gov-west-1", "us-gov-east-1"}


async def test_a_govcloud_login_is_refreshed_in_its_own_region(tmp_path: Path) -> None:
    login = file(tmp_path, clientId="c", clientSecret="s", startUrl=COMPANY, region="us-gov-east-1", profileArn=GOV)
    path = tmp_path / "login.json"
    path.write_bytes(path.read_bytes().replace(b"2999", b"2001"))
    async with by_name(tmp_path, knows("idc", "a1", GOV), **login) as (live, _):
        await live.ask()
        assert hosts(live, "token")[0] == "oidc.us-gov-east-1.amazonaws.com"


async def test_a_commercial_login_asks_no_host_of_govcloud(tmp_path: Path) -> None:
    login = file(tmp_path, clientId="c", clientSecret="s", startUrl=COMPANY, region="ap-southeast-1")
    async with by_name(tmp_path, knows("idc", "a1", EU), **login) as (live, asked):
        assert (await live.ask())[0] == 200
        assert hosts(live, "generate") == ["runtime.eu-central-1.kiro.dev"]
        live.simulator.push({"status": 429, "body": {"message": "Too many requests"}, "times": 9})
        await live.ask()
    assert not [host for host in asked if ".us-gov-" in host]


@pytest.mark.parametrize(
    "members",
    [
        {"profileArn": GOV},
        {"profileArn": EU, "clientId": "c", "clientSecret": "s", "startUrl": COMPANY, "region": "us-gov-west-1"},
    ],
)
async def test_a_login_of_two_partitions_is_refused_before_anything_is_sent(
    tmp_path: Path, members: dict[str, str]
) -> None:
    login = file(tmp_path, **members)
    with pytest.raises(GatewayError, match="GovCloud"):
        async with by_name(tmp_path, knows("idc", "a1"), **login):
            pass
