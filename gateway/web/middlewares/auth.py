"""Who may ask: default-deny for every route but the open ones."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from gateway.errors import GatewayError, Kind

OPEN: Final = frozenset({("GET", "/"), ("HEAD", "/"), ("GET", "/health"), ("HEAD", "/health"), ("HEAD", "/api/hello")})
"""Routes that tell nothing and cost nothing: liveness, and Claude Code's unauthenticated greeting."""


def auth(keys: Iterable[str]) -> Middleware:
    """The middleware for these keys, which it remembers as digests only."""
    known = tuple(_digest(key.encode()) for key in keys)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if (request.method, request.path) not in OPEN and not _admitted(request, known):
            raise GatewayError(
                Kind.AUTHENTICATION,
                "The gateway's API key is missing or wrong. Send it as `Authorization: Bearer KEY` or as "
                "`x-api-key: KEY`; it stands in the file that the gateway names at every start.",
                should_retry=False,
            )
        return await handler(request)

    return middleware


def _admitted(request: web.Request, known: tuple[bytes, ...]) -> bool:
    """Whether one of the presented keys is one of ours; every pair is compared, in constant time."""
    matches = [hmac.compare_digest(_digest(key), digest) for key in _presented(request) for digest in known]
    return any(matches)


def _presented(request: web.Request) -> list[bytes]:
    """Keys in headers only: a key in a query ends in logs."""
    keys = request.headers.getall("x-api-key", [])
    for value in request.headers.getall("authorization", []):
        scheme, _, token = value.partition(" ")
        if scheme.lower() == "bearer":
            keys.append(token.strip())
    return [key.encode("utf-8", "surrogateescape") for key in keys if key]


def _digest(key: bytes) -> bytes:
    """A fixed length for the comparison, whatever the key is made of."""
    return hashlib.sha256(key).digest()
