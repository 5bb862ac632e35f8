"""What aiohttp does not promise: used in one module, which refuses an aiohttp that lacks any of it."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.aiohttp_internals import NEEDED, TRIED, Needed, verify

ROOT = Path(__file__).parents[1]
MODULE = ROOT / "gateway" / "aiohttp_internals.py"
OTHERS = sorted(
    path for path in (ROOT / "gateway").rglob("*.py") if path != MODULE and "aiohttp" in path.read_text("utf-8")
)

PUBLIC = {
    "connect",
    "connection",
    "transport",
    "abort",
    "is_eof",
    "exception",
    "closed",
    "connections",
    "writer",
    "set_exception",
}
"""Names on the list that other classes have as well, ours among them; they are not looked for in the source."""

CEILING = 60.0


def without(owner: type, name: str) -> type:
    """A class of that name that has all that is needed of the owner, but for one name."""
    others = {one.name: getattr(one.owner, one.name, None) for one in NEEDED if one.owner is owner and one.name != name}
    return type(owner.__name__, (), others)


@pytest.mark.parametrize("one", NEEDED, ids=lambda one: f"{one.owner.__name__}.{one.name}")
def test_each_name_is_missed_by_name(one: Needed) -> None:
    verify([one])
    lacking = Needed(without(one.owner, one.name), one.name, one.parameters)
    with pytest.raises(ImportError, match=rf"has no {one.owner.__name__}\.{one.name}, .*use aiohttp>="):
        verify([lacking])


@pytest.mark.parametrize("one", [one for one in NEEDED if one.parameters], ids=lambda one: str(one.name))
def test_other_parameters_of_an_overridden_method_are_noticed(one: Needed) -> None:
    changed = Needed(one.owner, one.name, (*one.parameters, "new"))
    with pytest.raises(ImportError, match=f"{one.owner.__name__}.{one.name} with other parameters"):
        verify([changed])


class Renamed:
    """Sets an attribute in ``__init__``, and reads another."""

    def __init__(self, other: Any) -> None:
        self._new = other._old


class Child(Renamed):
    """Has what its parent sets."""

    def __init__(self) -> None:
        super().__init__(None)


def test_what_an_instance_gets_at_its_making_counts_and_what_is_only_read_does_not() -> None:
    verify([Needed(Renamed, "_new"), Needed(Child, "_new")])
    with pytest.raises(ImportError, match=r"Renamed\._old"):
        verify([Needed(Renamed, "_old")])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("del aiohttp.StreamReader._buffer_offset", "StreamReader._buffer_offset"),
        ("del aiohttp.BaseConnector._release", "BaseConnector._release"),
        ("del aiohttp.web.Server.pre_shutdown", "Server.pre_shutdown"),
        ("aiohttp.web.AbstractRoute.__init__ = lambda self: None", "AbstractRoute._expect_handler"),
    ],
)
@pytest.mark.parametrize("module", ["gateway.upstream.connection", "gateway.web.serving"])
def test_importing_the_gateway_fails_when_aiohttp_lacks_a_name(module: str, change: str, named: str) -> None:
    program = f"import aiohttp, aiohttp.web\n{change}\nimport {module}"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=CEILING, check=False
    )
    assert ended.returncode == 1
    last = ended.stderr.strip().splitlines()[-1]
    assert last.startswith(f"ImportError: aiohttp {aiohttp.__version__} has no {named}")


def test_the_series_that_was_tried_is_the_one_that_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert TRIED in project["dependencies"]


def names_in(path: Path) -> set[str]:
    """Attributes that are read, written or defined in a class."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {one.id for line in node.body for one in ast.walk(line) if isinstance(one, ast.Name)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)  # for getattr
    return found


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_other_module_touches_them(path: Path) -> None:
    assert not names_in(path) & ({one.name for one in NEEDED} - PUBLIC)


def private_of_others(path: Path) -> set[str]:
    """Private attributes of what is neither ``self`` nor ``cls``."""
    return {
        node.attr
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.endswith("__")
        and not (isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"})
        and not (
            isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name) and node.value.func.id == "super"
        )
    }


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_other_module_touches_anything_private_of_objects_that_may_be_aiohttps(path: Path) -> None:
    assert private_of_others(path) == set()
