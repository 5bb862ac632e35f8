"""The control plane: which models and profiles a login sees, and what it has used."""

from typing import Any, Final

from aiohttp import web

from gateway.simulator import models, refusals
from gateway.simulator.accounts import Account
from gateway.simulator.calls import CONTROL_PLANE, Call
from gateway.simulator.record import Exchange
from gateway.simulator.refusals import IMPROPER, RPC_CONTENT_TYPE, json_response
from gateway.simulator.usage import limits

_LISTED: Final = ("idc", "external_idp")
_DOMAINS: Final = (".kiro.dev", ".amazonaws.com")


def answer(call: Call, account: Account, exchange: Exchange) -> web.Response:
    """What the control plane says to an account. Parameters come in the query, the body or both."""
    given = exchange.json() | exchange.query
    match call.operation:
        case "models":
            return _models(call, given)
        case "profiles":
            return _profiles(call, account, exchange.headers.get("host", ""))
        case "profile":
            return _one_profile(call, account, str(given.get("profileArn") or ""))
        case _:
            return _usage(call, account, given)


def _models(call: Call, given: dict[str, Any]) -> web.Response:
    """ListAvailableModels; ``origin`` is needed."""
    first, limit = str(given.get("nextToken") or "0"), str(given.get("maxResults") or "")
    if not given.get("origin") or not first.isdigit() or not (limit or "1").isdigit():
        return IMPROPER.response(rpc=call.rpc)
    listing = models.listing(first=int(first), limit=int(limit) if limit else None)
    return _answer(call, listing)


def _profiles(call: Call, account: Account, host: str) -> web.Response:
    """ListAvailableProfiles: those of the region in the host's name, or all where the name has none (127.0.0.1).

    Only company logins have a list. The older services name the reason to a Builder ID, the control plane to nobody.
    """
    if account.kind == "builder_id" and call.service != CONTROL_PLANE:
        return refusals.BUILDER_ID.response(rpc=call.rpc)
    if account.kind not in _LISTED:
        return refusals.NO_FEATURE_ACCESS.response(rpc=call.rpc)
    shown = [arn for arn in account.profiles if is_in(host, arn.split(":")[3])]
    return _answer(call, {"profiles": [_profile(arn) for arn in shown], "nextToken": None})


def is_in(host: str, region: str) -> bool:
    """Whether a host is of the region; one whose name has none (127.0.0.1) is of every region."""
    return not any(domain in host for domain in _DOMAINS) or f".{region}." in host


def _one_profile(call: Call, account: Account, arn: str) -> web.Response:
    """GetProfile. An API key has none; asked without one, it is taken in its own region (``check_account``)."""
    if account.kind == "api_key" and not arn:
        return _answer(call, {"profile": {"profileName": "KiroProfile", "status": "ACTIVE"}})
    if arn not in account.profiles:
        return refusals.PROFILE_WRONG.response(rpc=call.rpc)
    return _answer(call, {"profile": _profile(arn)})


def _usage(call: Call, account: Account, given: dict[str, Any]) -> web.Response:
    """GetUsageLimits; a profile that is named must be the account's, and ``origin`` is needed."""
    if not given.get("origin"):
        return IMPROPER.response(rpc=call.rpc)
    arn = given.get("profileArn")
    if account.kind == "builder_id" and call.service == CONTROL_PLANE:
        return refusals.PROFILE_WRONG.response(rpc=call.rpc)
    if arn and not account.lenient and not account.owns(str(arn)):
        return refusals.PROFILE_WRONG.response(rpc=call.rpc)
    wanted = str(given.get("isEmailRequired") or "").lower() == "true"
    return _answer(call, limits(account.usage, with_email=wanted))


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
