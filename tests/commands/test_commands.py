"""The table of commands, and what is answered without loading much."""

import subprocess
import sys
from pathlib import Path

import pytest

from gateway import __version__
from gateway.commands import COMMANDS
from tests.commands.starting import ROOT, command, environment


@pytest.mark.parametrize("arguments", [["--version"], ["serve", "--version"], ["--port", "x", "--version"]])
def test_the_version_is_answered_whatever_the_settings_are(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("broken")
    done = command(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (0, f"kiro-gateway {__version__}\n")


def test_help_names_every_command(tmp_path: Path) -> None:
    done = command(tmp_path, "--help")
    assert done.returncode == 0
    assert all(f"  {row.name} " in done.stdout for row in COMMANDS)


@pytest.mark.parametrize("name", [row.name for row in COMMANDS])
def test_every_command_explains_itself(name: str, tmp_path: Path) -> None:
    done = command(tmp_path, name, "--help")
    assert done.returncode == 0
    assert f"usage: kiro-gateway {name}" in done.stdout


@pytest.mark.parametrize("arguments", [["srve"], ["serve", "--prot", "1"], ["config"], ["simulate", "--key", "x"]])
def test_a_wrong_command_line_is_told(arguments: list[str], tmp_path: Path) -> None:
    done = command(tmp_path, *arguments)
    assert done.returncode == 2
    assert done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], ["config", "example"], ["config", "check"], ["logout"]]
)
def test_what_does_not_serve_loads_no_aiohttp(arguments: list[str], tmp_path: Path) -> None:
    program = "import sys; from gateway.commands import run; run(sys.argv[1:]); sys.exit('aiohttp' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_package_has_the_command(tmp_path: Path) -> None:
    assert 'kiro-gateway = "gateway.__main__:main"' in (ROOT / "pyproject.toml").read_text()
