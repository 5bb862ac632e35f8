"""Liveness: what runs here, and what it talks to. Costs nothing and needs no key."""

from datetime import UTC, datetime

from aiohttp import web

from gateway import __version__, jsontext


class Health:
    """``GET /`` and ``GET /health``; ``upstream`` is ``kiro``, ``simulator`` or ``custom`` (``upstream.base_url``)."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream

    async def tell(self, _request: web.Request) -> web.Response:
        """Answer without asking anybody."""
        told = {
            "status": "ok",
            "version": __version__,
            "timestamp": datetime.now(UTC).isoformat(),
            "upstream": self._upstream,
        }
        return web.Response(body=jsontext.encode(told), content_type="application/json")

    async def hello(self, _request: web.Request) -> web.Response:
        """``HEAD /api/hello``: Claude Code asks it at its start, without a key."""
        return web.Response()
