"""The README's table is what the last runs gave."""

import pytest

from tests.clients import results
from tests.clients.__main__ import main
from tests.clients.programs import PROGRAMS
from tests.readme import README


def test_the_readme_has_the_table_of_the_results() -> None:
    assert results.in_document(README.read_text(encoding="utf-8")) == results.table(results.load().values())


def test_every_program_has_its_row_with_the_version_that_is_pinned() -> None:
    rows = results.load()
    assert [(program.id, program.version) for program in PROGRAMS] == [
        (name, row["version"]) for name, row in rows.items()
    ]


def test_a_row_says_what_went_well_what_did_not_and_why() -> None:
    scenes = {"hello": {"ok": True, "note": ""}, "tool": {"ok": None, "note": ""}, "cut": {"ok": False, "note": "a|b"}}
    row = {"name": "X", "version": "1", "api": "chat", "scenes": scenes}
    assert results.table([row]).splitlines()[-1] == (
        "| X | 1 | chat | ✅ | ❌ not run | no tools | ❌ not run | ❌ a/b |  |"
    )
    assert results.is_red(row)


def test_what_cannot_be_installed_is_a_red_row_with_the_reason() -> None:
    row = {"name": "X", "version": "1", "api": "chat", "reason": "npm is not\nhere"}
    assert "| ❌ npm is not here | ❌ | ❌ | ❌ | ❌ |" in results.table([row])
    assert results.is_red(row)


def test_the_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--table"]) == 0
    assert capsys.readouterr().out == results.table(results.load().values())


def test_a_name_that_is_unknown_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no-such-program"]) == 2
    assert "no-such-program" in capsys.readouterr().err
