"""The regions that have Kiro's hosts. The table is closed: others have no DNS name, so no host is made of them.

A login belongs to one partition of AWS, and neither its token nor its requests ever go to the other one.
"""

from typing import Final

COMMERCIAL: Final = ("us-east-1", "eu-central-1")
GOVCLOUD: Final = ("us-gov-west-1", "us-gov-east-1")
"""Logins there are by Identity Center or an external provider; there is no social login and no Builder ID."""

BUILDER_ID_REGION: Final = "us-east-1"
"""Of every Builder ID, its token server included."""

API_REGIONS: Final = COMMERCIAL + GOVCLOUD
"""Regions that have Kiro's data and control hosts; a login's SSO region is another matter."""


def is_govcloud(region: str) -> bool:
    """Whether any AWS region, with Kiro's hosts or without, is of the GovCloud partition."""
    return region.startswith("us-gov-")


def same_partition(region: str) -> tuple[str, ...]:
    """The regions with Kiro's hosts that a login of this region may use: itself first, never the other partition's."""
    regions = GOVCLOUD if is_govcloud(region) else COMMERCIAL
    return tuple(sorted(regions, key=lambda one: one != region))
