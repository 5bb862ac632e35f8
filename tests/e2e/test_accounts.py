"""Two accounts of one owner, on real processes: which one answers, which one is out, and what a client is told."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.processes import CEILING, KEY, Process, Simulator, environment, running

_NUMBERS = count()
SPENT = {"used": 1000.0, "limit": 1000.0, "bonus_limit": 0.0, "trial_limit": 0.0}


@dataclass
class Pair:
    """Two accounts at the simulator, called ``first`` and ``second`` by the gateway; first is to be preferred."""

    simulator: Simulator
    authority: Path
    home: Path
    number: int

    def make(self, name: str, **members: Any) -> None:
        """Set an account of the simulator up, or change it."""
        arn = f"arn:aws:codewhisperer:us-east-1:{self.number:012d}:profile/{name.upper()}"
        token = f"aor{name}{self.number}"
        self.simulator.account(f"{name}{self.number}", refresh_tokens=[token], profiles=[arn], **members)
        path = self.home / f"{name}.json"
        if not path.exists():
            path.write_text(json.dumps({"refreshToken": token, "profileArn": arn}))

    @contextmanager
    def gateway(self) -> Iterator[Process]:
        """A gateway on both; its home, and with it the state, is kept from one to the next."""
        entries = [
            f'[[accounts]]\nname = "{name}"\nsource = "file"\npath = "{self.home / f"{name}.json"}"\n'
            f"priority = {priority}\n"
            for priority, name in enumerate(("first", "second"))
        ]
        (self.home / "config.toml").write_text("\n".join(entries))
        network = {"KIRO_BASE_URL": self.simulator.url, "KIRO_GATEWAY_UPSTREAM_CA_FILE": str(self.authority)}
        own = environment(self.home, PROXY_API_KEY=KEY, BASE_RETRY_DELAY="0.01", LOG_FORMAT="json", **network)
        config = ("--config", str(self.home / "config.toml"))
        with running("serve", *config, "--port", "0", environment=own, log=self.home / "log") as process:
            yield process

    def credits_told(self) -> None:
        """Wait until both accounts' credits were asked for: what is heard of them is older than a refusal."""
        self.simulator.wait("usage", 2)

    def served(self) -> list[tuple[str | None, int]]:
        """From the access log: which account each request was with last, and how many it had left by then."""
        lines = [json.loads(line) for line in (self.home / "log").read_text().splitlines() if line.startswith("{")]
        asked = [line for line in lines if line.get("event") == "request"]
        return [(line.get("account"), line.get("account_switches", 0)) for line in asked]


@pytest.fixture
def pair(simulator: Simulator, authority: Path, tmp_path: Path) -> Pair:
    simulator.reset()
    made = Pair(simulator, authority, tmp_path, next(_NUMBERS) + 1)
    made.make("first")
    made.make("second")
    return made


def asked(process: Process, text: str = "Say hello.") -> tuple[int, Any, dict[str, str]]:
    """Status, body and headers of a small question."""
    body = {"model": "claude-sonnet-4.5", "max_tokens": 64, "messages": [{"role": "user", "content": text}]}
    headers = {"x-api-key": KEY, "content-type": "application/json"}
    request = urllib.request.Request(f"{process.url}/v1/messages", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=CEILING) as answer:
            return answer.status, json.load(answer), dict(answer.headers)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused), dict(refused.headers)


def test_where_the_first_account_is_throttled_the_second_answers_and_keeps_the_conversation(pair: Pair) -> None:
    pair.make("first", throttled=-1)
    with pair.gateway() as process:
        assert asked(process)[0] == 200
        pair.make("first", throttled=0)
        assert asked(process)[0] == 200
        assert asked(process, "Something else.")[0] == 200
    assert pair.served() == [("second", 1), ("second", 0), ("first", 0)]


def test_an_account_without_credits_is_out_until_the_reset_and_a_restart_does_not_forget_it(pair: Pair) -> None:
    pair.make("first", quota="month")
    with pair.gateway() as process:
        pair.credits_told()
        assert asked(process)[0] == 200
    assert pair.served() == [("second", 1)]
    pair.make("first", usage=SPENT)
    with pair.gateway() as process:
        assert asked(process, "Something else.")[0] == 200
    assert pair.served() == [("second", 0)]


def test_a_suspended_account_is_parked_and_asked_no_more(pair: Pair) -> None:
    pair.make("first", suspended=True)
    with pair.gateway() as process:
        assert [asked(process, text)[0] for text in ("One.", "Two.", "Three.")] == [200, 200, 200]
    assert pair.served() == [("second", 1), ("second", 0), ("second", 0)]


def test_a_dead_login_is_parked_and_the_next_request_does_not_try_it(pair: Pair) -> None:
    pair.simulator.revoke(f"aorfirst{pair.number}")
    with pair.gateway() as process:
        assert [asked(process, text)[0] for text in ("One.", "Two.")] == [200, 200]
    assert pair.served() == [("second", 1), ("second", 0)]


def test_without_any_usable_account_the_client_is_told_why_for_each_and_what_to_run(pair: Pair) -> None:
    pair.make("first", suspended=True)
    pair.make("second", quota="month")
    with pair.gateway() as process:
        pair.credits_told()
        assert asked(process)[0] == 402
        status, body, headers = asked(process)
    words = body["error"]["message"]
    assert (status, body["type"], headers["x-should-retry"]) == (503, "error", "false")
    assert "first: account suspended" in words
    assert "second: this month's credits are used up until 20" in words
    assert "kiro-gateway accounts enable first" in words
    assert int(headers["retry-after"]) > 60


def test_a_malformed_request_is_no_matter_for_another_account(pair: Pair) -> None:
    pair.simulator.push({"status": 400, "body": {"message": "Improperly formed request.", "reason": None}})
    with pair.gateway() as process:
        assert asked(process)[0] == 400
    assert pair.served() == [("first", 0)]
    assert len(pair.simulator.requests()) == 1
