"""``GET /usage``: Kiro is asked at most once in three minutes for each account, answered or not."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.simulator.server import Simulator
from tests.live import ADMIN, Live, gateway

REFUSED = {"on": "usage", "status": 500, "body": {"message": "no"}, "always": True}


async def usage(live: Live) -> dict[str, Any]:
    """The row of the first account."""
    async with live.client.get(f"{live.url}/usage", headers={"x-api-key": ADMIN}) as answer:
        row: dict[str, Any] = (await answer.json())["accounts"][0]
        return row


async def test_kiro_is_asked_once_and_the_age_of_its_answer_is_shown(simulator: Simulator, tmp_path: Path) -> None:
    async with gateway(simulator, tmp_path) as live:
        rows = await asyncio.gather(*(usage(live) for _ in range(10)))
        rows.append(await usage(live))
    assert len(simulator.requests("usage")) == 1
    assert {row["fetched_at"] for row in rows if row["credits"]["used"] == 12.5}
    fetched = datetime.fromisoformat(rows[0]["fetched_at"])
    assert timedelta(0) <= datetime.now(UTC) - fetched < timedelta(seconds=30)
    assert all(0 <= row["age"] < 30 for row in rows)


async def test_failure_is_shown_again_without_another_call(simulator: Simulator, tmp_path: Path) -> None:
    simulator.push(REFUSED)
    async with gateway(simulator, tmp_path) as live:
        first = await usage(live)
        calls = len(simulator.requests("usage"))
        again = await usage(live)
    assert first["error"] == again["error"] and first["fetched_at"] and calls > 0
    assert len(simulator.requests("usage")) == calls


async def test_account_that_its_user_enables_is_asked_again_after_a_failure(
    simulator: Simulator, tmp_path: Path
) -> None:
    simulator.push(REFUSED)
    async with gateway(simulator, tmp_path) as live:
        assert "error" in await usage(live)
        simulator.state.script.reset()
        await live.enable()
        assert (await usage(live))["credits"]["used"] == 12.5


@pytest.mark.parametrize("days", [0, 25])
async def test_reset_date_is_that_of_the_credits(simulator: Simulator, tmp_path: Path, days: int) -> None:
    now = datetime.now(UTC)
    credits_return, other = now + timedelta(days=7.5), now + timedelta(days=20)
    for account in simulator.state.logins.accounts.values():
        account.usage = type(account.usage)(
            reset=credits_return.timestamp(), answer_reset=other.timestamp(), days=days, milliseconds=True
        )
    async with gateway(simulator, tmp_path) as live:
        row = await usage(live)
    assert (row["resets_at"], row["days_left"]) == (credits_return.strftime("%Y-%m-%dT%H:%M:%SZ"), 8)
