"""Profile ARNs: which region one belongs to, and the shared ones that serve when nothing else is known."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from gateway.kiro.endpoints import LoginKind
from gateway.kiro.regions import is_govcloud

SHARED: Final[Mapping[LoginKind, str]] = MappingProxyType(
    {
        "builder_id": "arn:aws:codewhisperer:us-east-1:638616132270:profile/AAAACCCCXXXX",
        "social": "arn:aws:codewhisperer:us-east-1:699475941385:profile/EHGA3GRVQMUK",
    }
)
"""The profiles that all logins of a kind share. A company's logins have none: theirs must be found."""

_ARN: Final = re.compile(r"arn:(aws|aws-us-gov):codewhisperer:([a-z0-9-]+):\d+:profile/[A-Za-z0-9._-]+")


def region_of(arn: str) -> str | None:
    """The region in a profile ARN; None when the text is no profile ARN.

    It decides the partition. AWS spells ARNs of GovCloud ``arn:aws-us-gov:``, the official clients check for
    ``arn:aws:`` alone: either is taken there, but ``aws-us-gov`` nowhere else.
    """
    match = _ARN.fullmatch(arn)
    if match is None or (match[1] != "aws" and not is_govcloud(match[2])):
        return None
    return match[2]


def listed(answer: Mapping[str, Any]) -> list[str]:
    """The usable ARNs of a ListAvailableProfiles answer, in its order; inactive profiles are left out."""
    profiles = answer.get("profiles")
    found: list[str] = []
    for profile in profiles if isinstance(profiles, list) else ():
        arn = profile.get("arn") if isinstance(profile, dict) else None
        if isinstance(arn, str) and region_of(arn) and profile.get("status") in (None, "ACTIVE"):
            found.append(arn)
    return found
