"""Settings as one item of a list in a YAML file, between two comments of ours. No YAML is parsed: lines are found."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.commands.clients.client import CannotEdit

_BEGIN: Final = "# kiro-gateway: begin"
_END: Final = "# kiro-gateway: end"
_BLOCK: Final = re.compile(rf"^ *{_BEGIN}\n.*?^ *{_END}\n", re.DOTALL | re.MULTILINE)
_INDENT: Final = 2


@dataclass(frozen=True, slots=True)
class YamlList:
    """A list of this name, in a file that begins with these lines when it is new."""

    name: str
    head: str

    def applied(self, text: str, settings: Mapping[str, Any]) -> str:
        """The text with the item first in its list; an older one of ours is replaced."""
        bare = _BLOCK.sub("", text) if text.strip() else self.head
        if bare and not bare.endswith("\n"):
            bare += "\n"
        found = re.search(rf"^{self.name}:[ \t]*(\[ *\])?[ \t]*(#.*)?\n", bare, re.MULTILINE)
        if found is None and re.search(rf"^{self.name}\s*:", bare, re.MULTILINE):
            raise CannotEdit(f"its {self.name} are not a plain list")
        if found is None:
            return f"{bare}{self.name}:\n{_block(settings, _INDENT)}"
        before, after = bare[: found.start()], bare[found.end() :]
        item = re.match(r"(?:[ \t]*(?:#.*)?\n)*( *)- ", after)
        return f"{before}{self.name}:\n{_block(settings, len(item[1]) if item else _INDENT)}{after}"

    def undone(self, text: str, settings: Mapping[str, Any], original: str) -> str:
        """The text without the item; the original as it was when nothing else has changed."""
        bare = _BLOCK.sub("", text)
        return original if bare == _BLOCK.sub("", self.applied(original, settings)) else bare


def _block(settings: Mapping[str, Any], indent: int) -> str:
    lines = [f"{name}: {json.dumps(value)}" for name, value in settings.items()]
    inner = [f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]
    return "".join(f"{' ' * indent}{line}\n" for line in (_BEGIN, *inner, _END))
