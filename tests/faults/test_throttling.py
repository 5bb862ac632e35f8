"""R26, R30, R31: a 429 goes by its scope (account, profile, model), with the default settings and over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.kiro.fault_rows import SUPPORT_FORM
from gateway.settings import Secret
from gateway.settings.accounts import AccountEntry
from gateway.simulator.accounts import Account
from gateway.simulator.server import Simulator
from tests.faults.forms import FORMS, Form, Outcome
from tests.faults.kiro import HELLO, routes_sent, said
from tests.live import UNQUEUED, Live, gateway

PROFILES = {name: f"arn:aws:codewhisperer:us-east-1:111111111111:profile/{name.upper()}" for name in ("one", "two")}
NO_REASON = {"status": 429, "body": {"message": "Slow down.", "reason": None}}


def throttled(reason: str | None, milliseconds: int | None = None, **more: Any) -> dict[str, Any]:
    """A 429 of Kiro with a reason and the wait that it asks for."""
    body = {"message": "Too many requests.", "reason": reason, "__type": "com.amazon.kiro#ThrottlingException"}
    return {
        "status": 429,
        "body": body | ({} if milliseconds is None else {"retryAfterMilliseconds": milliseconds}),
        **more,
    }


@asynccontextmanager
async def several(
    simulator: Simulator, state: Path, proxies: Mapping[str, str] | None = None, **profiles: str
) -> AsyncIterator[Live]:
    """A gateway on accounts of these names; each has the profile named, and the first is preferred.

    proxies: of the accounts that have one.
    """
    entries = []
    for priority, (name, profile) in enumerate(profiles.items()):
        refresh = f"aor{name}-refresh-token"
        account = simulator.state.logins.accounts.setdefault(name, Account(name))
        account.profiles = (PROFILES[profile],)
        simulator.state.logins.give(name, refresh_tokens=(refresh,))
        path = state / f"{name}.json"
        path.write_text(json.dumps({"refreshToken": refresh, "profileArn": PROFILES[profile]}))
        proxy = Secret(proxies[name]) if proxies and name in proxies else None
        entries.append(AccountEntry(name=name, source="file", path=str(path), priority=priority, proxy_url=proxy))
    async with gateway(simulator, state, accounts=tuple(entries)) as live:
        yield live


def served(simulator: Simulator) -> list[str]:
    """The account of each generation request that Kiro got."""
    return [exchange.account for exchange in simulator.requests("generate")]


def account(simulator: Simulator, name: str, **changes: Any) -> None:
    for member, value in changes.items():
        setattr(simulator.state.logins.accounts[name], member, value)


async def asked(live: Live, form: Form = FORMS[1], **changes: Any) -> Outcome:
    """A chat of its own."""
    asked.number += 1  # type: ignore[attr-defined]
    message = [{"role": "user", "content": f"Chat {asked.number}."}]  # type: ignore[attr-defined]
    return await form.ask(live, messages=message, **changes)


asked.number = 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("throttle", ["user", "credit", "day", "soft_ban", "service"])
async def test_limit_of_the_account_goes_to_the_next_account_and_to_no_other_endpoint(
    simulator: Simulator, tmp_path: Path, form: Form, throttle: str
) -> None:
    async with several(simulator, tmp_path, a="one", b="two") as live:
        account(simulator, "a", throttled=-1, throttle=throttle)
        assert [(await asked(live, form)).error for _ in range(3)] == [None] * 3
    assert served(simulator) == ["a", "b", "b", "b"]


async def test_limit_without_a_reason_tries_the_next_endpoint_first(simulator: Simulator, tmp_path: Path) -> None:
    async with several(simulator, tmp_path, a="one", b="two") as live:
        account(simulator, "a", throttled=1)
        assert (await asked(live)).error is None
    assert served(simulator) == ["a", "a"]
    first, second = simulator.requests("generate")
    assert first.headers["x-amz-target"] != second.headers["x-amz-target"] or first.path != second.path


async def test_limit_of_a_profile_holds_for_all_of_its_accounts(simulator: Simulator, tmp_path: Path) -> None:
    async with several(simulator, tmp_path, a="one", b="one", c="two") as live:
        account(simulator, "a", throttled=-1, throttle="service", retry_after_ms=60_000)
        assert [(await asked(live)).error for _ in range(3)] == [None] * 3
        states = {row["name"]: row["state"] for row in await live.accounts()}
    assert (served(simulator), states) == (["a", "c", "c", "c"], {"a": "throttled", "b": "throttled", "c": "ready"})


@pytest.mark.parametrize("throttle", ["capacity", "unavailable"])
async def test_limit_of_a_model_blames_no_account_and_is_waited_out(
    simulator: Simulator, tmp_path: Path, form: Form, throttle: str
) -> None:
    async with several(simulator, tmp_path, a="one", b="two") as live:
        account(simulator, "a", throttled=2, throttle=throttle)
        assert (await asked(live, form)).error is None
        assert [(row["state"], row["failures"]) for row in await live.accounts()] == [("ready", 0)] * 2
    assert served(simulator) == ["a"] * 3
    assert len({exchange.headers["x-amz-target"] for exchange in simulator.requests("generate")}) == 1


@pytest.mark.parametrize(("throttle", "status"), [("capacity", 429), ("unavailable", 503)])
async def test_busy_model_is_not_asked_for_while_kiro_wants_to_be_left_alone(
    simulator: Simulator, tmp_path: Path, form: Form, throttle: str, status: int
) -> None:
    haiku = "claude-haiku-4.5"
    async with several(simulator, tmp_path, a="one", b="two") as live:
        for name in "ab":
            account(simulator, name, throttled=-1, throttle=throttle, retry_after_ms=90_000, busy_models=(haiku,))
        for _ in range(2):
            outcome = await asked(live, form, model=haiku)
            expected = 529 if status == 503 and form.api == "anthropic" else status
            assert (outcome.status, int(outcome.headers["retry-after"]) in (88, 89, 90)) == (expected, True)
        assert (await asked(live, form)).error is None
    assert len(served(simulator)) == 2


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (throttled("USER_REQUEST_RATE_EXCEEDED", 12_007), "13"),
        (throttled("CREDIT_CONSUMPTION_RATE_EXCEEDED", 300_000), "300"),
        (throttled("CREDIT_CONSUMPTION_RATE_EXCEEDED"), "300"),
        (throttled("SERVICE_REQUEST_RATE_EXCEEDED", 60_000), "60"),
        (throttled("HOURLY_REQUEST_COUNT", 45_000), "45"),
        (throttled("SOMETHING_NEW", 45_000), "45"),
        (throttled("USER_REQUEST_RATE_EXCEEDED", 20_000, headers={"retry-after": "30"}), "30"),
        (throttled("USER_REQUEST_RATE_EXCEEDED", 40_000, headers={"retry-after": "30"}), "40"),
        (throttled("INSUFFICIENT_MODEL_CAPACITY", 45_000), "45"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["body"]["reason"],
)
async def test_long_wait_is_given_to_the_client_at_once(
    live: Live, simulator: Simulator, form: Form, answer: dict[str, Any], wait: str
) -> None:
    simulator.push({**answer, "always": True})
    first, second = await form.ask(live), await form.ask(live)
    assert first.headers["retry-after"] == wait
    assert int(wait) - 2 <= int(second.headers["retry-after"]) <= int(wait)
    for outcome in (first, second):
        assert (outcome.status, outcome.headers["x-should-retry"]) == (429, "true")
    assert len(simulator.requests("generate")) == 1


@pytest.mark.parametrize("milliseconds", [0, -5, True, "7000", 1e15, None, [7000]])
async def test_wait_that_makes_no_sense_is_ignored(live: Live, simulator: Simulator, milliseconds: Any) -> None:
    answer = throttled("CREDIT_CONSUMPTION_RATE_EXCEEDED")
    answer["body"]["retryAfterMilliseconds"] = milliseconds
    simulator.push(answer)
    assert (await FORMS[1].ask(live)).headers["retry-after"] == "300"


async def test_short_wait_is_waited_out_inside_the_request(live: Live, simulator: Simulator, form: Form) -> None:
    simulator.push(throttled("USER_REQUEST_RATE_EXCEEDED", 57), {"frames": HELLO})
    assert (await form.ask(live)).text == "Hello"
    first, second = simulator.requests("generate")
    assert second.began - first.began >= 0.057
    assert first.headers["x-amz-target"] == second.headers["x-amz-target"]


async def test_exception_in_the_first_frame_has_the_same_scope_and_wait(
    live: Live, simulator: Simulator, form: Form
) -> None:
    payload = {"message": "x", "reason": "CREDIT_CONSUMPTION_RATE_EXCEEDED", "retryAfterMilliseconds": 120_000}
    simulator.push({"frames": [{"exception": "throttlingError", "payload": payload}]})
    outcome = await form.ask(live)
    assert (outcome.status, outcome.headers["retry-after"]) == (429, "120")
    assert len(simulator.requests("generate")) == 1


async def test_limit_named_in_the_middle_of_an_answer_cools_the_account_down(
    simulator: Simulator, tmp_path: Path, form: Form
) -> None:
    payload = {"message": "x", "reason": "USER_REQUEST_RATE_EXCEEDED", "retryAfterMilliseconds": 120_000}
    async with several(simulator, tmp_path, a="one", b="two") as live:
        simulator.push({"frames": [said("Hel"), {"exception": "throttlingError", "payload": payload}]})
        assert (await asked(live, form)).error is not None
        assert (await asked(live, form)).error is None
    assert served(simulator) == ["a", "b"]


async def test_burst_on_a_throttled_account_is_one_cooldown_to_the_longest_end_and_no_storm(
    simulator: Simulator, tmp_path: Path
) -> None:
    async with gateway(simulator, tmp_path, **UNQUEUED) as live:
        simulator.push(*(throttled("USER_REQUEST_RATE_EXCEEDED", 60_000 + wait * 1000) for wait in range(200)))
        outcomes = await asyncio.gather(*(asked(live, FORMS[number % 4]) for number in range(200)))
        [row] = await live.accounts()
        sent = routes_sent(simulator)
        after = await asked(live)
    assert {outcome.status for outcome in (*outcomes, after)} == {429}
    assert (row["state"], row["failures"]) == ("throttled", 1)
    assert len({route for _, route in sent}) == 1 and set(sent.values()) == {1}
    longest = 59 + sent.total()  # the answers come in the order in which the requests were received
    assert longest - 20 <= int(after.headers["retry-after"]) <= longest
    assert len(simulator.requests("generate")) == sent.total()


async def test_burst_of_short_waits_is_sent_again_within_the_retry_budget_and_at_the_same_endpoint(
    simulator: Simulator, tmp_path: Path
) -> None:
    async with gateway(simulator, tmp_path, **UNQUEUED) as live:
        simulator.push({**throttled("USER_REQUEST_RATE_EXCEEDED", 200), "always": True})
        outcomes = await asyncio.gather(*(asked(live, FORMS[number % 4]) for number in range(200)))
        [row] = await live.accounts()
    sent = routes_sent(simulator)
    assert {outcome.status for outcome in outcomes} == {429}
    assert (row["state"], sent.total() <= 240, max(sent.values()) <= 2) == ("throttled", True, True)
    assert len({route for _, route in sent}) == 1


async def test_reason_that_is_not_known_is_logged_once(live: Live, simulator: Simulator) -> None:
    simulator.push({**throttled("SOMETHING_NEW", 1), "times": 4})
    with capture_logs() as logs:
        for _ in range(2):
            await FORMS[1].ask(live)
            await live.enable()
    assert [entry["reason"] for entry in logs if entry["event"] == "unknown_reason"] == ["SOMETHING_NEW"]


async def test_suspended_account_is_left_alone_and_its_owner_is_told_once(simulator: Simulator, tmp_path: Path) -> None:
    async with several(simulator, tmp_path, a="one", b="two") as live:
        account(simulator, "a", suspended=True)
        with capture_logs() as logs:
            assert [(await asked(live)).error for _ in range(3)] == [None] * 3
    told = [entry for entry in logs if entry["event"] == "account_suspended"]
    assert [(entry["log_level"], entry["account"], entry["support"]) for entry in told] == [
        ("error", "a", SUPPORT_FORM)
    ]
    assert "We've locked your account" in told[0]["reason"]
    # None for "a" where the list of models met the suspension first.
    assert served(simulator) in (["a", "b", "b", "b"], ["b", "b", "b"])


async def test_client_of_the_only_account_is_told_of_its_suspension(
    live: Live, simulator: Simulator, form: Form
) -> None:
    account(simulator, "default", suspended=True)
    first, second = await form.ask(live), await form.ask(live)
    assert all(SUPPORT_FORM in outcome.message and "We've locked" in outcome.message for outcome in (first, second))
    assert len(simulator.requests("generate")) <= 1  # none where the list of models met it first
