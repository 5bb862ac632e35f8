"""The list of accounts in ``config.toml``: what it takes, and all that is wrong with it at once."""

from pathlib import Path

import pytest

from gateway.settings import AccountEntry, Secret, SettingsError, Surroundings, load

GOOD = """
[server]
port = 9000

[[accounts]]
name = "main"
source = "file"
path = "login.json"

[[accounts]]
name = "work"
source = "refresh_token"
value = "aorSECRET"
region = "eu-central-1"
proxy_url = "socks5://user:pass@127.0.0.1:1080"
priority = 2
models = ["claude-*"]
preferred_endpoint = "CLI"
headers = { Accept-Language = "de" }
allow_overage = true
max_concurrent = 3
min_interval = 0.5
"""


def read(folder: Path, text: str) -> tuple[AccountEntry, ...]:
    (folder / "login.json").write_text("{}")
    (folder / "config.toml").write_text(text)
    return load(Surroundings(folder)).settings.accounts


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(folder, text)
    return [str(problem).removeprefix(f"{folder / 'config.toml'}") for problem in caught.value.problems]


def test_accounts_are_read_with_everything_that_can_be_said_of_them(tmp_path: Path) -> None:
    main, work = read(tmp_path, GOOD)
    assert main == AccountEntry(name="main", source="file", path=str(tmp_path / "login.json"))
    assert (work.value, work.region, work.priority, work.models) == (
        Secret("aorSECRET"),
        "eu-central-1",
        2,
        ("claude-*",),
    )
    assert (work.preferred_endpoint, dict(work.headers), work.allow_overage) == ("cli", {"Accept-Language": "de"}, True)
    assert (work.max_concurrent, work.min_interval) == (3, 0.5)


def test_without_the_list_there_is_none(tmp_path: Path) -> None:
    assert read(tmp_path, "") == ()


def test_no_secret_of_an_account_is_shown(tmp_path: Path) -> None:
    shown = repr(read(tmp_path, GOOD))
    assert "SECRET" not in shown and "user:pass" not in shown


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ('source = "file"', ":2: [[accounts]] number 1 path is missing: source file needs it"),
        ('value = "aor"', ":2: [[accounts]] number 1 source is missing: one of file, folder"),
        ('source = "api_key"', ":2: [[accounts]] number 1 value is missing: source api_key needs it"),
        ('source = "file"\npath = "gone.json"', ":4: [[accounts]] number 1 path names a file that does not exist"),
        ('source = "fil"\npath = "login.json"', ":3: [[accounts]] number 1 source must be one of"),
        ('source = "api_key"\nvalue = "k"\npath = "login.json"', ":5: [[accounts]] number 1 path has no place beside"),
        (
            'source = "api_key"\nvalue = "k"\nprioritty = 1',
            ":5: [[accounts]] number 1 prioritty is not known; did you mean",
        ),
        ('source = "api_key"\nvalue = "k"\nname = "a b"', ":5: [[accounts]] number 1 name must have letters"),
        ('source = "api_key"\nvalue = "k"\nproxy_url = "ftp://h"', ":5: [[accounts]] number 1 proxy_url must begin"),
        (
            'source = "api_key"\nvalue = "k"\nheaders = {Authorization = "x"}',
            ":5: [[accounts]] number 1 headers may only",
        ),
        ('source = "api_key"\nvalue = "k"\nheaders = {User-Agent = "é"}', ":5: [[accounts]] number 1 headers has char"),
    ],
)
def test_a_fault_is_told_with_its_line_and_its_account(tmp_path: Path, entry: str, problem: str) -> None:
    (told,) = problems(tmp_path, f"\n[[accounts]]\n{entry}\n")
    assert told.startswith(problem)


def test_all_faults_of_all_accounts_are_told_at_once(tmp_path: Path) -> None:
    text = '[[accounts]]\nsource = "x"\n[[accounts]]\nsource = "api_key"\n[server]\nport = "no"\n'
    assert len(problems(tmp_path, text)) == 3


def test_two_accounts_may_not_share_a_name(tmp_path: Path) -> None:
    text = '[[accounts]]\nname = "a"\nsource = "api_key"\nvalue = "k"\n' * 2
    (told,) = problems(tmp_path, text)
    assert told == ":6: [[accounts]] number 2 name is the name of another account already"


@pytest.mark.parametrize("text", ["accounts = 3", '[accounts]\nname = "a"', 'accounts = ["a"]'])
def test_what_is_no_list_of_tables_is_told_how_to_write_it(tmp_path: Path, text: str) -> None:
    (told,) = problems(tmp_path, text)
    assert "write [[accounts]] above each account's settings" in told
