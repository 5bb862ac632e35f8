"""``GET /v1/models`` and ``GET /v1/models/{id}`` in the shape the client expects, every fact with its source.

Anthropic's clients send ``anthropic-version`` and get Anthropic's list, all others OpenAI's.
"""

from typing import Any, Final

from aiohttp import web

from gateway import jsontext
from gateway.errors import GatewayError, Kind
from gateway.kiro.models import Catalogue, Listed, NameRules, Resolved, listing, resolve, suggestions
from gateway.upstream.live_catalogue import LiveCatalogue

PATIENCE: Final = 3.0
"""Seconds the list waits for Kiro's first answer: a client that starts with it must not hang on a slow network."""

_CREATED: Final = 1_700_000_000
_CREATED_AT: Final = "2023-11-14T22:13:20Z"
"""Kiro tells no dates and both APIs demand one: a fixed one, so that nobody reads news into it."""


class Models:
    """The two handlers."""

    def __init__(self, catalogue: LiveCatalogue, names: NameRules) -> None:
        self._catalogue = catalogue
        self._names = names

    async def list_all(self, request: web.Request) -> web.Response:
        """All models. Paging parameters are accepted; everything is on the first page."""
        catalogue = await self._catalogue.settled(PATIENCE)
        if "anthropic-version" in request.headers:
            return _json(_anthropic_page([_anthropic(entry) for entry in listing(catalogue, self._names)]))
        return _json({"object": "list", "data": rows(catalogue, self._names)})

    async def tell_one(self, request: web.Request) -> web.Response:
        """One model, in any of its spellings. 404 with the nearest names when nobody knows it."""
        name = request.match_info["name"]
        catalogue = await self._catalogue.settled(PATIENCE)
        resolved = resolve(name, catalogue, self._names)
        if resolved.model.source == "client":
            raise _unknown(suggestions(name, catalogue))
        entry = _entry(name, resolved)
        return _json(_anthropic(entry) if "anthropic-version" in request.headers else _openai(entry))


def rows(catalogue: Catalogue, names: NameRules) -> list[dict[str, Any]]:
    """The models as OpenAI's list has them."""
    return [_openai(entry) for entry in listing(catalogue, names)]


def _entry(name: str, resolved: Resolved) -> Listed:
    return Listed(name, resolved.model, None if name == resolved.model.id else resolved.model.id)


def _unknown(near: tuple[str, ...]) -> GatewayError:
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return GatewayError(Kind.NOT_FOUND, f"Kiro's list has no such model.{hint}", path="model")


def _facts(entry: Listed) -> dict[str, Any]:
    """What is known, under one name in both shapes; what is not known is left out."""
    model = entry.model
    facts = {
        "alias_of": entry.alias_of,
        "context_window": model.window,
        "max_output_tokens": model.max_output,
        "supports_images": model.images,
        "effort_levels": list(model.efforts) or None,
        "credit_factor": model.rate,
        "sources": dict(model.sources),
    }
    return {name: value for name, value in facts.items() if value is not None}


def _openai(entry: Listed) -> dict[str, Any]:
    return {"id": entry.name, "object": "model", "created": _CREATED, "owned_by": "kiro", **_facts(entry)}


def _anthropic(entry: Listed) -> dict[str, Any]:
    named = {"type": "model", "id": entry.name, "display_name": entry.model.name, "created_at": _CREATED_AT}
    return {**named, **_facts(entry)}


def _anthropic_page(models: list[dict[str, Any]]) -> dict[str, Any]:
    first, last = (models[0]["id"], models[-1]["id"]) if models else (None, None)
    return {"data": models, "has_more": False, "first_id": first, "last_id": last}


def _json(value: dict[str, Any]) -> web.Response:
    return web.Response(body=jsontext.encode(value), content_type="application/json")
