import pytest

from gateway.simulator.logins import Grant, Logins, Server, well_formed
from gateway.simulator.options import ACCESS_TOKEN, PROFILE_ARN, REFRESH_TOKEN, Options


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def logins(**options: object) -> tuple[Logins, Clock]:
    clock = Clock()
    return Logins(Options(**options), clock), clock  # type: ignore[arg-type]  # a table of options of any type


def granted(known: Logins, token: str, server: Server = "desktop") -> Grant:
    grant = known.grant(token, server)
    assert grant is not None
    return grant


def test_the_newcomers_token_is_admitted_and_others_are_not() -> None:
    known, _ = logins()
    assert known.account_of(f"Bearer {ACCESS_TOKEN}")
    assert known.account_of(f"bearer {ACCESS_TOKEN}")
    assert not any(known.account_of(header) for header in ("", "Bearer x", ACCESS_TOKEN, f"Basic {ACCESS_TOKEN}"))


def test_an_issued_token_is_admitted_until_it_expires() -> None:
    known, clock = logins(expires_in=60)
    grant = granted(known, REFRESH_TOKEN)
    header = f"Bearer {grant.access_token}"
    assert (grant.expires_in, grant.profile_arn) == (60, PROFILE_ARN)
    assert known.account_of(header)
    clock.now += 60
    assert known.account_of(header) is None


def test_unknown_refresh_tokens_serve_newcomers_only() -> None:
    assert logins()[0].grant("any", "desktop")
    assert logins(newcomer=False)[0].grant("any", "desktop") is None
    assert logins(newcomer=False)[0].grant(REFRESH_TOKEN, "desktop")
    assert logins()[0].grant("", "desktop") is None


@pytest.mark.parametrize(("server", "kind"), [("desktop", "social"), ("oidc", "idc"), ("idp", "external_idp")])
def test_an_unknown_token_is_taken_for_the_servers_kind(server: Server, kind: str) -> None:
    known, _ = logins()
    account = known.account_of(f"Bearer {granted(known, 'any', server).access_token}")
    assert account is not None
    assert (account.kind, known.owns(account, "arn:of:anybody")) == (kind, True)


def test_a_server_refuses_the_logins_of_another_kind_unless_a_newcomer_shows_them() -> None:
    assert logins()[0].grant(REFRESH_TOKEN, "oidc")
    assert logins(newcomer=False)[0].grant(REFRESH_TOKEN, "oidc") is None


@pytest.mark.parametrize(
    ("option", "server", "rotated"),
    [(None, "oidc", True), (None, "idp", True), (None, "desktop", False), (True, "desktop", True)],
)
def test_rotation_is_the_servers_habit_unless_switched(option: bool | None, server: Server, *, rotated: bool) -> None:
    grant = granted(logins(rotate=option)[0], REFRESH_TOKEN, server)
    assert (grant.refresh_token != REFRESH_TOKEN) is rotated


def test_reuse_of_a_rotated_token_is_refused_and_counted_and_the_family_lives() -> None:
    known, _ = logins(rotate=True, newcomer=False)
    fresh = granted(known, REFRESH_TOKEN).refresh_token
    assert known.grant(REFRESH_TOKEN, "desktop") is None
    granted(known, fresh)
    (family,) = known.ledger.shown()
    assert (family["generation"], family["rotations"], family["refreshes"], family["reuses"]) == (3, 2, 2, 1)


def test_a_time_of_grace_lets_the_old_token_pass() -> None:
    known, _ = logins(rotate=True, revoke_rotated=False)
    granted(known, REFRESH_TOKEN)
    granted(known, REFRESH_TOKEN)
    assert known.ledger.shown()[0]["reuses"] == 1


def test_more_can_be_learned_and_revoked_while_running() -> None:
    known, _ = logins()
    arn = "arn:aws:codewhisperer:eu-central-1:1:profile/X"
    known.learn(access_tokens=["a"], refresh_tokens=["r"], profiles=[arn], newcomer=False, rotate=True, expires_in=5)
    assert known.account_of("Bearer a")
    assert granted(known, "r").expires_in == 5
    assert known.accounts["default"].profiles == (arn, PROFILE_ARN)
    known.revoke_access()
    assert known.account_of("Bearer a") is None
    known.revoke([REFRESH_TOKEN])
    assert known.grant(REFRESH_TOKEN, "desktop") is None


def test_profiles_belong_to_accounts_and_newcomers_may_use_any() -> None:
    other = "arn:aws:codewhisperer:us-east-1:999999999999:profile/OTHER"
    for newcomer in (True, False):
        known, _ = logins(newcomer=newcomer)
        assert known.owns(known.accounts["default"], PROFILE_ARN)
        assert known.owns(known.accounts["default"], other) is newcomer


def test_a_newcomers_api_key_may_be_any_and_a_strict_ones_may_not() -> None:
    account = logins()[0].account_of("Bearer ksk_any")
    assert account is not None
    assert account.kind == "api_key"
    assert logins(newcomer=False)[0].account_of("Bearer ksk_any") is None


def test_clients_are_known_by_id_and_secret() -> None:
    known, _ = logins(newcomer=False)
    client, secret = known.register()
    assert known.knows_client(client, secret)
    assert not known.knows_client(client, "other")
    assert not known.knows_client("other", secret)
    assert logins()[0].knows_client("any", "any")


@pytest.mark.parametrize("arn", ["", "arn", "arn:aws:iam::1:role/x", PROFILE_ARN + "/more"])
def test_a_profile_arn_has_one_shape(arn: str) -> None:
    assert well_formed(PROFILE_ARN)
    assert not well_formed(arn)
