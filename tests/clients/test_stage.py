"""The scenes themselves, on programs that do right and wrong: the SDK that the tests have anyway, and small scripts."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.clients.frameworks import TOOL
from tests.clients.program import Program
from tests.clients.scenes import SCENES
from tests.clients.stage import Stage, stage


@pytest.fixture(scope="module")
def here() -> Iterator[Stage]:
    with stage() as made:
        yield made


def program(name: str, *command: str, driver: str = "") -> Program:
    return Program(
        id=name,
        name=name,
        registry="here",
        packages=("made@1",),
        api="chat",
        command=command,
        tool=TOOL,
        driver=driver,
        environment={"GATEWAY_URL": "$url", "GATEWAY_MODEL": "$model"},
        patience=20.0,
        live=bool(driver),
    )


def test_a_program_that_does_right_has_a_green_row(here: Stage) -> None:
    sdk = program("sdk", "python", "$driver", "chat", "$scene", "$prompt", driver="openai_python.py")
    row = here.row(sdk)
    assert {name: outcome["ok"] for name, outcome in row["scenes"].items()} == dict.fromkeys(row["scenes"], True)


@pytest.mark.parametrize(
    "code",
    ["print('alpha omega')", "import time; time.sleep(3600)"],
    ids=["pretends", "hangs"],
)
def test_a_program_that_does_wrong_has_a_red_row(code: str, here: Stage) -> None:
    wrong = program(f"wrong-{len(code)}", "python", "-c", code)
    hasty = [scene for scene in SCENES if scene.name in ("hello", "tool", "error", "cut")]
    impatient = Program(**{name: getattr(wrong, name) for name in wrong.__slots__} | {"patience": 1.0})
    row = here.row(impatient, tuple(hasty))
    assert {outcome["ok"] for outcome in row["scenes"].values()} == {False}


def test_a_program_that_is_not_in_its_package_is_told(here: Stage) -> None:
    row = here.row(program("none", "no-such-command"), SCENES[:1])
    assert row["reason"] == "no-such-command is not in its package"


def test_nothing_of_a_program_runs_on(here: Stage) -> None:
    code = "import subprocess; print(subprocess.Popen(['sleep', '600'], start_new_session=True).pid, flush=True)"
    here.row(program("forks", "python", "-c", code), SCENES[:1])
    assert not [home for home in homes() if "forks-hello" in home]


def homes() -> Iterator[str]:
    for file in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            yield file.read_bytes().decode(errors="replace")
