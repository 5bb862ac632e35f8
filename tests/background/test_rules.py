"""Nobody goes around ``supervision`` and ``threads``: the ways to do so are looked for in the source."""

import ast
from pathlib import Path

import pytest

GATEWAY = Path(__file__).parents[2] / "gateway"

TASKS = {"create_task", "ensure_future", "TaskGroup"}
AWAITED = {
    "supervision.py": "the module itself",
    "web/pump.py": "awaited at once, so its error is the handler's and its cancellation, too",
    "web/middlewares/drain.py": "waits of events, which cannot fail",
}
THREADS = {"to_thread", "run_in_executor", "ThreadPoolExecutor", "ProcessPoolExecutor"}


def used(path: Path, names: set[str]) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.name for alias in node.names}
    return found & names


@pytest.mark.parametrize("path", sorted(GATEWAY.rglob("*.py")), ids=lambda path: str(path.relative_to(GATEWAY)))
def test_tasks_and_threads_are_made_by_the_modules_for_them(path: Path) -> None:
    assert not used(path, THREADS), "use gateway.threads: the event loop's own threads are shared by all"
    if path.relative_to(GATEWAY).as_posix() not in AWAITED:
        assert not used(path, TASKS), "use gateway.supervision: an error of this task could end unseen"
