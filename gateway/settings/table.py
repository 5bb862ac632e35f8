"""Settings: the one list, and the same list as rows for everything that goes through all of them."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.settings.accounts import AccountEntry, Pool
from gateway.settings.answers import Debug, Honour, Log, Models, Prompt, Responses, Stream, Thinking, Tools, WebSearch
from gateway.settings.facts import Facts, Form
from gateway.settings.guard import Guard
from gateway.settings.network import Credentials, Server, Upstream


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, a section an attribute. The defaults make a gateway that works."""

    server: Server = field(default_factory=Server)
    upstream: Upstream = field(default_factory=Upstream)
    credentials: Credentials = field(default_factory=Credentials)
    pool: Pool = field(default_factory=Pool)
    models: Models = field(default_factory=Models)
    thinking: Thinking = field(default_factory=Thinking)
    tools: Tools = field(default_factory=Tools)
    prompt: Prompt = field(default_factory=Prompt)
    stream: Stream = field(default_factory=Stream)
    honour: Honour = field(default_factory=Honour)
    web_search: WebSearch = field(default_factory=WebSearch)
    responses: Responses = field(default_factory=Responses)
    guard: Guard = field(default_factory=Guard)
    log: Log = field(default_factory=Log)
    debug: Debug = field(default_factory=Debug)
    accounts: tuple[AccountEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One setting: its section, its name, its default, and the facts of its field."""

    section: str
    name: str
    default: Any
    facts: Facts

    @property
    def key(self) -> str:
        """The full name: ``server.port``."""
        return f"{self.section}.{self.name}"

    @property
    def environment(self) -> tuple[str, ...]:
        """The variables that set it; of several the first one given counts."""
        return self.facts.environment or (f"KIRO_GATEWAY_{self.section}_{self.name}".upper(),)

    @property
    def secret(self) -> bool:
        """Whether no one should see it: a proxy's URL has a password in it."""
        return self.facts.form in (Form.HIDDEN, Form.KEYS, Form.PROXY_URL)

    def of(self, settings: Settings) -> Any:
        """Its value in these settings."""
        return getattr(getattr(settings, self.section), self.name)


SECTIONS: Final = tuple(section.name for section in dataclasses.fields(Settings) if section.name != "accounts")
"""The sections; ``accounts`` is a list of tables, which only a file can hold."""


def _rows() -> tuple[Row, ...]:
    defaults = Settings()
    return tuple(
        Row(section, item.name, getattr(getattr(defaults, section), item.name), item.metadata["facts"])
        for section in SECTIONS
        for item in dataclasses.fields(getattr(defaults, section))
    )


ROWS: Final = _rows()
"""Every setting, in the order of the documentation."""


def build(values: dict[str, Any], accounts: tuple[AccountEntry, ...] = ()) -> Settings:
    """Settings with these values, keyed by full name; the rest are defaults."""
    sections = {section: getattr(Settings(), section) for section in SECTIONS}
    for row in ROWS:
        if row.key in values:
            sections[row.section] = dataclasses.replace(sections[row.section], **{row.name: values[row.key]})
    return Settings(**sections, accounts=accounts)
