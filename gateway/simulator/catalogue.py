"""The control plane: which models and profiles a login sees."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from gateway import jsontext
from gateway.simulator import models
from gateway.simulator.calls import Call
from gateway.simulator.logins import Logins
from gateway.simulator.refusals import IMPROPER, RPC_CONTENT_TYPE, json_response


def list_models(call: Call, query: Mapping[str, str], body: bytes) -> web.Response:
    """ListAvailableModels; its parameters come in the query, the body or both, and ``origin`` is needed."""
    given = _object(body) | dict(query)
    first, limit = str(given.get("nextToken") or "0"), str(given.get("maxResults") or "")
    if not given.get("origin") or not first.isdigit() or not (limit or "1").isdigit():
        return IMPROPER.response(rpc=call.rpc)
    listing = models.listing(first=int(first), limit=int(limit) if limit else None)
    return _answer(call, listing)


def list_profiles(call: Call, logins: Logins) -> web.Response:
    """ListAvailableProfiles."""
    profiles = [_profile(arn) for arn in logins.profiles()]
    return _answer(call, {"profiles": profiles, "nextToken": None})


def _answer(call: Call, body: Any) -> web.Response:
    return json_response(200, body, content_type=RPC_CONTENT_TYPE if call.rpc else "application/json")


def _profile(arn: str) -> dict[str, Any]:
    region = arn.split(":")[3]
    sso = {
        "instanceArn": "arn:aws:sso:::instance/ssoins-0000000000000000",
        "oidcClientId": "simulator",
        "ssoRegion": region,
    }
    return {
        "arn": arn,
        "profileName": f"KiroProfile-{region}",
        "profileType": "Q_DEVELOPER",
        "status": "ACTIVE",
        "identityDetails": {"ssoIdentityDetails": sso},
        "activeFunctionalities": ["COMPLETIONS", "ANALYSIS", "CONVERSATIONS"],
        "optInFeatures": {"mcpConfiguration": {"toggle": "ON"}},
    }


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = jsontext.decode(body) if body else {}
    except jsontext.JsonError:
        return {}
    return value if isinstance(value, dict) else {}
