"""Profiles as the simulator lists them, over a socket."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from gateway.accounts.profile import Listing
from gateway.errors import UpstreamError
from gateway.kiro.endpoints import Identity
from gateway.simulator.logins import Account
from gateway.simulator.server import Simulator, start
from gateway.upstream.connection import Connection
from gateway.upstream.profiles import KeyRegions, ProfileList

EU = "arn:aws:codewhisperer:eu-central-1:111111111111:profile/EU"
US = "arn:aws:codewhisperer:us-east-1:111111111111:profile/US"
GOV = "arn:aws-us-gov:codewhisperer:us-gov-west-1:111111111111:profile/GOV"
KEY = Identity("ksk_invented0123456789", None, "api_key", "us-east-1", "m" * 64)
IDENTITY = Identity("a1", None, "idc", "eu-central-1", "m" * 64)
NO_PROFILE = {"on": "profiles", "status": 403, "body": {"message": "User is not authorized to make this call."}}


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    running = await start()
    yield running
    await running.stop()


@pytest.fixture
async def listing(simulator: Simulator) -> AsyncIterator[ProfileList]:
    connection = Connection()
    yield ProfileList(connection, simulator.url)
    await connection.close()


@pytest.fixture
async def regions(simulator: Simulator) -> AsyncIterator[KeyRegions]:
    connection = Connection()
    yield KeyRegions(connection, simulator.url)
    await connection.close()


def known(simulator: Simulator, kind: Any, *profiles: str) -> None:
    simulator.state.logins.accounts["alice"] = Account("alice", kind, profiles)
    simulator.state.logins.give("alice", access_tokens=["a1"])


async def test_the_regions_lists_are_merged(simulator: Simulator, listing: ProfileList) -> None:
    known(simulator, "idc", EU, US)
    assert await listing(IDENTITY) == Listing((EU, US))
    assert len(simulator.requests("profiles")) == 2


async def test_a_refusal_in_one_region_says_nothing_of_the_other(simulator: Simulator, listing: ProfileList) -> None:
    known(simulator, "idc", EU)
    simulator.push(NO_PROFILE | {"times": 3})
    assert await listing(IDENTITY) == Listing((EU,))
    assert len(simulator.requests("profiles")) == 4


async def test_a_builder_id_is_told_as_such(simulator: Simulator, listing: ProfileList) -> None:
    known(simulator, "builder_id")
    assert await listing(IDENTITY) == Listing(builder_id=True)


async def test_an_identity_center_login_that_is_refused_everywhere_is_asked_for_with_a_token_type(
    simulator: Simulator, listing: ProfileList
) -> None:
    known(simulator, "idc", EU)
    simulator.state.logins.accounts["alice"].token_type = "SSO_OIDC"
    assert await listing(IDENTITY) == Listing((EU,), token_type="SSO_OIDC")
    types = [exchange.headers.get("tokentype") for exchange in simulator.requests("profiles")]
    assert types == [None] * 4 + ["SSO_OIDC"] * 2


async def test_profiles_of_the_other_partition_are_not_used(simulator: Simulator, listing: ProfileList) -> None:
    known(simulator, "idc", GOV, US)
    assert await listing(IDENTITY) == Listing((US,))
    assert await listing(replace(IDENTITY, region="us-gov-east-1")) == Listing((GOV,))


@pytest.mark.parametrize(
    ("script", "region"),
    [
        ([], "us-east-1"),
        ([{"status": 403, "body": {}}], "eu-central-1"),
        ([{"status": 503, "body": {}}], "eu-central-1"),
        ([{"status": 403, "body": {}, "times": 2}], None),
        ([{"status": 400, "body": {"message": "Invalid profileArn."}, "times": 2}], None),
    ],
)
async def test_an_api_key_is_of_the_first_region_that_takes_it(
    simulator: Simulator, regions: KeyRegions, script: list[dict[str, Any]], region: str | None
) -> None:
    simulator.push(*({"on": "profile", **answer} for answer in script))
    assert await regions(KEY) == region
    assert {exchange.body for exchange in simulator.requests("profile")} == {b"{}"}


@pytest.mark.parametrize("status", [429, 503])
async def test_a_region_that_does_not_say_may_still_be_the_keys(
    simulator: Simulator, regions: KeyRegions, status: int
) -> None:
    simulator.push({"on": "profile", "status": status, "body": {}}, {"on": "profile", "status": 403, "body": {}})
    with pytest.raises(UpstreamError):
        await regions(KEY)


async def test_refused_everywhere_means_that_there_is_none(simulator: Simulator, listing: ProfileList) -> None:
    known(simulator, "idc", EU)
    simulator.push(NO_PROFILE | {"always": True})
    assert await listing(IDENTITY) == Listing()


@pytest.mark.parametrize("script", [{"status": 503, "body": {"message": "busy"}}, {"status": 200, "body": []}])
async def test_a_service_that_fails_lists_nothing_and_says_so(
    simulator: Simulator, listing: ProfileList, script: dict[str, Any]
) -> None:
    known(simulator, "idc", EU)
    simulator.push({"on": "profiles", "always": True, **script})
    with pytest.raises(UpstreamError):
        await listing(IDENTITY)


async def test_a_token_that_is_refused_says_nothing_of_profiles(listing: ProfileList) -> None:
    with pytest.raises(UpstreamError, match="did not accept the login"):
        await listing(IDENTITY)
