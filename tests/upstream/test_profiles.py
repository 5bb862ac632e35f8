"""Profiles as the simulator lists them, over a socket."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.accounts.profile import Listing
from gateway.errors import UpstreamError
from gateway.kiro.endpoints import Identity
from gateway.simulator.logins import Account
from gateway.simulator.server import Simulator, start
from gateway.upstream.connection import Connection
from gateway.upstream.profiles import ProfileList

EU = "arn:aws:codewhisperer:eu-central-1:111111111111:profile/EU"
US = "arn:aws:codewhisperer:us-east-1:111111111111:profile/US"
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
