"""A value as TOML writes it."""

from collections.abc import Mapping
from typing import Any

from gateway.jsontext import encode
from gateway.settings.secret import Secret


def toml(value: Any) -> str:
    """The right side of ``name = value``. Secrets are written out: who shows a value masks it before."""
    match value:
        case bool():
            return "true" if value else "false"
        case Secret():
            return toml(value.reveal())
        case str():
            return encode(value).decode()  # a JSON string is a TOML string
        case Mapping():
            members = ", ".join(f"{toml(name)} = {toml(item)}" for name, item in value.items())
            return f"{{ {members} }}" if members else "{}"
        case tuple() | list():
            return f"[{', '.join(map(toml, value))}]"
        case _:
            return str(value)
