"""The page a browser login ends on: a redirect with a code to a program that waits on this machine."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web
from yarl import URL

from gateway.kiro.endpoints import LoginKind
from gateway.simulator.authorizations import BrowserCode
from gateway.simulator.refusals import grant_refused
from gateway.simulator.state import State

SOCIAL_PORTS: Final = frozenset((3128, 4649, 6588, 8008, 9091, 49153, 50153, 51153, 52153, 53153))
"""Where Kiro's login service sends browsers back to (upstream facts, 6.1); other ports are refused."""


def redirect(state: State, query: Mapping[str, str], kind: LoginKind, client_id: str = "") -> web.Response:
    """Send the browser back with ``code`` and ``state``; only to a loopback address, and only with PKCE.

    A social login's ports are registered: ten of them, and one path.
    """
    target = URL(query.get("redirect_uri", ""))
    challenge = query.get("code_challenge", "")
    loopback = target.scheme == "http" and target.host in ("127.0.0.1", "localhost", "::1")
    registered = kind != "social" or (target.port in SOCIAL_PORTS and target.path == "/oauth/callback")
    if not loopback or not registered or not challenge or query.get("code_challenge_method") != "S256":
        return grant_refused("invalid_request", "Invalid request")
    code = state.authorizations.issue(BrowserCode(kind, challenge, query["redirect_uri"], client_id))
    place = target.update_query(code=code, state=query.get("state", ""))
    return web.Response(status=302, headers={"location": str(place)})
