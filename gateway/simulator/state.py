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
from gateway.simulator.record import Record
from gateway.simulator.script import Script


class State:
    """Options, accounts, the logins under way, the script, the gates and the record of one simulator."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.logins = Logins(options, time.monotonic)
        self.authorizations = Authorizations()
        self.script = Script()
        self.gates = Gates()
        self.loads = Loads()
        self.schemas: Mapping[str, Mapping[str, Any] | None] = models.schemas()
        self.record = Record(options.kept, time.monotonic)

    def reset(self) -> None:
        """Forget script, gates and record; tokens that were issued stay valid."""
        self.script.reset()
        self.gates.reset()
        self.record.clear()

    def account_for(self, kind: LoginKind, name: str = "") -> Account:
        """Whose a login becomes: the account named, else the first of the login's kind."""
        return self.logins.accounts.get(name) or self.logins.of_kind(kind)
