"""Kiro's control plane: what it says about the login's models."""

import uuid
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from gateway.errors import Kind, Trouble, UpstreamError
from gateway.jsontext import JsonError, decode
from gateway.kiro.control_requests import ControlRequest, list_models
from gateway.kiro.endpoints import Identity
from gateway.kiro.faults import http_fault
from gateway.upstream.connection import LIST_LIMIT, Connection

PATIENCE: Final = 10.0
"""Seconds for one call."""

MAX_PAGES: Final = 10
"""Pages of a list; one was always enough. A server that never stops must not keep us."""


async def fetch_models(connection: Connection, identity: Identity, *, base_url: str | None = None) -> dict[str, Any]:
    """ListAvailableModels: ``{"models": […], "defaultModel": …}``, all pages as one.

    Asks the management host, then the older one. Raises the last UpstreamError.
    """
    # The tuple of requests has one per host; a page's token is only good on the host that gave it.
    hosts = len(list_models(identity, invocation_id="", base_url=base_url))
    for host in range(hosts):

        def request_for(token: str | None, host: int = host) -> ControlRequest:
            return list_models(identity, invocation_id=str(uuid.uuid4()), base_url=base_url, next_token=token)[host]

        try:
            return await all_pages(connection, request_for, "models")
        except UpstreamError as error:
            if host == hosts - 1 or error.trouble is Trouble.SUSPENDED:
                raise
    raise UpstreamError(Kind.UPSTREAM, "There is no host to ask for models.")


async def all_pages(
    connection: Connection, request_for: Callable[[str | None], ControlRequest], member: str
) -> dict[str, Any]:
    """A listing with the pages of its list ``member`` as one.

    request_for: the request for a page by its token, None for the first. Raises UpstreamError.
    """
    found: list[Any] = []
    token: str | None = None
    answer: Mapping[str, Any] = {}
    for _ in range(MAX_PAGES):
        answer = await _asked(connection, request_for(token), member)
        found += answer[member]
        token = answer.get("nextToken")
        if not isinstance(token, str) or not token:
            break
    return {**answer, member: found, "nextToken": None}


async def _asked(connection: Connection, request: ControlRequest, member: str) -> Mapping[str, Any]:
    answer = await connection.call(
        request.method,
        request.url,
        request.headers,
        request.body,
        where="Kiro's control plane",
        patience=PATIENCE,
        limit=LIST_LIMIT,
    )
    try:
        found = decode(answer.body)
    except JsonError:
        found = None
    if answer.status != HTTPStatus.OK or not isinstance(found, dict) or not isinstance(found.get(member), list):
        raise http_fault(answer.status, answer.headers, answer.body)
    return found
