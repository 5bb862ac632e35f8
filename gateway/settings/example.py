"""``config.toml.example`` and the documentation's table of settings, written from the fields."""

from collections.abc import Iterator
from typing import Any

from gateway.settings.accounts import FIELDS
from gateway.settings.facts import Facts, Form
from gateway.settings.table import ROWS, SECTIONS, Row, Settings
from gateway.settings.toml import toml

_HEAD = """\
# Settings of kiro-gateway. Everything has a default: keep only the lines you change.
# Looked for as --config FILE, then ./config.toml, then config.toml in your own settings folder
# ("kiro-gateway config check" names it).
# Stronger than this file: .env, then the environment, then the command line.
"""


def example() -> str:
    """The whole file; every setting is a comment with its default, or with an example where it has none."""
    return "\n".join([_HEAD, *(_section(section) for section in SECTIONS), _accounts()])


def _accounts() -> str:
    """The list of accounts, wholly a comment: without one, the single login of [credentials] is used."""
    lines = [
        "# Several accounts, all your own: one [[accounts]] for each. With any of them [credentials] is not used.",
        *(f"# {name}: {facts.help}{_choices(facts)}" for name, facts in FIELDS.items()),
        "",
        "# [[accounts]]",
        '# name = "main"',
        '# source = "file"',
        '# path = "~/.aws/sso/cache/kiro-auth-token.json"',
        "",
        "# [[accounts]]",
        '# name = "work"',
        '# source = "refresh_token"',
        '# value = "<refresh token>"',
        "# priority = 1",
        '# proxy_url = "socks5://127.0.0.1:1080"',
        '# models = ["claude-sonnet-*"]',
    ]
    return "\n".join(lines) + "\n"


def _choices(facts: Facts) -> str:
    return f" One of: {', '.join(facts.choices)}." if facts.choices else ""


def _section(section: str) -> str:
    doc = (type(getattr(Settings(), section)).__doc__ or "").strip()
    rows = "\n".join(_entry(row) for row in ROWS if row.section == section)
    return f"# {doc}\n[{section}]\n{rows}"


def _entry(row: Row) -> str:
    return "".join(f"# {line}\n" for line in _comments(row)) + f"#{row.name} = {toml(_sample(row))}\n"


def _sample(row: Row) -> Any:
    return row.default if row.facts.example is None else row.facts.example


def _comments(row: Row) -> Iterator[str]:
    unit = f" In {row.facts.unit}." if row.facts.unit else ""
    yield f"{row.facts.help}{unit}"
    if row.facts.form is Form.CHOICE:
        yield f"One of: {', '.join(row.facts.choices)}."
    flag = f"; on the command line {row.facts.flag}" if row.facts.flag else ""
    default = " No default; for example:" if row.facts.example is not None else ""
    yield f"Environment: {' or '.join(row.environment)}{flag}.{default}"


def markdown_table() -> str:
    """The README's table: setting, environment, default, meaning."""
    lines = ["| Setting | Environment | Default | Meaning |", "|---|---|---|---|"]
    for row in ROWS:
        names = " ".join(f"`{name}`" for name in row.environment)
        default = f"`{toml(row.default)}`" if row.default is not None and row.default != () else "-"
        unit = f" In {row.facts.unit}." if row.facts.unit else ""
        choices = f" One of {', '.join(f'`{choice}`' for choice in row.facts.choices)}." if row.facts.choices else ""
        lines.append(f"| `{row.key}` | {names} | {default} | {row.facts.help}{unit}{choices} |")
    return "\n".join(lines) + "\n"
