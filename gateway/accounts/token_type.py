"""The ``TokenType`` header of an Identity Center login: none at first, ``SSO_OIDC`` where that alone is taken.

The official clients differ (upstream facts, 2.8): the IDE sends it, kiro-cli does not. Other kinds of login have a
fixed type or none, and nothing here concerns them.
"""

from dataclasses import replace
from typing import Final

from gateway.kiro.endpoints import Identity

SSO_OIDC: Final = "SSO_OIDC"


class TokenTypeMemory:
    """What is known of one account. It holds until the gateway ends; finding out again costs one refused request."""

    def __init__(self) -> None:
        self._value: str | None = None
        self._settled = False
        self._tried = ""

    def apply(self, identity: Identity) -> Identity:
        """The identity with the type that is believed to work."""
        if identity.kind != "idc" or identity.token_type == self._value:
            return identity
        return replace(identity, token_type=self._value)

    def trial(self, refused: Identity) -> Identity | None:
        """What to send with once after this identity met a 403; None where there is nothing to try.

        Once for an access token: a second refusal of the same one says that it was not the type.
        """
        if refused.kind != "idc":
            return None
        if self._settled:  # another request was quicker, or this type has worked and the refusal means something else
            return None if refused.token_type == self._value else self.apply(refused)
        if refused.access_token == self._tried:
            return None
        return replace(refused, token_type=None if refused.token_type else SSO_OIDC)

    def refused(self, trial: Identity) -> None:
        """A trial that failed."""
        self._tried = trial.access_token

    def listed(self, identity: Identity) -> None:
        """Profiles were listed with this type after a refusal without it: the best guess until a request has worked."""
        if not self._settled:
            self._value = identity.token_type

    def worked(self, identity: Identity) -> None:
        """A request of this identity was answered."""
        if identity.kind == "idc":
            self._settled, self._value = True, identity.token_type
