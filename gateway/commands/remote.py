"""A running gateway, as commands see it: found by KIRO_GATEWAY_URL or the configured port, asked with the admin key or
as a client.

Plain urllib: a command that asks one question needs no aiohttp. No proxy of the environment and no redirect gets the
key.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from gateway.accounts import keys
from gateway.jsontext import JsonError, decode, encode
from gateway.settings import Settings

URL_VARIABLE: Final = "KIRO_GATEWAY_URL"
KEY_VARIABLE: Final = "KIRO_GATEWAY_API_KEY"

PATIENCE: Final = 60.0
"""Seconds for an answer: a usage question may wait for Kiro on several hosts."""

_GREETING_PATIENCE: Final = 3.0
_LIMIT: Final = 8 << 20
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what to connect to where it listens everywhere


class RemoteFault(Exception):
    """The gateway could not be asked, or refused with this HTTP status; the message is for the user."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class _NoRedirect(HTTPRedirectHandler):
    """A redirect would take the key elsewhere."""

    def redirect_request(self, *_: Any) -> None:
        """Never."""


_opener: Final = build_opener(ProxyHandler({}), _NoRedirect())


@dataclass(frozen=True, slots=True)
class Remote:
    """A gateway that answers at this URL."""

    url: str
    key: str = field(repr=False)

    def get(self, path: str) -> Any:
        """The JSON at a path. Raises RemoteFault."""
        return self._call("GET", path)[0]

    def act(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Do something; the answer's JSON, None where it has none. Raises RemoteFault."""
        return self._call(method, path, body)[0]

    def ask(self, path: str, body: Mapping[str, Any]) -> tuple[Any, str]:
        """Ask a model; the answer's JSON and the request's id. Raises RemoteFault."""
        return self._call("POST", path, body)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[Any, str]:
        headers = {"authorization": f"Bearer {self.key}", "accept": "application/json"}
        raw = None if body is None else encode(body)
        if raw is not None:
            headers["content-type"] = "application/json"
        request = Request(f"{self.url}{path}", data=raw, headers=headers, method=method)  # noqa: S310 - checked
        try:
            with _opener.open(request, timeout=PATIENCE) as answer:
                text, request_id = answer.read(_LIMIT), answer.headers.get("request-id", "")
        except HTTPError as error:
            with error:
                raise RemoteFault(_reason(error), error.code) from error
        except (OSError, HTTPException) as error:
            raise RemoteFault(f"the gateway at {self.url} did not answer: {_words(error)}") from error
        return _json(text) if text else None, request_id


def running(
    settings: Settings, own_folder: Path, environment: Mapping[str, str] = os.environ, *, client: bool = False
) -> Remote | None:
    """The gateway that runs now; None when none does at the configured port.

    client: asked with the key for clients instead of the admin key.

    Raises RemoteFault when the one that KIRO_GATEWAY_URL names is not there, or when there is no key to ask with.
    """
    url = address(settings, environment)
    if not _greets(url):
        if environment.get(URL_VARIABLE, "").strip():
            raise RemoteFault(f"there is no gateway at {url} ({URL_VARIABLE})")
        return None
    return Remote(url, _key(settings, own_folder, environment, client=client))


def address(settings: Settings, environment: Mapping[str, str] = os.environ) -> str:
    """Where a gateway would be found. Raises RemoteFault for a wrong KIRO_GATEWAY_URL."""
    named = environment.get(URL_VARIABLE, "").strip()
    return _checked(named) if named else _configured(settings)


def account_path(name: str, act: str = "") -> str:
    """The path of an account, or of something to do with it."""
    return f"/accounts/{quote(name, safe='')}" + (f"/{act}" if act else "")


def _configured(settings: Settings) -> str:
    host = _EVERYWHERE.get(settings.server.host, settings.server.host)
    return f"http://[{host}]:{settings.server.port}" if ":" in host else f"http://{host}:{settings.server.port}"


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if not sound:
        raise RemoteFault(f"{URL_VARIABLE} is not a URL such as http://127.0.0.1:8000")
    return url.rstrip("/")


def _greets(url: str) -> bool:
    """Whether it is a gateway of ours that listens there: nobody else is to see the key."""
    try:
        with _opener.open(f"{url}/health", timeout=_GREETING_PATIENCE) as answer:
            told = decode(answer.read(_LIMIT))
    except (OSError, HTTPException, ValueError):
        return False
    return isinstance(told, dict) and told.get("status") == "ok" and "version" in told and "upstream" in told


def _key(settings: Settings, own_folder: Path, environment: Mapping[str, str], *, client: bool) -> str:
    if given := environment.get(KEY_VARIABLE, "").strip():
        return given
    if configured := settings.server.api_keys if client else settings.server.admin_keys:
        return configured[0].reveal()
    try:
        made = keys.read(own_folder, keys.NAME if client else keys.ADMIN_NAME)
    except keys.KeyFileError as error:
        raise RemoteFault(str(error)) from error
    if not made:
        kind = "API" if client else "admin"
        raise RemoteFault(f"set {KEY_VARIABLE} to the gateway's {kind} key; its file is not in {own_folder}")
    return made


def _reason(error: HTTPError) -> str:
    """The gateway's own words, whatever the API's shape."""
    try:
        told = decode(error.read(_LIMIT))
    except (OSError, HTTPException, JsonError):
        told = None
    inner = told.get("error") if isinstance(told, dict) else None
    message = inner.get("message") if isinstance(inner, dict) else None
    return message if isinstance(message, str) else f"the gateway answered HTTP {error.code}"


def _words(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return str(getattr(reason, "strerror", None) or reason or type(error).__name__)


def _json(text: bytes) -> Any:
    try:
        return decode(text)
    except JsonError as error:
        raise RemoteFault("the gateway's answer is not JSON") from error
