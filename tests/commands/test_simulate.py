"""``simulate`` as a process: says where it is, ends with its parent, refuses what it does not know."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.starting import PATIENCE, command, environment


def started(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gateway", "simulate", "--with-parent"],
        cwd=home,
        env=environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_says_where_it_is_and_ends_when_its_standard_input_does(tmp_path: Path) -> None:
    with started(tmp_path) as process:
        assert process.stdout
        assert "http://127.0.0.1:" in process.stdout.readline()
        _, errors = process.communicate(timeout=PATIENCE)  # closes its standard input
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--off", "no-such-check"], "no-such-check"),
        (["--certificate", "x.pem"], "belong together"),
        (["--certificate", "x.pem", "--key", "x.pem"], "No such file"),
    ],
)
def test_what_it_cannot_do_is_told_in_one_line(arguments: list[str], said: str, tmp_path: Path) -> None:
    done = command(tmp_path, "simulate", *arguments)
    assert done.returncode in (1, 2)
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
