"""Which profile is named, with Kiro's list in memory."""

import asyncio
from dataclasses import dataclass, field, replace

from gateway.accounts.profile import AGAIN, Listing, Profiles
from gateway.errors import Kind, UpstreamError
from gateway.kiro.endpoints import Identity
from gateway.kiro.profiles import SHARED

EU = "arn:aws:codewhisperer:eu-central-1:111111111111:profile/EU"
US = "arn:aws:codewhisperer:us-east-1:111111111111:profile/US"
NOBODY = Identity("token", None, "idc", "us-east-1", "m")
NO_ANSWER = UpstreamError(Kind.TIMEOUT, "Kiro's control plane did not answer in time.")


@dataclass
class Kiro:
    """Lists what it is told to; ``now`` is the clock."""

    listing: Listing | UpstreamError
    asked: int = 0
    now: float = 0.0
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, _identity: Identity) -> Listing:
        self.asked += 1
        await self.open.wait()
        if isinstance(self.listing, UpstreamError):
            raise self.listing
        return self.listing


def profiles(*arns: str, builder_id: bool = False, fault: UpstreamError | None = None) -> tuple[Profiles, Kiro]:
    kiro = Kiro(fault or Listing(arns, builder_id=builder_id))
    kiro.open.set()
    return Profiles(kiro, clock=lambda: kiro.now), kiro


async def test_a_login_that_names_its_profile_is_believed() -> None:
    found, kiro = profiles(EU)
    mine = replace(NOBODY, profile_arn=US)
    assert await found.completed(mine, "a") is mine
    assert kiro.asked == 0


async def test_kiros_list_fills_the_gap_once_for_all_who_wait_and_gives_the_region() -> None:
    found, kiro = profiles(EU, US)
    kiro.open.clear()
    waiting = [asyncio.create_task(found.completed(NOBODY, "a")) for _ in range(100)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    kiro.open.set()
    whose = await asyncio.gather(*waiting[1:])
    assert {(identity.profile_arn, identity.region) for identity in whose} == {(EU, "eu-central-1")}
    await found.completed(NOBODY, "a")
    assert kiro.asked == 1


async def test_a_region_of_the_settings_stays() -> None:
    kiro = Kiro(Listing((EU,)))
    kiro.open.set()
    identity = await Profiles(kiro, configured_region="us-east-1").completed(NOBODY, "a")
    assert (identity.profile_arn, identity.region) == (EU, "us-east-1")


async def test_a_builder_id_has_the_shared_profile_and_asks_nobody() -> None:
    found, kiro = profiles()
    identity = await found.completed(replace(NOBODY, kind="builder_id"), "a")
    assert (identity.profile_arn, kiro.asked) == (SHARED["builder_id"], 0)


async def test_what_kiro_calls_a_builder_id_is_one() -> None:
    found, _ = profiles(builder_id=True)
    identity = await found.completed(NOBODY, "a")
    assert (identity.kind, identity.profile_arn) == ("builder_id", SHARED["builder_id"])
    assert identity.arn_for_older_hosts is None


async def test_a_login_without_a_listing_has_the_shared_profile_and_asks_nobody() -> None:
    for kind in ("social", "builder_id"):
        found, kiro = profiles(EU)
        mine = replace(NOBODY, kind=kind)
        assert (await found.completed(mine, "a")).profile_arn == SHARED[kind]
        kiro.now = 10 * AGAIN
        assert (await found.completed(mine, "a")).profile_arn == SHARED[kind]
        assert kiro.asked == 0


async def test_a_builder_ids_other_profile_that_is_refused_gives_way_to_the_shared_one_once() -> None:
    found, kiro = profiles(EU)
    mine = replace(NOBODY, kind="builder_id", profile_arn=US)
    assert await found.correct(mine, "a")
    now = await found.completed(mine, "a")
    assert now.profile_arn == SHARED["builder_id"]
    assert not await found.correct(now, "a")
    assert kiro.asked == 0


async def test_a_social_logins_profile_came_with_it_and_is_not_replaced_by_a_guess() -> None:
    found, kiro = profiles(EU)
    assert not await found.correct(replace(NOBODY, kind="social", profile_arn=US), "a")
    assert kiro.asked == 0


async def test_a_company_login_that_is_given_no_answer_is_asked_for_again_later() -> None:
    found, kiro = profiles(fault=NO_ANSWER)
    assert (await found.completed(NOBODY, "a")).profile_arn is None
    kiro.now, kiro.listing = AGAIN, Listing((EU,))
    assert (await found.completed(NOBODY, "a")).profile_arn is None
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (await found.completed(NOBODY, "a")).profile_arn == EU
    assert kiro.asked == 2


async def test_a_token_type_that_a_listing_needed_is_passed_on() -> None:
    kiro, learned = Kiro(Listing((EU,), token_type="SSO_OIDC")), list[Identity]()
    kiro.open.set()
    await Profiles(kiro, learn_token_type=learned.append).completed(NOBODY, "a")
    assert [identity.token_type for identity in learned] == ["SSO_OIDC"]


async def test_a_company_login_without_any_profile_stays_without() -> None:
    found, kiro = profiles()
    assert (await found.completed(NOBODY, "a")) is NOBODY
    assert (await found.completed(NOBODY, "a")) is NOBODY
    assert kiro.asked == 1


async def test_an_api_key_has_no_profile() -> None:
    found, kiro = profiles(EU)
    mine = replace(NOBODY, kind="api_key")
    assert await found.completed(mine, "a") is mine
    assert not await found.correct(mine, "a")
    assert kiro.asked == 0


async def test_a_wrong_profile_is_replaced_by_the_listed_one_until_the_login_names_another() -> None:
    found, _ = profiles(EU)
    wrong = replace(NOBODY, profile_arn=US)
    assert await found.correct(wrong, "a")
    assert await found.correct(wrong, "a")  # the late refusal of another request
    assert (await found.completed(wrong, "a")).profile_arn == EU
    anew = replace(NOBODY, profile_arn=US + "2")
    assert await found.completed(anew, "a") is anew


async def test_nothing_is_corrected_where_kiro_lists_the_profile_or_knows_no_other() -> None:
    wrong = replace(NOBODY, profile_arn=US)
    for found, _ in (profiles(EU, US), profiles(), profiles(fault=NO_ANSWER)):
        assert not await found.correct(wrong, "a")
        assert await found.completed(wrong, "a") is wrong


async def test_where_nobody_can_be_asked_everything_stays() -> None:
    found = Profiles()
    assert await found.completed(NOBODY, "a") is NOBODY
    assert not await found.correct(NOBODY, "a")


async def test_closing_ends_a_search() -> None:
    found, kiro = profiles(EU)
    kiro.open.clear()
    waiting = asyncio.create_task(found.completed(NOBODY, "a"))
    await asyncio.sleep(0)
    await found.close()
    assert await asyncio.gather(waiting, return_exceptions=True)


async def test_requests_whose_profile_is_refused_at_once_ask_kiro_once() -> None:
    for arns, corrected in (((EU,), True), ((EU, US), False)):
        found, kiro = profiles(*arns)
        wrong = replace(NOBODY, profile_arn=US)
        assert set(await asyncio.gather(*(found.correct(wrong, "a") for _ in range(100)))) == {corrected}
        assert kiro.asked == 1


async def test_a_client_that_leaves_does_not_end_the_correction_that_others_wait_for() -> None:
    found, kiro = profiles(EU)
    kiro.open.clear()
    first, second = (asyncio.create_task(found.correct(replace(NOBODY, profile_arn=US), "a")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    kiro.open.set()
    assert await second
