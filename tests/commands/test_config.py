"""``config example`` and ``config check``."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.settings import ROWS, example, markdown_table
from tests.commands.starting import command

KEY = "kg-9f8e7d6c5b4a39281706f5e4d3c2b1a0"


@pytest.mark.parametrize(("what", "page"), [("example", example), ("table", markdown_table)])
def test_the_pages_made_from_the_settings_are_printed(what: str, page: Callable[[], str], tmp_path: Path) -> None:
    done = command(tmp_path, "config", what)
    assert (done.returncode, done.stdout) == (0, page())


def test_check_shows_every_setting_with_its_origin_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LOG_LEVEL=debug\nOTHER=1\n")
    done = command(tmp_path, "config", "check", "--set", "stream.hold=1.5", PROXY_API_KEY=KEY)
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert [line.split(" = ")[0] for line in lines[1:]] == [row.key for row in ROWS]
    assert 'log.level = "DEBUG"  # .env:1 LOG_LEVEL' in lines
    assert "stream.hold = 1.5  # command line stream.hold" in lines
    assert "server.api_keys = ***  # environment PROXY_API_KEY" in lines
    assert done.stderr == "warning: .env:2: OTHER is not known\n"


def test_check_shows_values_as_toml_reads_them(tmp_path: Path) -> None:
    done = command(tmp_path, "config", "check", DEBUG_DIR='C:\\my "logs"')
    line = next(line for line in done.stdout.splitlines() if line.startswith("debug.folder"))
    assert tomllib.loads(line) == {"debug": {"folder": str(tmp_path / 'C:\\my "logs"')}}


def test_check_tells_all_faults_and_exits_78(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[server]\nport = "x"\nhots = "y"\n')
    done = command(tmp_path, "config", "check", "--port", "-1")
    assert done.returncode == 78
    assert "3 faults in the settings" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_start_tells_names_that_cross_families_with_all_other_faults(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[models]\naliases = { claude-opus-4 = "claude-haiku-4.5", fast = "auto" }\n')
    hidden = "claude-sonnet-9=claude-opus-4.5"
    done = command(tmp_path, "serve", "--port", "x", HIDDEN_MODELS=hidden)
    assert done.returncode == 78
    assert "3 faults in the settings" in done.stderr
    assert f"{tmp_path / 'config.toml'}:2: models.aliases crosses families: claude-opus-4 is" in done.stderr
    assert "environment: HIDDEN_MODELS crosses families: claude-sonnet-9 is" in done.stderr
    assert "claude-haiku-4.5, a haiku model" in done.stderr and "Traceback" not in done.stderr


def test_the_users_own_settings_file_is_named(tmp_path: Path) -> None:
    first = command(tmp_path, "config", "check").stdout.splitlines()[0]
    own = Path(first.split(" be ")[1])
    own.parent.mkdir(parents=True)
    own.write_text("[server]\nport = 4321\n")
    assert f"server.port = 4321  # {own}:2" in command(tmp_path, "config", "check").stdout


def test_the_example_is_toml() -> None:
    assert set(tomllib.loads(example())) == {row.section for row in ROWS}


def test_an_old_file_becomes_toml_on_standard_output_alone(tmp_path: Path) -> None:
    (tmp_path / "old.env").write_text(f"PROXY_API_KEY={KEY}\nNOT_OURS=1\n")
    done = command(tmp_path, "config", "import", "old.env")
    assert done.returncode == 0
    assert tomllib.loads(done.stdout) == {"server": {"api_keys": [KEY]}}
    assert "NOT_OURS" in done.stderr
    assert KEY not in done.stderr


def test_a_file_that_cannot_be_imported_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    for arguments, code in ((["nowhere"], 1), (["broken.json"], 1), ([], 2)):
        done = command(tmp_path, "config", "import", *arguments)
        assert (done.returncode, done.stdout) == (code, "")
        assert "Traceback" not in done.stderr
