"""The README's tables are made from the figures that are kept, and the small parts run."""

from pathlib import Path

import pytest

from tests.prove import results
from tests.prove.__main__ import PARTS, main
from tests.prove.suite import STATEMENTS


def test_the_tables_of_the_readme_are_those_of_the_last_run() -> None:
    found = {place[1]: place[0] for place in results.PLACE.finditer(results.README.read_text(encoding="utf-8"))}
    assert found == {name: results.table(name, results.read()) for name in ("faults", "logins")}


def test_a_table_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- logins -->\n| old |\n<!-- /logins -->\nafter\n")
    results.publish(page)
    made = results.table("logins", results.read())
    assert page.read_text() == f"before\n<!-- logins -->\n{made}<!-- /logins -->\nafter\n"


def test_every_part_of_the_table_held() -> None:
    kept = results.read()
    assert kept.keys() == PARTS.keys()
    assert all(report["ok"] for report in kept.values())
    assert kept["suite"]["held"].keys() >= STATEMENTS.keys()


def test_a_small_part_runs_and_its_figures_are_not_kept(capsys: pytest.CaptureFixture[str]) -> None:
    before = results.FILE.read_bytes()
    assert main(["--quick", "drip"]) == 0
    assert "byte by byte" in capsys.readouterr().out
    assert results.FILE.read_bytes() == before
