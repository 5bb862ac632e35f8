"""Where a request can be sent, and the bytes of one attempt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from gateway import jsontext
from gateway.errors import GatewayError, Kind
from gateway.kiro.payload import Draft
from gateway.kiro.regions import API_REGIONS, is_govcloud

RUNTIME_HOST: Final = "https://runtime.{region}.kiro.dev"
Q_HOST: Final = "https://q.{region}.amazonaws.com"
"""The older host, which takes every login."""

_SDK_JS: Final = "aws-sdk-js/1.0.34"
_SDK_RUST: Final = "aws-sdk-rust/1.3.15"
_KIRO_IDE: Final = "KiroIDE-0.11.63"
_ARN_KINDS: Final = frozenset({"social", "idc", "external_idp"})
"""Logins whose ARN the older hosts take; with a Builder ID they answer 403 to it."""

LoginKind = Literal["social", "idc", "builder_id", "external_idp", "api_key"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A row: host has a ``{region}`` where it differs. origin: what the body says. style: whose headers, ide or cli.

    needs_arn: only with a profile ARN, which it then gets whatever the login; API keys alone go there without one.
    """

    name: str
    aliases: tuple[str, ...]
    host: str
    path: str
    target: str
    origin: str
    style: Literal["ide", "cli"]
    needs_arn: bool = False
    content_type: str = "application/x-amz-json-1.0"


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(
        name="kiro",
        aliases=("kiro", "runtime"),
        host=RUNTIME_HOST,
        path="/",
        target="AmazonCodeWhispererStreamingService.GenerateAssistantResponse",
        origin="KIRO_CLI",
        style="cli",
        needs_arn=True,
    ),
    Endpoint(
        name="codewhisperer",
        aliases=("codewhisperer", "ide"),
        host="https://codewhisperer.us-east-1.amazonaws.com",
        path="/generateAssistantResponse",
        target="AmazonCodeWhispererStreamingService.GenerateAssistantResponse",
        origin="AI_EDITOR",
        style="ide",
    ),
    Endpoint(
        name="amazonq",
        aliases=("amazonq", "q", "cli"),
        host=Q_HOST,
        path="/",
        target="AmazonQDeveloperStreamingService.SendMessage",
        origin="CLI",
        style="cli",
    ),
)
"""In the order they are tried."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose request it is. region: of the API, not of the SSO. machine_id: 64 hex digits, stable for a login.

    token_type: the ``TokenType`` header of an Identity Center login that was found to need one; other kinds have
    their own or none.
    arn_demanded: the runtime host was seen to refuse this API key for want of an ARN, and keys have none.
    """

    access_token: str = field(repr=False)
    profile_arn: str | None
    kind: LoginKind
    region: str
    machine_id: str
    token_type: str | None = None
    arn_demanded: bool = False

    @property
    def on_newest_hosts(self) -> bool:
        """Whether runtime and management hosts serve it: with a profile, or for an API key, which has none."""
        return bool(self.profile_arn) or (self.kind == "api_key" and not self.arn_demanded)

    @property
    def arn_for_older_hosts(self) -> str | None:
        """The ARN where a host takes none from some logins."""
        return self.profile_arn if self.kind in _ARN_KINDS else None


@dataclass(frozen=True, slots=True)
class Sending:
    """One HTTP POST, ready to go."""

    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def checked_region(region: str) -> str:
    """The region, which becomes part of a host name.

    Raises GatewayError(INVALID_REQUEST) for one that has no Kiro hosts.
    """
    if region not in API_REGIONS:
        known = ", ".join(API_REGIONS)
        raise GatewayError(Kind.INVALID_REQUEST, f"Kiro has no API in this region; it has one in {known}")
    return region


def address(host: str, region: str, base_url: str | None) -> str:
    """A host of Kiro's in a region, without a slash at its end, or what takes the place of all of them."""
    return base_url.rstrip("/") if base_url else host.format(region=checked_region(region))


def routes(identity: Identity, preferred: str | None = None) -> tuple[Endpoint, ...]:
    """The endpoints that serve this login, a preferred one (by name or alias, in any case) first."""
    serving = tuple(row for row in ENDPOINTS if _serves(row, identity))
    wanted = (preferred or "").strip().lower()
    if not wanted:
        return serving
    return tuple(sorted(serving, key=lambda row: wanted not in row.aliases))


def _serves(row: Endpoint, identity: Identity) -> bool:
    """A row of one fixed host is no host of GovCloud's."""
    if is_govcloud(identity.region) and "{region}" not in row.host:
        return False
    return identity.on_newest_hosts or not row.needs_arn


def finish(
    draft: Draft,
    endpoint: Endpoint,
    identity: Identity,
    *,
    continuation_id: str,
    invocation_id: str,
    attempt: int,
    base_url: str | None = None,
) -> Sending:
    """The request of one attempt. Only the spine of the draft's body is copied, and the whole encoded once.

    continuation_id: of the user's turn, see ``ContinuationIds``.
    invocation_id: a UUID, the same for all attempts of a request. attempt counts from 1.
    base_url: takes the host's place (a simulator on loopback); paths stay.
    """
    arn = identity.profile_arn if endpoint.needs_arn else identity.arn_for_older_hosts
    url = address(endpoint.host, identity.region, base_url) + endpoint.path
    headers = call_headers(identity, invocation_id, style=endpoint.style, attempt=attempt)
    headers |= {"Content-Type": endpoint.content_type, "X-Amz-Target": endpoint.target}
    return Sending(url, headers, jsontext.encode(_finished(draft.body, continuation_id, endpoint.origin, arn)))


def _finished(body: Mapping[str, Any], continuation_id: str, origin: str, arn: str | None) -> dict[str, Any]:
    state = body["conversationState"]
    current = {**state["currentMessage"]["userInputMessage"], "origin": origin}
    named = {"agentContinuationId": continuation_id, **state, "currentMessage": {"userInputMessage": current}}
    finished = {**body, "conversationState": named}
    return finished | {"profileArn": arn} if arn else finished


def call_headers(identity: Identity, invocation_id: str, *, style: str, attempt: int, tries: int = 3) -> dict[str, str]:
    """What every call to Kiro carries, in the manner of the official IDE or CLI."""
    headers = {
        "Authorization": f"Bearer {identity.access_token}",
        "Accept": "*/*",
        # Errors would come compressed otherwise, and a stream gains nothing.
        "Accept-Encoding": "identity",
        "x-amzn-codewhisperer-optout": "true",
        "amz-sdk-invocation-id": invocation_id,
        "amz-sdk-request": f"attempt={attempt}; max={tries}",
        **(_ide(identity.machine_id) if style == "ide" else _cli()),
    }
    if identity.kind == "external_idp":
        headers["TokenType"] = "EXTERNAL_IDP"
    elif identity.kind == "api_key":
        headers["tokentype"] = "API_KEY"
    elif identity.token_type:
        headers["TokenType"] = identity.token_type
    return headers


def _ide(machine_id: str) -> dict[str, str]:
    ide = f"{_KIRO_IDE}-{machine_id}"
    agent = f"{_SDK_JS} ua/2.1 os/linux#6.8.0 lang/js md/nodejs#22.21.1 api/codewhispererstreaming#1.0.34 m/E {ide}"
    return {"User-Agent": agent, "x-amz-user-agent": f"{_SDK_JS} {ide}", "x-amzn-kiro-agent-mode": "vibe"}


def _cli() -> dict[str, str]:
    system = "os/linux lang/rust/1.92.0"
    program = "md/appVersion-2.3.0 app/AmazonQ-For-CLI"
    sdk = f"{_SDK_RUST} ua/2.1 api/codewhispererstreaming/0.1.14474 {system}"
    return {"User-Agent": f"{sdk} {program}", "x-amz-user-agent": f"{sdk} m/F {program}"}
