"""What the control plane is asked, as values: the hosts to try in their order, for ``upstream/control.py`` to send."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from gateway import jsontext
from gateway.kiro.endpoints import Q_HOST, Identity, address, call_headers
from gateway.kiro.regions import BUILDER_ID_REGION

_MANAGEMENT: Final = "https://management.{region}.kiro.dev"
_RPC: Final = "application/x-amz-json-1.0"


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """One HTTP request with a JSON answer; ``body`` is None for a GET."""

    method: str
    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes | None = None


def list_models(
    identity: Identity, *, invocation_id: str, base_url: str | None = None, next_token: str | None = None
) -> tuple[ControlRequest, ...]:
    """ListAvailableModels: the management host (which wants an ARN, but of API keys) and the older one.

    The answer is ``{models, defaultModel, nextToken}``. A page's ``nextToken`` is valid on the host that gave it.
    """
    page = {"nextToken": next_token} if next_token else {}
    requests: list[ControlRequest] = []
    if identity.on_newest_hosts:
        asked = {"origin": "KIRO_CLI", **_named(identity), **page}
        target = "KiroControlPlaneBearerService.ListAvailableModels"
        host = address(_MANAGEMENT, identity.region, base_url)
        requests.append(_rpc(host, target, asked, identity, invocation_id))
    arn = identity.arn_for_older_hosts
    query = urlencode({"origin": "AI_EDITOR", **({"profileArn": arn} if arn else {}), **page})
    headers = call_headers(identity, invocation_id, style="ide", attempt=1, tries=1)
    url = f"{address(Q_HOST, identity.region, base_url)}/ListAvailableModels?{query}"
    return (*requests, ControlRequest("GET", url, headers))


def list_profiles(
    identity: Identity, region: str, *, invocation_id: str, base_url: str | None = None, next_token: str | None = None
) -> tuple[ControlRequest, ...]:
    """ListAvailableProfiles of one region: management, then the older host. ``{profiles: [{arn, …}], nextToken}``.

    Every region must be asked: a refusal in one says nothing of another. Only company logins are not always refused
    (403).
    """
    asked = {"maxResults": 10, **({"nextToken": next_token} if next_token else {})}
    rows = (
        (_MANAGEMENT, "KiroControlPlaneBearerService.ListAvailableProfiles"),
        (Q_HOST, "AmazonCodeWhispererService.ListAvailableProfiles"),
    )
    return tuple(_rpc(address(host, region, base_url), target, asked, identity, invocation_id) for host, target in rows)


def usage_limits(identity: Identity, *, invocation_id: str, base_url: str | None = None) -> tuple[ControlRequest, ...]:
    """GetUsageLimits: management, the older host, and that one without the ARN, which it refuses from some logins.

    A Builder ID is served by the older host alone: management answers 400 to the ARN that its requests carry.
    ``usage_limits.read`` makes values of the answer. A suspended account may still get one.
    """
    asked = {"resourceType": "AGENTIC_REQUEST", "isEmailRequired": "true"}
    requests: list[ControlRequest] = []
    builder_id = identity.kind == "builder_id"
    if identity.on_newest_hosts and not builder_id:
        body = {"origin": "KIRO_CLI", **asked, "isEmailRequired": True, **_named(identity)}
        host = address(_MANAGEMENT, identity.region, base_url)
        requests.append(_rpc(host, "KiroControlPlaneBearerService.GetUsageLimits", body, identity, invocation_id))
    host = address(Q_HOST, BUILDER_ID_REGION if builder_id else identity.region, base_url)
    for arn in dict.fromkeys((identity.arn_for_older_hosts, None)):
        query = urlencode({"origin": "AI_EDITOR", **asked, **({"profileArn": arn} if arn else {})})
        headers = call_headers(identity, invocation_id, style="ide", attempt=1, tries=1)
        requests.append(ControlRequest("GET", f"{host}/getUsageLimits?{query}", headers))
    return tuple(requests)


def key_profile(identity: Identity, region: str, *, invocation_id: str, base_url: str | None = None) -> ControlRequest:
    """GetProfile of one region for an API key, which has no profile to name: 200 in the region the key is of.

    The official command line asks so (upstream facts, 6.4); a 403 everywhere says nothing of what else the key may do.
    """
    host = address(_MANAGEMENT, region, base_url)
    return _rpc(host, "KiroControlPlaneBearerService.GetProfile", {}, identity, invocation_id)


def _named(identity: Identity) -> dict[str, str]:
    return {"profileArn": identity.profile_arn} if identity.profile_arn else {}


def _rpc(host: str, target: str, asked: Mapping[str, object], identity: Identity, invocation_id: str) -> ControlRequest:
    headers = call_headers(identity, invocation_id, style="cli", attempt=1, tries=1)
    headers |= {"Content-Type": _RPC, "X-Amz-Target": target}
    return ControlRequest("POST", f"{host}/", headers, jsontext.encode(asked))
