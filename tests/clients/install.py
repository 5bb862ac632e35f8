"""Installs programs from npm and PyPI, each into a folder of its own that is made once per set of pins."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.clients.program import Program

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("KIRO_GATEWAY_CLIENTS", ROOT / ".clients"))
NODE = "node@22"
"""Claude Code takes an old version of itself from npm when Node.js is below 22; npm has Node.js as a package, too."""

_PATIENCE = 600.0
_DONE = ".done"


class NotInstalled(Exception):
    """The program cannot be had here; the message says why."""


def installed(program: Program) -> Path:
    """The folder with the program. Raises NotInstalled."""
    if program.registry == "here":
        return Path(sys.prefix)
    return _made(f"{_name(program.packages[0])}-{_digest(program.packages)}", program.registry, program.packages)


def node() -> Path:
    """The folder with the node program. Raises NotInstalled."""
    return _made(f"node-{_digest((NODE,))}", "npm", (NODE,)) / "node_modules" / "node" / "bin"


def paths(program: Program, folder: Path) -> list[str]:
    """Where the program's own commands are."""
    if program.registry == "npm":
        return [str(folder / "node_modules" / ".bin"), str(node())]
    return [str(folder / "bin")]


def _made(name: str, registry: str, packages: tuple[str, ...]) -> Path:
    folder = FOLDER / name
    if not (folder / _DONE).exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        print(f"  installing {' '.join(packages)}", flush=True)
        (_npm if registry == "npm" else _pypi)(folder, packages)
        (folder / _DONE).touch()
    return folder


def _npm(folder: Path, packages: tuple[str, ...]) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NotInstalled("npm is not on this machine")
    (folder / "package.json").write_text('{"private": true}\n')
    _run([npm, "install", "--no-audit", "--no-fund", "--loglevel=error", *packages], folder)


def _pypi(folder: Path, packages: tuple[str, ...]) -> None:
    _run([sys.executable, "-m", "venv", str(folder)], folder)
    _run([str(folder / "bin" / "pip"), "--quiet", "--disable-pip-version-check", "install", *packages], folder)


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(str(error)) from error
    if done.returncode:
        words = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise NotInstalled(f"{Path(command[0]).name}: {words[0] if words else done.returncode}")


def _name(package: str) -> str:
    """``@anthropic-ai/sdk@1.11.0`` → ``anthropic-ai-sdk``."""
    return package.lstrip("@").replace("==", "@").partition("@")[0].replace("/", "-")


def _digest(packages: tuple[str, ...]) -> str:
    return hashlib.sha256(" ".join(packages).encode()).hexdigest()[:8]
