"""Who may ask: default-deny for every route but the open ones."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from gateway.errors import GatewayError, Kind
from gateway.web.record import RECORD

OPEN: Final = frozenset({("GET", "/"), ("HEAD", "/"), ("GET", "/health"), ("HEAD", "/health"), ("HEAD", "/api/hello")})
"""Routes that tell nothing and cost nothing: liveness, and Claude Code's unauthenticated greeting."""


NO_AREAS: Final[Mapping[str, Iterable[str]]] = MappingProxyType({})


def auth(keys: Iterable[str], areas: Mapping[str, Iterable[str]] = NO_AREAS) -> Middleware:
    """The middleware for these keys, which it remembers as digests only.

    areas: path → the keys that alone open it and all below it; ``keys`` open everything else.
    """
    known = _digests(keys)
    closed = tuple((path, f"{path}/", _digests(own)) for path, own in areas.items())

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path
        opened_by = next((own for area, below, own in closed if path == area or path.startswith(below)), known)
        owner = _admitted(request, opened_by)
        if owner is None and (request.method, path) not in OPEN:
            raise _refused(admitted_elsewhere=opened_by is not known and _admitted(request, known) is not None)
        request[RECORD].owner = owner or b""
        return await handler(request)

    return middleware


def _refused(*, admitted_elsewhere: bool) -> GatewayError:
    if admitted_elsewhere:
        return GatewayError(
            Kind.PERMISSION,
            "This needs the admin key of the gateway. It stands in the file admin-key beside that of the API "
            "key, or in server.admin_keys.",
            should_retry=False,
        )
    return GatewayError(
        Kind.AUTHENTICATION,
        "The gateway's API key is missing or wrong. Send it as `Authorization: Bearer KEY` or as "
        "`x-api-key: KEY`; it stands in the file that the gateway names at every start.",
        should_retry=False,
    )


def _admitted(request: web.Request, known: tuple[bytes, ...]) -> bytes | None:
    """The digest of the first of our keys that was presented; every pair is compared, in constant time."""
    presented = [_digest(key) for key in _presented(request)]
    matches = [digest for key in presented for digest in known if hmac.compare_digest(key, digest)]
    return matches[0] if matches else None


def _presented(request: web.Request) -> list[bytes]:
    """Keys in headers only: a key in a query ends in logs."""
    keys = request.headers.getall("x-api-key", [])
    for value in request.headers.getall("authorization", []):
        scheme, _, token = value.partition(" ")
        if scheme.lower() == "bearer":
            keys.append(token.strip())
    return [key.encode("utf-8", "surrogateescape") for key in keys if key]


def _digests(keys: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(_digest(key.encode()) for key in keys)


def _digest(key: bytes) -> bytes:
    """A fixed length for the comparison, whatever the key is made of."""
    return hashlib.sha256(key).digest()
