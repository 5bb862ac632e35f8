"""Google and GitHub by Kiro's own login service: by device code, or in the browser with PKCE (RFC 7636)."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from secrets import token_urlsafe
from typing import Any, Final
from urllib.parse import urlencode

from gateway.accounts.credentials import Credentials
from gateway.accounts.login.device import (
    AGAIN,
    DEFAULT_INTERVAL,
    DEFAULT_LIFE,
    LONGEST_INTERVAL,
    LONGEST_LIFE,
    Answer,
    Code,
    Ending,
    LoginEnded,
    NewLogin,
    object_of,
    refused,
    seconds,
    told,
    web_address,
)
from gateway.accounts.refresh.desktop import HOST
from gateway.accounts.refresh.grant import Post, TokenAnswer, TokenCall, granted
from gateway.jsontext import encode

PROVIDERS: Final[Mapping[str, str]] = {"google": "Google", "github": "Github"}
"""What the user writes, and how the service spells it."""

_CLIENT: Final = "kiro-cli"
_HEADERS: Final = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "Kiro-CLI"}


@dataclass(frozen=True, slots=True)
class SocialWay:
    """By device code. provider: a value of PROVIDERS. base_url: replaces the host (simulators)."""

    provider: str
    base_url: str | None = None

    @property
    def warning(self) -> str:
        """Seen by one party with two users of Kiro's device flow; the login in the browser does not do it."""
        return (
            "Approving a second user by device code may sign the first one out at Kiro. "
            f"Where there is a browser, use it instead: kiro-gateway login --social {self.provider.lower()}"
        )

    async def begin(self, post: Post) -> Code:
        """Ask for a code; the service counts in milliseconds."""
        asked = {"clientId": _CLIENT, "loginProvider": self.provider}
        answer = await post(_call(self.base_url, "/oauth/device/authorization", asked))
        begun = object_of(answer)
        if answer.status != HTTPStatus.OK:
            raise LoginEnded(Ending.FAILED, f"Kiro did not begin the login (HTTP {answer.status}).")
        page = begun.get("verificationUri")
        return Code(
            device_code=told(begun, "deviceCode"),
            user_code=told(begun, "userCode"),
            url=web_address(begun.get("verificationUriComplete") or page),
            page=web_address(page),
            interval=_milliseconds(begun.get("intervalInMilliseconds"), DEFAULT_INTERVAL, LONGEST_INTERVAL),
            expires_in=_milliseconds(begun.get("expiresInMilliseconds"), DEFAULT_LIFE, LONGEST_LIFE),
        )

    def question(self, code: Code) -> TokenCall:
        """``POST /oauth/device/poll``."""
        return _call(self.base_url, "/oauth/device/poll", {"clientId": _CLIENT, "deviceCode": code.device_code})

    def read(self, _code: Code, answer: TokenAnswer, now: float) -> NewLogin | Answer:
        """The state stands in ``status`` of a 200, where OAuth has ``error`` of a 400; both are understood."""
        body = object_of(answer)
        if answer.status == HTTPStatus.OK and body.get("accessToken"):
            return _login(self.provider, answer, now)
        return refused(body.get("status") or body.get("error"), answer.status)


@dataclass(frozen=True, slots=True)
class BrowserWay:
    """In the browser. redirect_uri: where we listen on this machine; state and verifier are for this login only."""

    provider: str
    redirect_uri: str
    state: str = field(repr=False)
    base_url: str | None = None
    verifier: str = field(default_factory=lambda: token_urlsafe(48), repr=False)

    @property
    def url(self) -> str:
        """What the browser opens."""
        asked = {
            "idp": self.provider,
            "redirect_uri": self.redirect_uri,
            "code_challenge": _challenge(self.verifier),
            "code_challenge_method": "S256",
            "state": self.state,
            "prompt": "select_account",
        }
        return f"{_host(self.base_url)}/login?{urlencode(asked)}"

    async def redeem(self, code: str, post: Post, now: float) -> NewLogin:
        """Turn the code of the browser's redirect into a login. Raises LoginEnded, UpstreamError."""
        asked = {"code": code, "code_verifier": self.verifier, "redirect_uri": self.redirect_uri}
        answer = await post(_call(self.base_url, "/oauth/token", asked))
        if answer.status != HTTPStatus.OK:
            raise LoginEnded(Ending.FAILED, f"Kiro did not complete the login (HTTP {answer.status}). {AGAIN}")
        return _login(self.provider, answer, now)


def _login(provider: str, answer: TokenAnswer, now: float) -> NewLogin:
    """The profile comes with the tokens; a life that is not told is taken as an hour."""
    credentials, _ = granted(Credentials("social", ""), answer, now, AGAIN)
    if not credentials.refresh_token:
        raise LoginEnded(Ending.FAILED, f"Kiro gave no refresh token. {AGAIN}")
    return NewLogin(credentials, provider.lower(), provider=provider)


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _milliseconds(value: Any, default: float, longest: float) -> float:
    return seconds(value, default * 1000, longest * 1000) / 1000


def _host(base_url: str | None) -> str:
    return (base_url or HOST).rstrip("/")


def _call(base_url: str | None, path: str, body: Mapping[str, Any]) -> TokenCall:
    return TokenCall(f"{_host(base_url)}{path}", _HEADERS, encode(body))
