"""Accounts and usage as they are shown: every state with its reason, no token, addresses shortened."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway.accounts.account import Account
from gateway.accounts.credentials import Credentials
from gateway.accounts.health import FRESH, AccountState, Health, Now
from gateway.accounts.login.device import NewLogin
from gateway.accounts.member import Member
from gateway.accounts.refresh.grant import TokenAnswer, TokenCall
from gateway.accounts.sources.own import keep
from gateway.accounts.terms import Terms
from gateway.errors import GatewayError, Kind
from gateway.kiro.usage_limits import Credits, Grant, UsageLimits
from gateway.upstream.usage import UsageCache
from gateway.web.accounts import account_rows, masked_email, usage_row, usage_rows

NOW = 1_780_000_000.0
ARN = "arn:aws:codewhisperer:us-east-1:123456789012:profile/P"
CREDENTIALS = Credentials("social", "aor-secret", "aoa-secret", expires_at=NOW + 3600, profile_arn=ARN)


async def nobody(_: TokenCall) -> TokenAnswer:
    raise AssertionError("nobody is asked")


def member(folder: Path, health: Health = FRESH, **terms: Any) -> Member:
    source = keep(folder, NewLogin(CREDENTIALS, "mine"), "mine", 0.0)
    made = Member(Account(source, CREDENTIALS, nobody), Terms("mine", **terms))
    made.health = health
    return made


def row(folder: Path, health: Health = FRESH, **terms: Any) -> dict[str, Any]:
    [shown] = account_rows([member(folder, health, **terms)], Now(NOW, 1000.0))
    return shown


def test_a_healthy_account_shows_what_it_is_and_no_token(tmp_path: Path) -> None:
    shown = row(tmp_path, models=("claude-opus-*",))
    assert (shown["name"], shown["index"], shown["kind"], shown["state"]) == ("mine", 0, "social", "ready")
    assert (shown["enabled"], shown["reason"], shown["until"]) == (True, None, None)
    assert shown["token_expires_at"] == "2026-05-28T21:26:40Z"
    assert shown["profile_arn"] == ARN
    assert "secret" not in str(shown)


@pytest.mark.parametrize(
    ("health", "state", "words"),
    [
        (Health(disabled=True), "disabled", "accounts enable mine"),
        (Health(AccountState.LOGIN_DEAD, message="Log in again."), "parked", "Log in again"),
        (Health(AccountState.QUOTA_EXHAUSTED, resets_at=NOW + 86_400), "month used up", "2026-05-29"),
        (Health(AccountState.DAILY_LIMIT, resets_at=NOW + 60), "day used up", "today"),
        (Health(AccountState.RESTRICTED, retry_at=1060.0), "restricted", "traffic"),
        (Health(AccountState.THROTTLED, retry_at=1060.0, failures=3), "throttled", "60 s"),
    ],
)
def test_an_account_that_is_out_says_why(health: Health, state: str, words: str, tmp_path: Path) -> None:
    shown = row(tmp_path, health)
    assert shown["state"] == state
    assert words in shown["reason"]


def test_an_account_that_only_stumbled_is_ready(tmp_path: Path) -> None:
    shown = row(tmp_path, Health(retry_at=1060.0, failures=1))
    assert (shown["state"], shown["reason"], shown["failures"]) == ("ready", None, 1)


LIMITS = UsageLimits(
    plan="KIRO PRO",
    type="Q_DEVELOPER_STANDALONE_PRO",
    email="user@example.org",
    resets_at=NOW + 86_400 * 2.5,
    overages=True,
    resources=(
        Credits(
            "CREDIT",
            1280.59,
            1000,
            overage=280.59,
            overage_charges=11.22,
            currency="USD",
            trial=Grant("Free trial", active=False, used=500, limit=500),
            bonuses=(Grant("Welcome", active=True, used=3.5, limit=100, expires_at=NOW),),
        ),
    ),
)


def test_usage_beyond_the_limit_is_shown_as_it_is() -> None:
    shown = usage_row("mine", LIMITS, NOW)
    assert (shown["plan"], shown["email"], shown["days_left"]) == ("KIRO PRO", "u***@example.org", 3)
    credits = shown["credits"]
    assert (credits["used"], credits["limit"], credits["remaining"], credits["overage"]) == (1280.59, 1000, 0, 280.59)
    assert credits["free_trial"]["active"] is False
    assert credits["bonuses"] == [
        {"name": "Welcome", "active": True, "used": 3.5, "limit": 100, "expires_at": "2026-05-28T20:26:40Z"}
    ]


def test_a_plan_that_tells_nothing_is_shown_as_nothing() -> None:
    shown = usage_row("mine", UsageLimits(resets_at=1e300), NOW)
    assert (shown["plan"], shown["credits"], shown["resets_at"]) == (None, None, None)


@dataclass
class Telling:
    """Tells of one account and not of the other."""

    asked: list[str] = field(default_factory=list)

    async def __call__(self, name: str) -> UsageLimits:
        self.asked.append(name)
        if name != "mine":
            raise GatewayError(Kind.UPSTREAM, "Kiro did not tell.")
        return LIMITS


async def test_an_account_that_does_not_tell_stands_beside_those_that_do(tmp_path: Path) -> None:
    other = member(tmp_path)
    other.terms = Terms("other")
    cache = UsageCache(Telling(), login=lambda _: None)
    rows = await usage_rows([member(tmp_path), other], cache, lambda: NOW)
    assert [shown.get("error") for shown in rows] == [None, "Kiro did not tell."]


@pytest.mark.parametrize(
    ("email", "shown"),
    [("user@example.org", "u***@example.org"), ("@example.org", "***@example.org"), ("odd", "***"), (None, None)],
)
def test_an_address_is_shown_so_that_only_its_owner_knows_it(email: str | None, shown: str | None) -> None:
    assert masked_email(email) == shown
