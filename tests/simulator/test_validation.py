import json
from typing import Any

import pytest

from gateway.simulator import validation
from gateway.simulator.options import ACCESS_TOKEN, Options
from gateway.simulator.server import Simulator, start
from tests.simulator.client import ask, body, call, tool, with_tools

FORBIDDEN = "The bearer token included in the request is invalid."
IMPROPER = "Improperly formed request."
WRONG_MODEL = "Invalid model. Please select a different model to continue."
OTHER_ARN = "arn:aws:codewhisperer:us-east-1:999999999999:profile/OTHER"


def without_profile(origin: str) -> dict[str, Any]:
    return {name: value for name, value in body(origin=origin).items() if name != "profileArn"}


async def test_an_unknown_token_is_refused_as_the_real_one_is(simulator: Simulator) -> None:
    answer = await ask(simulator, body(origin="AI_EDITOR"), rpc=False, token="wrong")
    assert (answer.status, json.loads(answer.raw)) == (403, {"message": FORBIDDEN, "reason": None})
    assert answer.headers["x-amzn-errortype"] == "AccessDeniedException"


async def test_the_rpc_style_names_the_type_in_the_body(simulator: Simulator) -> None:
    answer = await ask(simulator, body(), token="wrong")
    assert json.loads(answer.raw)["__type"] == "com.amazon.aws.codewhisperer#AccessDeniedException"
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.0"


async def test_an_expired_token_is_refused_and_listings_need_one_too() -> None:
    running = await start(Options(expires_in=0))
    _, grant = await call(running, "POST", "/refreshToken", {"refreshToken": "any"})
    expired = await ask(running, body(), token=grant["accessToken"])
    status, _ = await call(running, "GET", "/ListAvailableModels?origin=CLI", authorization="Bearer x")
    await running.stop()
    assert (expired.status, status) == (403, 403)


@pytest.mark.parametrize("content_type", ["application/x-amz-json-1.0; charset=utf-8", "application/json"])
async def test_the_rpc_style_takes_one_content_type_without_a_charset(simulator: Simulator, content_type: str) -> None:
    assert (await ask(simulator, body(), content_type=content_type)).status == 400


@pytest.mark.parametrize(
    ("arn", "status", "message", "reason"),
    [
        (None, 400, "profileArn is required for this request.", None),
        ("", 400, IMPROPER, "REQUEST_BODY_INVALID"),
        ("arn:aws:iam::1:role/x", 400, IMPROPER, "REQUEST_BODY_INVALID"),
        (OTHER_ARN, 400, "Invalid profileArn.", None),
    ],
)
async def test_the_runtime_host_wants_a_profile_of_ones_own(
    arn: str | None, status: int, message: str, reason: str | None
) -> None:
    strict = await start(Options(newcomer=False))
    request = without_profile("KIRO_CLI") | ({} if arn is None else {"profileArn": arn})
    answer = await ask(strict, request)
    await strict.stop()
    said = json.loads(answer.raw)
    assert (answer.status, said["message"], said["reason"]) == (status, message, reason)


@pytest.mark.parametrize(("origin", "rpc"), [("AI_EDITOR", False), ("CLI", True)])
async def test_the_older_hosts_need_no_profile(simulator: Simulator, origin: str, *, rpc: bool) -> None:
    headers = {"x_amz_target": "AmazonQDeveloperStreamingService.SendMessage"} if rpc else {}
    assert (await ask(simulator, without_profile(origin), rpc=rpc, **headers)).status == 200


async def test_an_editor_is_not_served_by_the_q_service(simulator: Simulator) -> None:
    target = "AmazonQDeveloperStreamingService.SendMessage"
    answer = await ask(simulator, body(origin="AI_EDITOR"), x_amz_target=target)
    assert answer.status == 403
    assert simulator.requests()[0].refusals == ["origin"]


async def test_what_is_no_json_object_is_improper(simulator: Simulator) -> None:
    for sent in ("{", "[]", "\ufeff{}"):
        status, answer = await call(simulator, "POST", "/generateAssistantResponse", sent)
        assert (status, answer["message"]) == (400, IMPROPER)


BREACHES: list[tuple[str, dict[str, Any], str, str | None]] = [
    ("unknown-model", body(model="claude-9"), WRONG_MODEL, "INVALID_MODEL_ID"),
    ("tool-name", with_tools("hello", tool("a.b")), IMPROPER, "REQUEST_BODY_INVALID"),
    ("user-content", body(""), IMPROPER, "REQUEST_BODY_INVALID"),
    ("payload-weight", body("語" * 170_000), "Input is too long.", "CONTENT_LENGTH_EXCEEDS_THRESHOLD"),
]


@pytest.mark.parametrize(("name", "request_body", "message", "reason"), BREACHES, ids=[row[0] for row in BREACHES])
async def test_a_broken_rule_gets_its_true_body_and_is_noted_and_can_be_off(
    simulator: Simulator, name: str, request_body: dict[str, Any], message: str, reason: str | None
) -> None:
    answer = await ask(simulator, request_body)
    said = json.loads(answer.raw)
    assert (answer.status, said["message"], said["reason"]) == (400, message, reason)
    assert any(refusal.startswith(f"{name}:") for refusal in simulator.requests()[0].refusals)
    lenient = await start(Options(off=frozenset({name})))
    assert (await ask(lenient, request_body)).status == 200
    await lenient.stop()


async def test_fields_a_model_does_not_publish_are_refused_by_name(simulator: Simulator) -> None:
    answer = await ask(simulator, body() | {"additionalModelRequestFields": {"reasoning": {"effort": "high"}}})
    assert json.loads(answer.raw)["message"].startswith("Invalid additionalModelRequestFields: ")


async def test_more_tokens_than_the_window_are_too_long() -> None:
    running = await start(Options(off=frozenset({"user-length", "payload-weight"})))
    answers = [await ask(running, body("word " * 250_000, model=model)) for model in ("deepseek-3.2", "auto")]
    await running.stop()
    assert [answer.status for answer in answers] == [400, 200]
    assert json.loads(answers[0].raw)["reason"] == "CONTENT_LENGTH_EXCEEDS_THRESHOLD"


@pytest.mark.parametrize(
    ("off", "request_body", "headers"),
    [
        ("token", body(), {"authorization": "Bearer x"}),
        ("content-type", body(), {"content_type": "application/x-amz-json-1.0; charset=utf-8"}),
        ("profile", without_profile("KIRO_CLI"), {}),
        ("origin", body(origin="AI_EDITOR"), {"x_amz_target": "AmazonQDeveloperStreamingService.SendMessage"}),
    ],
)
async def test_the_simulators_own_checks_can_be_off(
    off: str, request_body: dict[str, Any], headers: dict[str, str]
) -> None:
    strict, lenient = await start(), await start(Options(off=frozenset({off})))
    statuses = [(await ask(running, request_body, **headers)).status for running in (strict, lenient)]
    await strict.stop()
    await lenient.stop()
    assert (statuses[0] >= 400, statuses[1]) == (True, 200)


async def test_a_rule_that_is_off_by_default_can_be_on() -> None:
    strict = await start(Options(on=frozenset({"server-tool"})))
    answer = await ask(strict, with_tools("hello", tool("web_search")))
    await strict.stop()
    assert answer.status == 400


async def test_an_unknown_check_is_an_error_at_the_start() -> None:
    with pytest.raises(ValueError, match="unknown checks: everything"):
        await start(Options(off=frozenset({"everything"})))
    assert set(validation.OWN_CHECKS) < validation.check_names()


async def test_tokens_can_be_given_and_taken_while_it_runs(simulator: Simulator) -> None:
    await call(simulator, "POST", "/_simulator/logins", {"access_tokens": ["mine"]})
    assert (await ask(simulator, body(), token="mine")).status == 200
    await call(simulator, "POST", "/_simulator/revoke", {"tokens": ["mine"]})
    assert (await ask(simulator, body(), token="mine")).status == 403
    await call(simulator, "POST", "/_simulator/revoke")
    assert (await ask(simulator, body(), token=ACCESS_TOKEN)).status == 403
