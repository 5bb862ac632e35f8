"""config.toml.example and the README's table are what the fields say."""

import tomllib
from pathlib import Path

from gateway.settings import ROWS, Surroundings, example, load, markdown_table

ROOT = Path(__file__).parents[2]


def test_the_example_in_the_repository_is_the_generated_one() -> None:
    written = (ROOT / "config.toml.example").read_text(encoding="utf-8")
    assert written == example(), "write it anew: make docs"


def uncommented() -> str:
    return "\n".join(
        line[1:] if line.startswith("#") and line[1:2].isalpha() else line for line in example().splitlines()
    )


def test_the_example_changes_nothing_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(example())
    assert load(Surroundings(tmp_path)).origins == {}


def test_without_the_comment_signs_the_example_names_every_setting() -> None:
    document = tomllib.loads(uncommented())
    assert [f"{section}.{name}" for section, table in document.items() for name in table] == [row.key for row in ROWS]


def test_what_the_example_shows_as_a_default_is_the_default(tmp_path: Path) -> None:
    document = tomllib.loads(uncommented())
    for row in ROWS:
        if row.facts.example is None:
            shown = document[row.section][row.name]
            assert row.default == (tuple(shown) if isinstance(shown, list) else shown)


def test_the_table_has_a_line_for_every_setting() -> None:
    lines = markdown_table().splitlines()[2:]
    assert [line.split("`")[1] for line in lines] == [row.key for row in ROWS]
