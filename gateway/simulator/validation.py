"""What a request must pass before it is answered: token, profile, then the body. Each check can be off by name.

The payload rules are the gateway's one table of them (``gateway.kiro.rules``), told which models are served here; the
checks of this file need to know what only a service knows: tokens and profiles.
"""

from collections.abc import Mapping
from typing import Any, Final

from gateway import jsontext
from gateway.kiro import rules
from gateway.simulator import models, refusals
from gateway.simulator.accounts import Account
from gateway.simulator.calls import CODEWHISPERER_STREAMING, Q_STREAMING, Call, content_type_fits
from gateway.simulator.catalogue import is_in
from gateway.simulator.logins import DEFAULT, well_formed
from gateway.simulator.models import ServedModel
from gateway.simulator.record import Exchange
from gateway.simulator.refusals import Refusal
from gateway.simulator.state import State

OWN_CHECKS: Final = ("token", "region", "tokentype", "content-type", "profile", "origin", "resend")


def check_names() -> frozenset[str]:
    """Every name that ``off`` may hold; ``on`` takes the payload rules among them."""
    return frozenset(OWN_CHECKS) | {rule.name for rule in rules.RULES}


def check_account(state: State, call: Call, exchange: Exchange) -> Account | Refusal:
    """Whose request it is, noted on the exchange: a valid token, its kind's header, in RPC style the content type."""
    off = state.options.off
    account = state.logins.account_of(exchange.headers.get("authorization", ""))
    if account is None and "token" in off:
        account = state.logins.accounts[DEFAULT]
    if account is None:
        exchange.refusals.append("token")
        return refusals.TOKEN
    exchange.account = account.name
    account.counts[call.operation] += 1
    if "region" not in off and account.region and not is_in(exchange.headers.get("host", ""), account.region):
        exchange.refusals.append("region")
        return refusals.NOT_AUTHORIZED
    if "tokentype" not in off and account.refuses_headers(exchange.headers.get("tokentype", "")):
        exchange.refusals.append("tokentype")
        return refusals.NOT_AUTHORIZED
    if "content-type" not in off and not content_type_fits(call, exchange.headers.get("content-type", "")):
        exchange.refusals.append("content-type")
        return refusals.BODY_INVALID
    return account


def check_control(state: State, call: Call, exchange: Exchange) -> Account | Refusal:
    """Listing needs a valid token of an account that is not suspended."""
    account = check_account(state, call, exchange)
    if isinstance(account, Refusal):
        return account
    return account.misbehaves(call.operation) or account


def check_generate(state: State, call: Call, exchange: Exchange) -> Refusal | None:
    """The first thing wrong with a generation request, noted on the exchange; None when it may be answered."""
    account = check_account(state, call, exchange)
    if isinstance(account, Refusal):
        return account
    try:
        body = jsontext.decode(exchange.body)
    except jsontext.JsonError:
        body = None
    if not isinstance(body, dict):
        exchange.refusals.append("json")
        return refusals.IMPROPER
    login = _login(state, call, body, account)
    if login is not None:
        exchange.refusals.append(login[0])
        return login[1]
    if (refusal := account.misbehaves(call.operation)) is not None:
        return refusal
    limit = state.logins.limit(account, body.get("profileArn"), _model_id(body) or "")
    return limit or _resent(state, body, exchange) or _payload(state, body, exchange)


def _login(state: State, call: Call, body: Mapping[str, Any], account: Account) -> tuple[str, Refusal] | None:
    """The origin must fit the service called, the profile the login; the runtime host needs one, API keys have none."""
    off = state.options.off
    origin = _message(body).get("origin")
    if "origin" not in off and call.service == Q_STREAMING and origin == "AI_EDITOR":
        return "origin", refusals.NOT_AUTHORIZED
    if "profile" in off:
        return None
    runtime = call.service == CODEWHISPERER_STREAMING and origin == "KIRO_CLI"
    arn = body.get("profileArn")
    if arn is None:
        needed = runtime and (account.kind != "api_key" or account.needs_profile)
        return ("profile", refusals.PROFILE_NEEDED) if needed else None
    if account.kind == "api_key":
        return "profile", refusals.BODY_INVALID
    if not isinstance(arn, str) or not well_formed(arn):
        return "profile", refusals.BODY_INVALID
    return None if state.logins.owns(account, arn) else ("profile", account.refuses_profile(arn))


def _resent(state: State, body: Mapping[str, Any], exchange: Exchange) -> Refusal | None:
    """A request that comes again needs another ``agentContinuationId``."""
    if "resend" in state.options.off or not state.resends.repeats(body):
        return None
    exchange.refusals.append("resend")
    return refusals.IMPROPER


def _payload(state: State, body: Mapping[str, Any], exchange: Exchange) -> Refusal | None:
    """The rules of the payload; the first one broken gives the answer, all of them are noted."""
    broken = rules.check(
        body,
        off=state.options.off,
        on=state.options.on,
        known_models=state.schemas,
        max_input_tokens=model_of(body).window,
    )
    exchange.refusals.extend(f"{violation.name}: {violation.path}: {violation.message}" for violation in broken)
    return Refusal(400, broken[0].answer.message, broken[0].answer.reason) if broken else None


def model_of(body: Mapping[str, Any]) -> ServedModel:
    """The model a body asks for; the default one for an unknown id, which is answered only with that check off."""
    return models.find(_model_id(body)) or models.MODELS[0]


def _model_id(body: Mapping[str, Any]) -> str | None:
    model_id = _message(body).get("modelId")
    return None if model_id is None else str(model_id)


def _message(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The current user message of a body that may have any shape."""
    value: Any = body
    for name in ("conversationState", "currentMessage", "userInputMessage"):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}
