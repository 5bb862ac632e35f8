"""AWS SSO OIDC by device code: Builder ID and IAM Identity Center. All bodies are camelCase JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from gateway.accounts.credentials import BUILDER_ID_START, Credentials, epoch
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
from gateway.accounts.refresh.grant import Post, TokenAnswer, TokenCall, granted
from gateway.jsontext import encode
from gateway.kiro.regions import BUILDER_ID_REGION

SCOPES: Final = ("codewhisperer:completions", "codewhisperer:analysis", "codewhisperer:conversations")
"""What Kiro's own command line asks for; nothing the gateway does needs more."""

_CLIENT: Final = "Kiro CLI"
_DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"
_HEADERS: Final = {"Content-Type": "application/json", "Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class OidcWay:
    """Builder ID, or the Identity Center of a start URL and a region. base_url: replaces the host (simulators)."""

    start_url: str = BUILDER_ID_START
    region: str = BUILDER_ID_REGION
    base_url: str | None = None

    @property
    def warning(self) -> None:
        """Nothing: what is said of Kiro's own device flow was not seen of AWS's."""
        return

    async def begin(self, post: Post) -> Code:
        """Register a client, then ask for a code. A registration is good for one region and about 90 days."""
        registered = _taken(await post(self._registration()))
        client_id = told(registered, "clientId")
        secret = told(registered, "clientSecret")
        asked = {"clientId": client_id, "clientSecret": secret, "startUrl": self.start_url}
        begun = _taken(await post(self._call("/device_authorization", asked)))
        page = begun.get("verificationUri")
        return Code(
            device_code=told(begun, "deviceCode"),
            user_code=told(begun, "userCode"),
            url=web_address(begun.get("verificationUriComplete") or page),
            page=web_address(page),
            interval=seconds(begun.get("interval"), DEFAULT_INTERVAL, LONGEST_INTERVAL),
            expires_in=seconds(begun.get("expiresIn"), DEFAULT_LIFE, LONGEST_LIFE),
            client_id=client_id,
            client_secret=secret,
            client_expires_at=epoch(registered.get("clientSecretExpiresAt")),
        )

    def question(self, code: Code) -> TokenCall:
        """``POST /token`` with the device code."""
        asked = {"clientId": code.client_id, "clientSecret": code.client_secret}
        return self._call("/token", {**asked, "grantType": _DEVICE_CODE, "deviceCode": code.device_code})

    def read(self, code: Code, answer: TokenAnswer, now: float) -> NewLogin | Answer:
        """200 has the tokens, 400 the reason why there are none yet or none at all."""
        if answer.status != HTTPStatus.OK:
            return refused(object_of(answer).get("error"), answer.status)
        blank = Credentials(
            "builder_id" if self.start_url == BUILDER_ID_START else "idc",
            "",
            region=self.region,
            client_id=code.client_id,
            client_secret=code.client_secret,
        )
        credentials, _ = granted(blank, answer, now, AGAIN)
        if not credentials.refresh_token:
            raise LoginEnded(Ending.FAILED, f"The login service gave no refresh token. {AGAIN}")
        return NewLogin(credentials, self._name(), self.start_url, client_expires_at=code.client_expires_at)

    def _name(self) -> str:
        if self.start_url == BUILDER_ID_START:
            return "builder-id"
        return (urlsplit(self.start_url).hostname or "identity-center").split(".")[0]

    def _registration(self) -> TokenCall:
        asked = {"clientName": _CLIENT, "clientType": "public", "scopes": SCOPES}
        return self._call("/client/register", {**asked, "grantTypes": [_DEVICE_CODE, "refresh_token"]})

    def _call(self, path: str, body: Mapping[str, Any]) -> TokenCall:
        host = self.base_url.rstrip("/") if self.base_url else f"https://oidc.{self.region}.amazonaws.com"
        return TokenCall(f"{host}{path}", _HEADERS, encode(body))


def _taken(answer: TokenAnswer) -> Mapping[str, Any]:
    """The body of a call that was taken. A wrong start URL or region shows here, as 400."""
    body = object_of(answer)
    if answer.status == HTTPStatus.OK:
        return body
    word = str(body.get("error") or "").replace("_", " ")
    shown = f"{word}, HTTP {answer.status}" if word.replace(" ", "").isalpha() else f"HTTP {answer.status}"
    raise LoginEnded(
        Ending.FAILED,
        f"AWS did not begin the login ({shown[:80]}). Check the start URL and its region.",
    )
