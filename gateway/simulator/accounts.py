"""Accounts of the simulated service: what each may do, and how it misbehaves when told to."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from gateway.kiro.endpoints import LoginKind
from gateway.kiro.profiles import SHARED
from gateway.simulator import refusals
from gateway.simulator.refusals import Refusal
from gateway.simulator.usage import Usage

Quota = Literal["", "month", "overage"]

_TOKEN_TYPES: Final = {"external_idp": "EXTERNAL_IDP", "api_key": "API_KEY"}
_QUOTAS: Final = {"month": refusals.MONTH_USED_UP, "overage": refusals.OVERAGE_USED_UP}
_SUSPENDED_AT: Final = frozenset({"generate", "models"})
"""A suspended account still sees its usage and its profiles, and its tokens are still refreshed."""


@dataclass(slots=True)
class Account:
    """One account. lenient: it came with the simulator, so that a newcomer may use it with any profile.

    suspended: 403. quota: 402, for the month or past the overages. throttled: so many generations get a 429; -1: all
    until told. throttle: whose limit that is, see ``refusals.THROTTLES``; that of a profile is met by all its accounts,
    that of a model by every account. retry_after_ms: the wait it asks for, if not its usual one. busy_models: the
    models whose limit it is; none: all. wrong_profile: the status with which another account's ARN is refused, 400 or
    403.
    region: only hosts of this region take its tokens, "" for any; for GovCloud and for API keys.
    token_type: the ``TokenType`` header it needs, "" for that of its kind (``SSO_OIDC`` for an Identity Center login).
    needs_profile: the runtime host wants an ARN even of an API key. counts: requests by operation.
    """

    name: str
    kind: LoginKind = "social"
    profiles: tuple[str, ...] = ()
    lenient: bool = False
    suspended: bool = False
    quota: Quota = ""
    throttled: int = 0
    throttle: str = ""
    retry_after_ms: int | None = None
    busy_models: tuple[str, ...] = ()
    wrong_profile: int = 400
    region: str = ""
    token_type: str = ""
    needs_profile: bool = False
    usage: Usage = field(default_factory=Usage)
    counts: Counter[str] = field(default_factory=Counter)

    def refuses_headers(self, token_type: str) -> bool:
        """Whether the ``TokenType`` header is missing, or there for an ordinary token."""
        return token_type.upper() != (self.token_type or _TOKEN_TYPES.get(self.kind, ""))

    def misbehaves(self, operation: str) -> Refusal | None:
        """What the account answers to a sound request because of its own state, its throttling apart."""
        if self.suspended and operation in _SUSPENDED_AT:
            return refusals.SUSPENDED
        return _QUOTAS[self.quota] if self.quota and operation == "generate" else None

    def limit(self, asking: "Account", profile_arn: object, model_id: str) -> Refusal | None:
        """What a generation meets of this account's throttling, which may hold for a profile or for a model."""
        if not self.throttled or not self._limits(asking, profile_arn, model_id):
            return None
        self.throttled -= self.throttled > 0
        refusal = refusals.THROTTLES[self.throttle]
        return refusal if self.retry_after_ms is None else replace(refusal, retry_after_ms=self.retry_after_ms)

    def _limits(self, asking: "Account", profile_arn: object, model_id: str) -> bool:
        if self.throttle in refusals.OF_A_MODEL:
            return not self.busy_models or model_id in self.busy_models
        shares = self.throttle == refusals.OF_A_PROFILE and isinstance(profile_arn, str) and self.owns(profile_arn)
        return asking is self or shares

    def owns(self, profile_arn: str) -> bool:
        """Whether the profile is the account's; one without any has the shared profile of its kind."""
        return profile_arn in (self.profiles or (SHARED.get(self.kind),))

    def refuses_profile(self, profile_arn: str) -> Refusal:
        """The answer to a profile that is not the account's."""
        if self.wrong_profile == refusals.TOKEN.status or profile_arn in SHARED.values():
            return refusals.TOKEN  # the shared profile of another kind looks like a bad token
        return refusals.PROFILE_WRONG

    def shown(self) -> dict[str, Any]:
        """As JSON for the control endpoint."""
        names = ("name", "kind", "suspended", "quota", "throttled", "throttle", "wrong_profile")
        shown: dict[str, Any] = {name: getattr(self, name) for name in names}
        return shown | {"profiles": list(self.profiles), "counts": dict(self.counts)}
