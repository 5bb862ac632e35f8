"""The README's code blocks, taken out and run as a reader would run them, against a gateway on the simulator.

A block is run by its language: ``bash`` by a shell, ``python`` by this Python, ``json``, ``yaml`` and ``toml`` as the
settings of a client, with which a request is made. Client programs and a missing curl are stood in for by
``tests/standin.py``.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from gateway.jsontext import decode
from tests.standin import PROGRAMS, Target, ask

ROOT: Final = Path(__file__).parents[1]
README: Final = ROOT / "README.md"
ADDRESS: Final = "http://127.0.0.1:8000"
"""What the README writes for the gateway's address."""

KEY_NAME: Final = "KIRO_GATEWAY_API_KEY"
PATIENCE: Final = 60.0

_FENCE: Final = re.compile(r"^(`{3,})(\w*)\s*$")
_TABLE: Final = re.compile(r"<!-- settings -->\n(.*?)<!-- /settings -->", re.DOTALL)
_LINK: Final = re.compile(r"\]\(([^)#:]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, its text, the heading it stands under, and its line."""

    language: str
    code: str
    heading: str
    line: int

    def __str__(self) -> str:
        return f"{self.heading}, line {self.line} ({self.language or 'no language'})"


def blocks(text: str) -> list[Block]:
    """All fenced blocks in order. A block that is not closed is taken to the end, where its last line shows it."""
    return list(_blocks(text.splitlines()))


def _blocks(lines: list[str]) -> Iterator[Block]:
    heading, start, fence, language = "", 0, "", ""
    for number, line in enumerate(lines, 1):
        if fence:
            if line.strip() == fence:
                yield Block(language, "\n".join(lines[start : number - 1]) + "\n", heading, start)
                fence = ""
        elif match := _FENCE.match(line):
            fence, language, start = match[1], match[2], number
        elif line.startswith("#"):
            heading = line.lstrip("#").strip()


def settings_table(text: str) -> str | None:
    """What stands between the marks of the settings table."""
    match = _TABLE.search(text)
    return match[1] if match else None


def links(text: str) -> list[str]:
    """The files the text links to."""
    return _LINK.findall(text)


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who follows the README: where their gateway is, their key, and a home with the programs it names."""

    url: str
    key: str
    home: Path

    def run(self, block: Block) -> str:
        """What the block prints. AssertionError when it fails."""
        code = block.code.replace(ADDRESS, self.url)
        match block.language:
            case "bash":
                return self._run(block, ["sh", "-eu", "-c", code])
            case "python":
                return self._run(block, [sys.executable, "-W", "error", "-c", code])
            case "json":
                return ask(target(decode(code), self.key))
            case "yaml":
                return ask(target(yaml.safe_load(code), self.key))
            case "toml":
                return ask(codex_target(tomllib.loads(code), self.key))
            case _:
                raise AssertionError(f"nobody knows how to run: {block}")

    def _run(self, block: Block, command: list[str]) -> str:
        done = subprocess.run(
            command,
            cwd=self.home,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{block}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def _environment(self) -> dict[str, str]:
        programs = stand_ins(self.home / "bin")
        return {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.home),
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            KEY_NAME: self.key,
        }


def stand_ins(folder: Path) -> Path:
    """A folder with a program for each name that cannot be expected here. curl, if it is here, is the real one."""
    folder.mkdir(exist_ok=True)
    for name in PROGRAMS:
        if name == "curl" and shutil.which(name):
            (folder.parent / ".curlrc").write_text("fail\n")  # an HTTP error is a failure
            continue
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tests.standin {name} "$@"\n')
        program.chmod(0o755)
    return folder


def target(settings: Mapping[str, Any], key: str) -> Target:
    """Where a client with these settings would send its requests, with which key and model."""
    found = dict(_members(settings))
    url = next(found[name] for name in ("baseURL", "openAiBaseUrl", "apiBase") if name in found)
    assert found["apiKey"] == f"${KEY_NAME}", "the README tells readers to put their key there"
    anthropic = "anthropic" in found.get("npm", "")
    return Target(f"{url}/messages" if anthropic else f"{url}/chat/completions", key, found["model"].split("/")[-1])


def codex_target(settings: Mapping[str, Any], key: str) -> Target:
    """Where Codex with this configuration would send its requests; its chat API is gone."""
    provider = settings["model_providers"][settings["model_provider"]]
    assert (provider["env_key"], provider["wire_api"]) == (KEY_NAME, "responses")
    return Target(f"{provider['base_url']}/responses", key, settings["model"])


def _members(value: object) -> Iterator[tuple[str, str]]:
    """Every name with a text, however deep it lies."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if isinstance(item, str):
                yield name, item
            yield from _members(item)
    elif isinstance(value, list):
        for item in value:
            yield from _members(item)
