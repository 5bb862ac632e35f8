"""Everything one running simulator remembers."""

import time
from collections.abc import Mapping
from typing import Any

from gateway.kiro.endpoints import LoginKind
from gateway.simulator import models
from gateway.simulator.accounts import Account
from gateway.simulator.authorizations import Authorizations
from gateway.simulator.gates import Gates
from gateway.simulator.load import Loads
from gateway.simulator.logins import Logins
from gateway.simulator.options import Options
from gateway.simulator.prompt_cache import PromptCache
from gateway.simulator.record import Record
from gateway.simulator.resends import Resends
from gateway.simulator.script import Script


class State:
    """Options, accounts, logins under way, script, gates, record, and the ids seen, of one simulator."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.logins = Logins(options, time.monotonic)
        self.authorizations = Authorizations()
        self.script = Script()
        self.gates = Gates()
        self.loads = Loads()
        self.schemas: Mapping[str, Mapping[str, Any] | None] = models.schemas()
        self.record = Record(options.kept, time.monotonic)
        self.resends = Resends()
        self.prompt_cache = PromptCache()

    def reset(self) -> None:
        """Forget script, gates, record and ids; tokens that were issued stay valid."""
        self.script.reset()
        self.gates.reset()
        self.record.clear()
        self.resends = Resends()
        self.prompt_cache = PromptCache()

    def account_for(self, kind: LoginKind, name: str = "") -> Account:
        """Whose a login becomes: the account named, else the first of the login's kind."""
        return self.logins.accounts.get(name) or self.logins.of_kind(kind)
