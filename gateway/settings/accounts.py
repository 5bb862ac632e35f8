"""The settings of the accounts: what holds for all of them, and the list ``[[accounts]]`` of ``config.toml``."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from gateway.settings.facts import Facts, Form, setting
from gateway.settings.network import ENDPOINT_NAMES
from gateway.settings.problems import Problem, WrongValue, nearest, shown
from gateway.settings.secret import Secret
from gateway.settings.values import accept

ARRAY: Final = "accounts"
KINDS: Final = ("file", "folder", "database", "refresh_token", "api_key", "login")
"""Where an account's login can be; ``login`` is one that the gateway made itself, by its name."""

_WITH_PATH: Final = frozenset(("file", "folder", "database"))
_SETTABLE: Final = (
    "User-Agent",
    "x-amz-user-agent",
    "x-amzn-kiro-agent-mode",
    "x-amzn-codewhisperer-optout",
    "Accept-Language",
)
HEADERS: Final[Mapping[str, str]] = MappingProxyType({name.lower(): name for name in _SETTABLE})
"""Headers that may be set for an account, by their lower-case names: none that says who it is or what is sent."""


@dataclass(frozen=True, slots=True)
class Pool:
    """What holds for all accounts. The accounts themselves are the list at the end of this file."""

    max_concurrent: int = setting(
        Form.WHOLE,
        0,
        "Requests to Kiro at the same time, over all accounts; further ones are queued. 0: no limit.",
        environment=("RATE_LIMIT_MAX_CONCURRENT",),
        low=0,
        high=100_000,
    )
    max_concurrent_per_account: int = setting(
        Form.WHOLE,
        4,
        "The same for each account that sets no max_concurrent. Nobody has measured a safe rate. 0: no limit.",
        low=0,
        high=100_000,
    )
    queue_timeout: float = setting(
        Form.NUMBER,
        120.0,
        "How long a request waits for a place at an account before it is answered 429.",
        unit="seconds",
        low=0.1,
        high=3600,
    )
    min_interval: float = setting(
        Form.NUMBER,
        0.0,
        "Shortest time between the starts of two requests, over all accounts.",
        unit="seconds",
        environment=("RATE_LIMIT_MIN_INTERVAL",),
        low=0,
        high=3600,
    )
    pause_after_429: float = setting(
        Form.NUMBER,
        0.0,
        "How long an account starts nothing new after a 429 from Kiro.",
        unit="seconds",
        environment=("RATE_LIMIT_429_BACKOFF",),
        low=0,
        high=3600,
    )
    recovery_timeout: float = setting(
        Form.NUMBER,
        60.0,
        "Cooldown of an account that failed three times in a row; doubled with each failed probe. 0: none.",
        unit="seconds",
        environment=("ACCOUNT_RECOVERY_TIMEOUT",),
        low=0,
        high=86_400,
    )
    max_backoff_multiplier: float = setting(
        Form.NUMBER,
        1440.0,
        "Largest multiple of recovery_timeout; at most a day, for a throttled account 5 minutes.",
        environment=("ACCOUNT_MAX_BACKOFF_MULTIPLIER",),
        low=1,
        high=1_000_000,
    )
    state_save_interval: float = setting(
        Form.NUMBER,
        10.0,
        "How often the state of the accounts, if it changed, is written to the gateway's own folder.",
        unit="seconds",
        environment=("STATE_SAVE_INTERVAL_SECONDS",),
        low=0.1,
        high=3600,
    )


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """One ``[[accounts]]``. path: of a file, folder or database. value: the token, the key, or the login's name."""

    name: str | None = setting(Form.NAME, None, "What it is called in logs and commands.", example="main")
    source: str = setting(Form.CHOICE, "file", "Where its login is.", choices=KINDS)
    path: str | None = setting(
        Form.PLACE,
        None,
        "For source file, folder and database.",
        example="~/.aws/sso/cache/kiro-auth-token.json",
    )
    value: Secret | None = setting(  # noqa: RUF009 - it is dataclasses.field() with facts
        Form.HIDDEN, None, "For source refresh_token and api_key; for login its name.", example="<token or key>"
    )
    region: str | None = setting(Form.REGION, None, "Region of the login.", example="us-east-1")
    profile_arn: str | None = setting(
        Form.ARN, None, "Its profile.", example="arn:aws:codewhisperer:us-east-1:123456789012:profile/EXAMPLE"
    )
    proxy_url: Secret | None = setting(  # noqa: RUF009 - as above
        Form.PROXY_URL, None, "Its own proxy: http, https or socks5.", example="socks5://127.0.0.1:1080"
    )
    priority: int = setting(Form.WHOLE, 0, "Accounts with the smallest number are taken first.", low=-1000, high=1000)
    models: tuple[str, ...] = setting(
        Form.NAMES,
        (),
        "Kiro's ids of the models it may be used for, * allowed; empty: all.",
        example=("claude-sonnet-*",),
    )
    preferred_endpoint: str | None = setting(
        Form.CHOICE,
        None,
        "Endpoint to try first.",
        choices=ENDPOINT_NAMES,
        example="codewhisperer",
    )
    headers: Mapping[str, str] = setting(
        Form.TABLE, {}, f"Sent with its requests, in place of the gateway's own. Any of: {', '.join(HEADERS)}."
    )
    allow_overage: bool = setting(
        Form.SWITCH,
        default=False,
        help="Go on using it when its credits are used up, if overages are switched on at Kiro.",
    )
    max_concurrent: int | None = setting(
        Form.WHOLE,
        None,
        "Its requests at the same time, instead of pool.max_concurrent_per_account. 0: no limit.",
        low=0,
        high=100_000,
        example=2,
    )
    min_interval: float = setting(
        Form.NUMBER, 0.0, "Shortest time between the starts of two of its requests.", unit="seconds", low=0, high=3600
    )


FIELDS: Final[Mapping[str, Facts]] = MappingProxyType(
    {item.name: item.metadata["facts"] for item in dataclasses.fields(AccountEntry)}
)


@dataclass(slots=True)
class _Reading:
    """One array of tables on its way to entries: where it stands, and what is wrong with it so far."""

    path: Path
    lines: Mapping[str, int]
    problems: list[Problem] = field(default_factory=list)

    def tell(self, number: int, name: str, message: str, hint: str | None = None) -> None:
        place = f"{ARRAY}.{number}.{name}" if name else f"{ARRAY}.{number}"
        line = self.lines.get(place, self.lines.get(f"{ARRAY}.{number}"))
        shown = f"[[{ARRAY}]] number {number + 1}{f' {name}' if name else ''}"
        self.problems.append(Problem(str(self.path), shown, message, hint, line))


def read(path: Path, value: object, lines: Mapping[str, int]) -> tuple[tuple[AccountEntry, ...], list[Problem]]:
    """The entries of a file's ``accounts``, and all that is wrong with them."""
    reading = _Reading(path, lines)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        problem = Problem(str(path), ARRAY, f"is a list of tables: write [[{ARRAY}]] above each account's settings")
        return (), [problem]
    entries = tuple(_entry(reading, number, table) for number, table in enumerate(value))
    names = [entry.name for entry in entries]
    for number, name in enumerate(names):
        if name is not None and name in names[:number]:
            reading.tell(number, "name", "is the name of another account already")
    return entries, reading.problems


def _entry(reading: _Reading, number: int, table: Mapping[str, Any]) -> AccountEntry:
    values: dict[str, Any] = {}
    wrong: set[str] = set()
    for name, value in table.items():
        if name not in FIELDS:
            reading.tell(number, shown(name), "is not known", nearest(name, FIELDS))
            continue
        try:
            values[name] = accept(FIELDS[name], value, reading.path.parent)
        except WrongValue as fault:
            wrong.add(name)
            reading.tell(number, name, fault.message, fault.suggestion)
    entry = AccountEntry(**values)
    places = () if "source" in wrong else _places(entry, given=values.keys() | wrong)
    for name, message in (*places, *_complaints(entry)):
        reading.tell(number, name, message)
    return entry


def _places(entry: AccountEntry, given: set[str]) -> Iterator[tuple[str, str]]:
    """Whether a source has what it needs, and nothing of another source."""
    needed, idle = ("path", "value") if entry.source in _WITH_PATH else ("value", "path")
    if "source" not in given:
        yield "source", f"is missing: one of {', '.join(KINDS)}"
    elif needed not in given:
        yield needed, f"is missing: source {entry.source} needs it"
    elif idle in given:
        yield idle, f"has no place beside source {entry.source}, which needs {needed}"


def _complaints(entry: AccountEntry) -> Iterator[tuple[str, str]]:
    for name in entry.headers:
        if name.casefold() not in HEADERS:
            yield "headers", f"may only have {', '.join(HEADERS)}"
            return
    if not all(text.isascii() for text in entry.headers.values()):
        yield "headers", "has characters that no header can carry"
