"""The token side: which access tokens are valid, what a refresh token gives, whose profile an ARN is."""

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal
from uuid import uuid4

from gateway.kiro.endpoints import LoginKind
from gateway.simulator.accounts import Account
from gateway.simulator.families import Family, Ledger
from gateway.simulator.options import PROFILE_ARN, Options
from gateway.simulator.refusals import Refusal

Server = Literal["desktop", "oidc", "idp"]
"""The three token servers: Kiro's own, AWS SSO OIDC, a company's identity provider."""

_ARN: Final = re.compile(r"^arn:aws(?:-us-gov)?:codewhisperer:[a-z0-9-]+:\d+:profile/[A-Za-z0-9._-]+$")
_SERVES: Final[Mapping[Server, tuple[LoginKind, ...]]] = {
    "desktop": ("social",),
    "oidc": ("idc", "builder_id"),
    "idp": ("external_idp",),
}
"""Which kinds a server refreshes; the first is what an unknown token shown there is taken for."""

DEFAULT: Final = "default"
"""The account of the tokens in the options."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token server gives: ``refresh_token`` is the new one or the one that was shown; seconds to live."""

    access_token: str
    refresh_token: str
    expires_in: int
    profile_arn: str | None


class Logins:
    """Accounts, tokens and clients one simulator knows. ``clock`` gives seconds; only differences count."""

    def __init__(self, options: Options, clock: Callable[[], float]) -> None:
        self.newcomer = options.newcomer
        self.ledger = Ledger(clock)
        self.accounts = {DEFAULT: Account(DEFAULT, profiles=tuple(sorted(options.profiles)), lenient=True)}
        self._revoke_rotated = options.revoke_rotated
        self._rotate = options.rotate
        self._expires_in = options.expires_in
        self._clients: dict[str, str] = {}
        self.give(DEFAULT, access_tokens=options.access_tokens, refresh_tokens=options.refresh_tokens)

    def learn(
        self,
        *,
        access_tokens: Iterable[str] = (),
        refresh_tokens: Iterable[str] = (),
        profiles: Iterable[str] = (),
        rotate: bool | None = None,
        expires_in: int | None = None,
        newcomer: bool | None = None,
        revoke_rotated: bool | None = None,
    ) -> None:
        """Accept more for the default account while running; the other members hold from now on."""
        default = self.accounts[DEFAULT]
        default.profiles = tuple(sorted({*default.profiles, *profiles}))
        self.give(DEFAULT, access_tokens=access_tokens, refresh_tokens=refresh_tokens)
        self._rotate = self._rotate if rotate is None else rotate
        self._expires_in = self._expires_in if expires_in is None else expires_in
        self.newcomer = self.newcomer if newcomer is None else newcomer
        self._revoke_rotated = self._revoke_rotated if revoke_rotated is None else revoke_rotated

    def give(self, account: str, *, access_tokens: Iterable[str] = (), refresh_tokens: Iterable[str] = ()) -> None:
        """Tokens for an account; each refresh token is a login of its own."""
        for token in access_tokens:
            self.ledger.admit(account, token)
        for token in refresh_tokens:
            if self.ledger.find(token) is None:
                self.ledger.begin(account, token)

    def revoke(self, tokens: Iterable[str]) -> None:
        """Refuse these access or refresh tokens from now on."""
        for token in tokens:
            self.ledger.revoke(token)

    def revoke_access(self) -> None:
        """Refuse every access token known so far, as when a login was used elsewhere."""
        self.ledger.revoke_access()

    def register(self, client_id: str = "", secret: str = "") -> tuple[str, str]:
        """A client of the OIDC server: id and secret, invented where they are not given."""
        client = client_id or uuid4().hex
        self._clients[client] = secret or f"eyJ{secrets.token_hex(32)}"
        return client, self._clients[client]

    def knows_client(self, client_id: str, secret: str) -> bool:
        """Whether the client was registered; a newcomer's may be any."""
        if client_id in self._clients:
            return self._clients[client_id] == secret
        return self.newcomer and bool(client_id and secret)

    def account_of(self, authorization: str) -> Account | None:
        """Whose bearer token the header carries; None for one that is unknown or has expired."""
        scheme, _, rest = authorization.partition(" ")
        token = rest.strip()
        if scheme.lower() != "bearer" or self.ledger.ended(token):
            return None
        name = self.ledger.account_of(token)
        if name is None and self.newcomer and token.startswith("ksk_"):
            return self.of_kind("api_key")
        return self.accounts[name] if name is not None else None

    def limit(self, account: Account, profile_arn: object, model_id: str) -> Refusal | None:
        """The throttling that a generation meets: of its account, else of its profile, else of its model."""
        others = [other for other in self.accounts.values() if other is not account]
        return next(filter(None, (one.limit(account, profile_arn, model_id) for one in (account, *others))), None)

    def of_kind(self, kind: LoginKind) -> Account:
        """The first account of a kind; one is made where there is none."""
        found = next((account for account in self.accounts.values() if account.kind == kind), None)
        if found is None:
            shares = kind in ("builder_id", "api_key")  # these have no profile of their own
            profiles = () if shares else self.accounts[DEFAULT].profiles
            found = self.accounts.setdefault(kind, Account(kind, kind, profiles, lenient=True))
        return found

    def log_in(self, account: Account, *, by_device: bool = False) -> Grant:
        """What a finished login gives: the first tokens of a new family. by_device: it was Kiro's own device flow."""
        family = self.ledger.begin(account.name)
        family.by_device = by_device
        return self._grant(family)

    def sign_out_devices(self, *, other_than: Account) -> None:
        """End every login by Kiro's device flow of other accounts."""
        self.ledger.end_devices(other_than.name)

    def grant(self, refresh_token: str, server: Server) -> Grant | None:
        """What a server gives for a refresh token; None when it does not accept it.

        Reuse of a rotated token is counted, and refused unless the options allow it; the family lives on.
        """
        family = self.ledger.find(refresh_token) or self._newcomers(refresh_token, server)
        if family is None or self.ledger.ended(refresh_token):
            return None
        account = self.accounts[family.account]
        if account.kind not in _SERVES[server] and not (account.lenient and self.newcomer):
            return None
        if refresh_token != family.current:
            family.reuses += 1
            if self._revoke_rotated:
                return None
        if (server != "desktop") if self._rotate is None else self._rotate:
            self.ledger.rotate(family)
        family.refreshes += 1
        return self._grant(family)

    def owns(self, account: Account, profile_arn: str) -> bool:
        """Whether a request of the account may name the profile; a newcomer's may name any."""
        return (self.newcomer and account.lenient) or account.owns(profile_arn)

    def _newcomers(self, refresh_token: str, server: Server) -> Family | None:
        if not self.newcomer or not refresh_token or self.ledger.ended(refresh_token):
            return None
        return self.ledger.begin(self.of_kind(_SERVES[server][0]).name, refresh_token)

    def _grant(self, family: Family) -> Grant:
        profiles = self.accounts[family.account].profiles
        arn = PROFILE_ARN if PROFILE_ARN in profiles else min(profiles, default=None)
        return Grant(self.ledger.issue(family, self._expires_in), family.current, self._expires_in, arn)


def well_formed(profile_arn: str) -> bool:
    """Whether the text has the shape of a profile's ARN."""
    return bool(_ARN.match(profile_arn))
