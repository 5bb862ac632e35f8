"""The accounts put together: names, connections, and logins that cannot be read."""

from pathlib import Path

import pytest

from gateway.accounts.health import AccountState
from gateway.accounts.sources.kiro_ide import JsonFile
from gateway.accounts.sources.source import Wanted
from gateway.accounts.terms import Configured, Terms
from gateway.errors import GatewayError
from gateway.fleet import assemble
from gateway.settings.table import build
from tests.accounts.pooled import write_login

PROXY = "http://127.0.0.1:9"


def configured(folder: Path, name: str, terms: str | None = None, proxy: str | None = None) -> Configured:
    path = folder / f"{name}.json"
    source = JsonFile(path, Wanted(path, None, None, "us-east-1", None, folder, folder))
    return Configured(source, Terms(terms) if terms else None, proxy)


async def test_accounts_with_the_same_proxy_share_a_connection(tmp_path: Path) -> None:
    for name in "abc":
        write_login(tmp_path / f"{name}.json")
    rows = [configured(tmp_path, name, name, proxy) for name, proxy in zip("abc", (None, PROXY, PROXY), strict=True)]
    fleet = await assemble(build({}), rows, tmp_path)
    ways = fleet.connections
    assert ways["a"] is fleet.common and ways["b"] is ways["c"] is not ways["a"]
    await fleet.close()


async def test_equal_names_get_numbers_and_one_without_a_name_gets_that_of_its_login(tmp_path: Path) -> None:
    for name in "abc":
        write_login(tmp_path / f"{name}.json")
    rows = [configured(tmp_path, "a", "x"), configured(tmp_path, "b", "x"), configured(tmp_path, "c")]
    fleet = await assemble(build({}), rows, tmp_path)
    names = [member.name for member in fleet.pool.members]
    assert names[:2] == ["x", "x-2"] and names[2].startswith("social-")
    await fleet.close()


async def test_a_login_that_cannot_be_read_is_parked_until_it_can_and_the_others_serve(tmp_path: Path) -> None:
    write_login(tmp_path / "b.json")
    fleet = await assemble(build({}), [configured(tmp_path, "a", "a"), configured(tmp_path, "b", "b")], tmp_path)
    broken = fleet.pool.members[0]
    assert (broken.health.state, "no credentials file" in broken.health.message) == (AccountState.LOGIN_DEAD, True)
    assert (await fleet.pool.visit("c", "m")).count == 1
    write_login(tmp_path / "a.json")
    assert await fleet.pool.reload(broken)
    assert (await fleet.pool.visit("c", "m")).count == 2
    await fleet.close()


async def test_without_any_login_that_can_be_read_there_is_no_start(tmp_path: Path) -> None:
    with pytest.raises(GatewayError, match="no credentials file"):
        await assemble(build({}), [configured(tmp_path, "a", "a")], tmp_path)


async def test_the_state_is_found_again(tmp_path: Path) -> None:
    write_login(tmp_path / "a.json")
    first = await assemble(build({}), [configured(tmp_path, "a", "a")], tmp_path)
    first.pool.disable(first.pool.members[0])
    await first.close()
    second = await assemble(build({}), [configured(tmp_path, "a", "renamed")], tmp_path)
    assert second.pool.members[0].health.disabled
    await second.close()
