"""What the last runs gave, kept in ``results.json``, and the table the README makes of it."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("results.json")
COLUMNS = ("hello", "stream", "tool", "error", "cut")
_NONE = {"ok": None}
MARKS = ("<!-- clients -->", "<!-- /clients -->")

Row = dict[str, Any]


def load(file: Path = FILE) -> dict[str, Row]:
    """Rows by the program's id."""
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def save(rows: Mapping[str, Row], file: Path = FILE) -> None:
    """Keep them."""
    file.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def is_red(row: Row) -> bool:
    """Whether it could not be installed, or a scene went wrong."""
    return "reason" in row or any(
        outcome["ok"] is False for outcome in (*row["scenes"].values(), row.get("also", _NONE))
    )


def table(rows: Iterable[Row]) -> str:
    """The rows as Markdown."""
    heads = ("client", "version", "API", "hello", "stream", "tool loop", "error", "cut stream", "also")
    lines = [heads, ("---",) * len(heads), *(_cells(row) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    first = (row["name"], row["version"], row["api"])
    if reason := row.get("reason"):
        return (*first, f"❌ {_plain(reason)}", *("❌",) * (len(COLUMNS) - 1), "")
    also = row.get("also")
    more = _cell({**also, "note": f"{also['name']}: {also['note']}"}) if also else ""
    return (*first, *(_cell(row["scenes"].get(name)) for name in COLUMNS), more)


def _cell(outcome: Mapping[str, Any] | None) -> str:
    if outcome is None:
        return "❌ not run"
    if outcome["ok"] is None:
        return "no tools"
    return f"{'✅' if outcome['ok'] else '❌'} {_plain(outcome['note'])}".strip()


def _plain(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ").strip()


def in_document(text: str) -> str | None:
    """The table that stands in a document, between its marks."""
    before, mark, rest = text.partition(f"{MARKS[0]}\n")
    return rest.partition(MARKS[1])[0] if mark and before else None
