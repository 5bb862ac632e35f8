import pytest

from gateway.simulator.logins import Logins, well_formed
from gateway.simulator.options import ACCESS_TOKEN, PROFILE_ARN, REFRESH_TOKEN, Options


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def logins(**options: object) -> tuple[Logins, Clock]:
    clock = Clock()
    return Logins(Options(**options), clock), clock  # type: ignore[arg-type]  # a table of options of any type


def test_the_newcomers_token_is_admitted_and_others_are_not() -> None:
    known, _ = logins()
    assert known.admits(f"Bearer {ACCESS_TOKEN}")
    assert known.admits(f"bearer {ACCESS_TOKEN}")
    assert not any(known.admits(header) for header in ("", "Bearer x", ACCESS_TOKEN, f"Basic {ACCESS_TOKEN}"))


def test_an_issued_token_is_admitted_until_it_expires() -> None:
    known, clock = logins(expires_in=60)
    grant = known.grant(REFRESH_TOKEN, rotates=False)
    assert grant is not None
    header = f"Bearer {grant.access_token}"
    assert (grant.expires_in, grant.profile_arn, known.admits(header)) == (60, PROFILE_ARN, True)
    clock.now += 60
    assert not known.admits(header)


def test_unknown_refresh_tokens_serve_newcomers_only() -> None:
    assert logins()[0].grant("any", rotates=False)
    assert logins(newcomer=False)[0].grant("any", rotates=False) is None
    assert logins(newcomer=False)[0].grant(REFRESH_TOKEN, rotates=False)
    assert logins()[0].grant("", rotates=False) is None


@pytest.mark.parametrize(
    ("option", "server", "rotated"),
    [(None, True, True), (None, False, False), (True, False, True), (False, True, False)],
)
def test_rotation_is_the_servers_habit_unless_switched(option: bool | None, *, server: bool, rotated: bool) -> None:
    grant = logins(rotate=option)[0].grant(REFRESH_TOKEN, rotates=server)
    assert grant is not None
    assert (grant.refresh_token != REFRESH_TOKEN) is rotated


def test_a_rotated_token_dies_only_when_told_to() -> None:
    for revoke in (False, True):
        known, _ = logins(rotate=True, newcomer=False, revoke_rotated=revoke)
        fresh = known.grant(REFRESH_TOKEN, rotates=False)
        assert fresh is not None
        assert (known.grant(REFRESH_TOKEN, rotates=False) is None) is revoke
        assert known.grant(fresh.refresh_token, rotates=False)


def test_more_can_be_learned_and_revoked_while_running() -> None:
    known, _ = logins(newcomer=False)
    known.learn(access_tokens=["a"], refresh_tokens=["r"], profiles=["arn:aws:codewhisperer:eu-central-1:1:profile/X"])
    assert known.admits("Bearer a")
    assert known.grant("r", rotates=False)
    assert len(known.profiles()) == 2
    known.revoke_access()
    assert not known.admits("Bearer a")


def test_profiles_belong_to_those_who_know_them_and_newcomers_may_use_any() -> None:
    other = "arn:aws:codewhisperer:us-east-1:999999999999:profile/OTHER"
    assert logins()[0].owns(other)
    assert not logins(newcomer=False)[0].owns(other)
    assert logins(newcomer=False)[0].owns(PROFILE_ARN)


@pytest.mark.parametrize("arn", ["", "arn", "arn:aws:iam::1:role/x", PROFILE_ARN + "/more"])
def test_a_profile_arn_has_one_shape(arn: str) -> None:
    assert well_formed(PROFILE_ARN)
    assert not well_formed(arn)
