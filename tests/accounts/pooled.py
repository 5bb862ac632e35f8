"""Pools for tests: accounts with files of their own, and clocks moved by hand."""

from dataclasses import dataclass
from pathlib import Path

from gateway import jsontext
from gateway.accounts.account import Account
from gateway.accounts.clock import Clock
from gateway.accounts.member import Member
from gateway.accounts.pacing import UNLIMITED, Pacer
from gateway.accounts.pool import Pool
from gateway.accounts.refresh.grant import TokenAnswer, TokenCall
from gateway.accounts.sources.kiro_ide import JsonFile
from gateway.accounts.sources.source import Wanted
from gateway.accounts.terms import Terms
from gateway.errors import Kind, Trouble, UpstreamError

NOW = 1_780_000_000.0


@dataclass
class Time:
    """Both clocks at once."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


async def granted(_call: TokenCall) -> TokenAnswer:
    answer = {"accessToken": "aoaNew", "refreshToken": "aorNew", "expiresIn": 3600}
    return TokenAnswer(200, jsontext.encode(answer))


def write_login(path: Path, name: str = "Old", expires_at: float = NOW + 3000) -> None:
    tokens = {"accessToken": f"aoa{name}", "refreshToken": f"aor{name}", "expiresAt": expires_at}
    path.write_bytes(jsontext.encode(tokens))


def member(
    folder: Path,
    name: str,
    time: Time,
    *,
    pacer: Pacer = UNLIMITED,
    kind: type[JsonFile] = JsonFile,
    profile: str | None = None,
    **terms: object,
) -> Member:
    """An account whose login lies in ``folder/name.json``."""
    path = folder / f"{name}.json"
    if not path.exists():
        write_login(path)
    place = kind(path, Wanted(path, None, profile, "us-east-1", None, folder, folder / "state"))
    account = Account(place, place.load(), granted, clock=Clock(time, time), lock_wait=0)
    return Member(account, Terms(name, **terms), pacer)  # type: ignore[arg-type]


def pool(folder: Path, names: str = "ab", time: Time | None = None, **settings: object) -> Pool:
    """A pool of accounts with one-letter names."""
    clock = time or Time()
    members = [member(folder, name, clock) for name in names]
    return Pool(members, clock=Clock(clock, clock), **settings)  # type: ignore[arg-type]


def fault(trouble: Trouble) -> UpstreamError:
    return UpstreamError(Kind.UPSTREAM, f"fault {trouble.value[0]}", trouble=trouble)
