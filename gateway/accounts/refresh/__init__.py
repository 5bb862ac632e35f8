"""How a login of each kind is refreshed. A kind that is not in REFRESHERS cannot be."""

from collections.abc import Mapping
from typing import Final

from gateway.accounts.refresh import desktop, external_idp, oidc
from gateway.accounts.refresh.grant import Refresher
from gateway.kiro.endpoints import LoginKind

REFRESHERS: Final[Mapping[LoginKind, Refresher]] = {
    "social": desktop.call,
    "builder_id": oidc.call,
    "idc": oidc.call,
    "external_idp": external_idp.call,
}
