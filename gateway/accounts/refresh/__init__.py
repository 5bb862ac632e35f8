"""How a login of each kind is refreshed. A kind that is not in REFRESHERS cannot be."""

from collections.abc import Mapping
from typing import Final

from gateway.accounts.refresh import desktop, external_idp, oidc
from gateway.accounts.refresh.grant import Refresher
from gateway.errors import Kind, Trouble, UpstreamError
from gateway.kiro.endpoints import LoginKind

REFRESHERS: Final[Mapping[LoginKind, Refresher]] = {
    "social": desktop.call,
    "builder_id": oidc.call,
    "idc": oidc.call,
    "external_idp": external_idp.call,
}


def not_refreshable(login_again: str) -> UpstreamError:
    """The error of an API key that Kiro refused. login_again: what to do, a sentence."""
    return UpstreamError(
        Kind.AUTHENTICATION,
        "An API key cannot be refreshed: if Kiro refused it, it was deleted, or its organisation does not allow keys. "
        f"{login_again}",
        should_retry=False,
        trouble=Trouble.LOGIN,
    )
