from gateway.simulator.families import Ledger, fingerprint


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_ledger_shows_no_token_and_which_access_tokens_live() -> None:
    clock = Clock()
    ledger = Ledger(clock)
    family = ledger.begin("alice", "secret-refresh")
    first = ledger.issue(family, 60)
    clock.now = 30
    second = ledger.issue(family, 60)
    clock.now = 61
    (shown,) = ledger.shown()
    assert (shown["account"], shown["refresh_token"]) == ("alice", fingerprint("secret-refresh"))
    assert shown["access_tokens"] == [fingerprint(second)]
    assert not any(token in str(shown) for token in ("secret-refresh", first, second))


def test_every_refresh_token_leads_to_its_family() -> None:
    ledger = Ledger(Clock())
    family = ledger.begin("alice")
    old = family.current
    ledger.rotate(family)
    assert ledger.find(old) is ledger.find(family.current) is family
    assert ledger.find("other") is None
    assert len(family.current) > 100


def test_revoked_tokens_have_ended() -> None:
    ledger = Ledger(Clock())
    family = ledger.begin("alice")
    access = ledger.issue(family, 60)
    assert ledger.account_of(access) == "alice"
    ledger.revoke_access()
    ledger.revoke(family.current)
    assert ledger.account_of(access) is None
    assert ledger.shown()[0]["revoked"]
