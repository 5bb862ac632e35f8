"""What a simulator is started with; floor 0 of the package."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

ACCESS_TOKEN: Final = "simulator-access-token"  # noqa: S105 - invented, valid on the simulator alone
REFRESH_TOKEN: Final = "simulator-refresh-token"  # noqa: S105 - invented, valid on the simulator alone
PROFILE_ARN: Final = "arn:aws:codewhisperer:us-east-1:123456789012:profile/SIMULATOR"


@dataclass(frozen=True, slots=True)
class Options:
    """How a simulator behaves. The defaults suit a newcomer: every refresh token and well-formed profile is taken.

    port: 0 picks a free one. certificate, key: PEM files; with both it speaks HTTPS.
    off: names of checks that are switched off (payload rules, or the simulator's own of ``validation.OWN_CHECKS``).
    on: names of payload rules that do not hold by default and shall here.
    access_tokens, refresh_tokens, profiles: what is accepted besides what the simulator issues itself.
    newcomer: False makes unknown refresh tokens, clients and profiles an error, as on the real service.
    expires_in: life of an issued access token in seconds.
    rotate: whether a refresh gives a new refresh token; None does as the real servers do (OIDC yes, desktop no).
    revoke_rotated: a refresh token that was rotated away is refused; False gives the grace that captures show.
    poll_interval: seconds between a login's polls, as the device flows tell their clients.
    pace: seconds between the frames of a canned answer.
    kept: how many exchanges are remembered with their bodies.
    """

    port: int = 0
    certificate: Path | None = None
    key: Path | None = None
    off: frozenset[str] = frozenset()
    on: frozenset[str] = frozenset()
    access_tokens: frozenset[str] = frozenset({ACCESS_TOKEN})
    refresh_tokens: frozenset[str] = frozenset({REFRESH_TOKEN})
    profiles: frozenset[str] = frozenset({PROFILE_ARN})
    newcomer: bool = True
    expires_in: int = 3600
    rotate: bool | None = None
    revoke_rotated: bool = True
    poll_interval: float = 1.0
    pace: float = 0.0
    kept: int = 200
