"""A stage: gateway and simulator as processes on loopback, on which programs perform scenes."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clients.install import NotInstalled, installed, paths
from tests.clients.program import DRIVERS, Also, Place, Program, filled
from tests.clients.run import Run
from tests.clients.scenes import SCENES, Outcome, Scene, Words
from tests.processes import KEY, Simulator, environment, gateway_environment, running

KEY_NAME = "KIRO_GATEWAY_API_KEY"

_SET_UP = 60.0


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the gateway is, what plays Kiro for it, and the folder in which programs get their homes."""

    url: str
    simulator: Simulator
    folder: Path
    output: Path | None = None

    def row(self, program: Program, scenes: tuple[Scene, ...] = SCENES) -> dict[str, Any]:
        """A program's row of results; one that cannot be installed has the reason instead of scenes."""
        row: dict[str, Any] = {"name": program.name, "version": program.version, "api": program.api}
        try:
            folder = installed(program)
            row["scenes"] = {scene.name: _shown(self._outcome(program, scene, folder)) for scene in scenes}
            if program.also and scenes == SCENES:
                row["also"] = {"name": program.also.name, **_shown(self._also(program, program.also, folder))}
            return row
        except NotInstalled as error:
            return {**row, "reason": str(error)}

    def _outcome(self, program: Program, scene: Scene, folder: Path) -> Outcome:
        if not (scene.prompt or program.tool):
            return Outcome(ok=None)
        words = Words.drawn()
        place = self._place(program, scene.name, folder)
        self.simulator.push(*scene.script(words))
        (place.work / "word.txt").write_text(f"{words.file}\n")
        names = place.names(scene.prompt or program.tool, scene.name)
        with self._started(program, program.command, place, names) as run:
            outcome = scene.check(program, run, self.simulator, words)
        self._tell(program, scene.name, run, outcome)
        return outcome

    def _also(self, program: Program, also: Also, folder: Path) -> Outcome:
        """Done when it ends well and the gateway has answered the call."""
        log = self.folder / "gateway.log"
        place = self._place(program, "also", folder)
        before = log.read_text().count(f'"{also.calls}')
        with self._started(program, also.command, place, place.names("", "also")) as run:
            status = run.end(program.patience)
        calls = log.read_text().count(f'"{also.calls}') - before
        outcome = Outcome(status == 0 and calls > 0, f"{calls} calls of {also.calls}")
        self._tell(program, "also", run, outcome)
        return outcome

    def _tell(self, program: Program, scene: str, run: Run, outcome: Outcome) -> None:
        if self.output:
            (self.output / f"{program.id}-{scene}.txt").write_text(run.output)
        print(f"  {program.id:28} {scene:8} {outcome.ok!s:6} {outcome.note}", flush=True)

    def _place(self, program: Program, scene: str, folder: Path) -> Place:
        """A new home with the program's files, in which it has been set up."""
        self.simulator.reset()  # what is scripted is for the program, not for the call by which it is set up
        here = self.folder / f"{program.id}-{scene}"
        place = Place(folder, here / "home", here / "work", _driver(program, folder), self.url, KEY)
        place.home.mkdir(parents=True)
        place.work.mkdir()
        for path, text in program.files.items():
            (place.home / path).parent.mkdir(parents=True, exist_ok=True)
            (place.home / path).write_text(text)
        if program.setup:
            self._set_up(program.setup, place)
        self.simulator.reset()
        return place

    def _started(self, program: Program, command: tuple[str, ...], place: Place, names: dict[str, str]) -> Run:
        own = {name: filled(text, names) for name, text in program.environment.items()}
        path = os.pathsep.join([*paths(program, place.installed), "/usr/local/bin", "/usr/bin", "/bin"])
        variables = {"PATH": path, KEY_NAME: place.key, **own}
        return Run(_command(command, names, path), place.work, place.home, variables)

    def _set_up(self, client: str, place: Place) -> None:
        """As a user does it: ``kiro-gateway setup``, in the program's empty home."""
        given = {"KIRO_GATEWAY_URL": self.url, KEY_NAME: place.key, "XDG_CONFIG_HOME": str(place.home / ".config")}
        done = subprocess.run(
            [sys.executable, "-m", "gateway", "setup", client],
            cwd=place.home,
            env=environment(place.home, **given),
            capture_output=True,
            text=True,
            timeout=_SET_UP,
            check=False,
        )
        if done.returncode:
            raise NotInstalled(f"setup {client}: {done.stderr.strip()}")


@contextmanager
def stage(output: Path | None = None) -> Iterator[Stage]:
    """The processes, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="kiro-clients-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for home in ("simulator", "gateway"):
            (folder / home).mkdir()
        with (
            running(
                "simulate", "--port", "0", environment=environment(folder / "simulator"), log=folder / "simulator.log"
            ) as kiro,
            running(
                "serve",
                "--port",
                "0",
                environment=gateway_environment(folder / "gateway", kiro.url, None),
                log=folder / "gateway.log",
            ) as gateway,
        ):
            yield Stage(gateway.url, Simulator(kiro.url, None), folder, output)


def _driver(program: Program, folder: Path) -> Path:
    """The program's driver; Node looks for packages only above the file that wants them."""
    if program.registry == "npm" and program.driver:
        return Path(shutil.copy(DRIVERS / program.driver, folder))
    return DRIVERS / program.driver


def _command(words: tuple[str, ...], names: dict[str, str], path: str) -> list[str]:
    """A row's command with its names replaced and its program found. Raises NotInstalled."""
    command = [filled(word, names) for word in words]
    found = shutil.which(command[0], path=path)
    if found is None:
        raise NotInstalled(f"{command[0]} is not in its package")
    return [found, *command[1:]]


def _shown(outcome: Outcome) -> dict[str, Any]:
    return {"ok": outcome.ok, "note": outcome.note}
