"""Who may import whom (design: floors), and which libraries live on which floor."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GATEWAY = ROOT / "gateway"

FLOORS = (
    {"errors", "conversation", "events", "reply", "jsontext", "search", "__init__"},
    {"kiro", "dialects", "honour", "documents", "json_schema"},
    {"threads", "supervision"},
    {"accounts"},
    {"aiohttp_internals"},
    {"upstream"},
    {"web"},
    {"fleet"},
    {"admin"},
    {"app"},
    {"commands"},
    {"__main__"},
)
"""From the lowest up. A module imports from its own package or from a lower floor."""

ANYWHERE = {"settings": {"app", "commands", "fleet"}, "log": {"app", "commands"}}
"""Modules beside the floors, and who alone may import them."""

PURE_BANS = {"asyncio", "aiohttp", "time", "random", "secrets", "uuid"}
"""Clock, dice and ids are handed in on floors 0 and 1."""


def modules() -> list[Path]:
    return sorted(path for path in GATEWAY.rglob("*.py"))


def top(path: Path) -> str:
    """The part of gateway/ a file belongs to: a package's name or a module's."""
    return path.relative_to(GATEWAY).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Full dotted names of everything a file imports, functions included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def floor_of(part: str) -> int:
    return next((number for number, parts in enumerate(FLOORS) if part in parts), -1)


def gateway_parts(path: Path) -> set[str]:
    """The parts of gateway/ that a file imports; ``from gateway import __version__`` is the package itself."""
    parts = {name.split(".")[1] for name in imports(path) if name.startswith("gateway.")}
    return {part for part in parts if (GATEWAY / part).is_dir() or (GATEWAY / f"{part}.py").is_file()}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_only_downwards(path: Path) -> None:
    here = top(path)
    for part in gateway_parts(path) - {here}:
        if part in ANYWHERE:
            assert here in ANYWHERE[part], f"{here} imports {part}"
        elif here == "simulator":
            assert floor_of(part) in (0, 1), f"the simulator imports {part}"
        elif here == "settings":
            assert floor_of(part) == 0, f"settings import {part}"
        elif here == "log":
            assert floor_of(part) == 0, f"log imports {part}"
        elif part == "simulator":
            assert here == "commands", f"{here} imports the simulator"
        elif floor_of(here) != 0:  # the values of floor 0 know each other
            assert 0 <= floor_of(part) < floor_of(here), f"{here} imports {part}"
        else:
            assert floor_of(part) == 0, f"{here} imports {part}"


def test_kiro_and_the_dialects_do_not_know_each_other() -> None:
    for path in modules():
        if top(path) == "kiro":
            assert "dialects" not in gateway_parts(path), path
        if top(path) == "dialects":
            assert "kiro" not in gateway_parts(path), path


def test_the_frame_codecs_of_simulator_and_decoder_share_no_code() -> None:
    for path in modules():
        if top(path) == "simulator":
            assert not any(name.startswith("gateway.kiro.eventstream") for name in imports(path)), path


def test_the_pure_floors_know_no_clock_no_dice_and_no_network() -> None:
    for path in modules():
        if floor_of(top(path)) in (0, 1) or path.relative_to(GATEWAY).as_posix() == "upstream/attempts.py":
            tops = {name.split(".")[0] for name in imports(path)}
            assert not tops & PURE_BANS, f"{path}: {tops & PURE_BANS}"


def test_marshmallow_stays_at_the_borders() -> None:
    for path in modules():
        if any(name.split(".")[0] == "marshmallow" for name in imports(path)):
            assert top(path) in {"dialects", "web", "settings"}, path


def test_jsonschema_is_imported_by_its_worker_alone() -> None:
    theirs = {"jsonschema", "referencing", "jsonschema_specifications"}
    for path in modules():
        names = imports(path)
        if top(path) != "json_schema":
            assert not {name.split(".")[0] for name in names} & theirs, path
            assert not names & {"gateway.json_schema.validation", "gateway.json_schema.metaschema"}, path
    assert not {name.split(".")[0] for name in imports(GATEWAY / "json_schema" / "__init__.py")} & theirs


def test_aiohttp_stays_on_the_upper_floors() -> None:
    for path in modules():
        if any(name.split(".")[0] == "aiohttp" for name in imports(path)):
            assert floor_of(top(path)) > floor_of("accounts") or top(path) in {"simulator", "log"}, path


def test_every_file_has_its_floor() -> None:
    known = set().union(*FLOORS) | set(ANYWHERE) | {"simulator"}
    assert {top(path) for path in modules()} <= known
