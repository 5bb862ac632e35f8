"""Every statement about the upstream's faults has a test with its id in the name, and those about answers all forms."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
IDS = {*range(19, 34), 35, *range(37, 40)}
ABOUT_ANSWERS = IDS - {35}
"""R35 is about a client that does not read; a whole answer has none."""

_NAME = re.compile(r"test_r(\d+)_\w{10,}")


def found() -> list[tuple[int, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """The tests here with an id in their name."""
    tests = []
    for path in sorted(HERE.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (match := _NAME.fullmatch(node.name)):
                tests.append((int(match[1]), node))
    return tests


def test_every_id_has_a_test() -> None:
    missing = IDS - {number for number, _ in found()}
    assert missing == set(), f"no test for {sorted(f'R{number}' for number in missing)}"


def test_every_id_about_answers_has_one_in_all_four_forms() -> None:
    in_all = {number for number, node in found() if any(argument.arg == "form" for argument in node.args.args)}
    assert ABOUT_ANSWERS - in_all == set()
