"""What the user wants of an account, beside its login."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType

from gateway.accounts.sources.source import Source


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one account.

    priority: accounts with the smallest number are taken first. models: Kiro's ids it may be used for, ``*`` allowed;
    none means all. preferred_endpoint: a name or alias. headers: sent with every request, over the gateway's own.
    allow_overage: go on when the plan's credits are used up, as far as Kiro allows it.
    max_concurrent, min_interval: as of ``pacing.Turnstile``; 0 is no limit, None the one that holds for all accounts.
    """

    name: str
    priority: int = 0
    models: tuple[str, ...] = ()
    preferred_endpoint: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    allow_overage: bool = False
    max_concurrent: int | None = None
    min_interval: float = 0.0

    def permit(self, model: str) -> bool:
        """Whether the account may be used for a model."""
        return not self.models or any(fnmatchcase(model, pattern) for pattern in self.models)


@dataclass(frozen=True, slots=True)
class Configured:
    """An account as it is set up: where its login is, the terms, and its own proxy if it has one.

    terms: None for the one account of a gateway without a list; its name is then made of its login.
    """

    source: Source
    terms: Terms | None = None
    proxy_url: str | None = field(default=None, repr=False)
