"""A company's identity provider over the socket."""

import pytest

from gateway.simulator.server import Simulator
from tests.simulator.client import ask, body, call

FORM = "application/x-www-form-urlencoded"


async def test_a_form_refreshes_and_rotates_and_the_token_needs_its_header(simulator: Simulator) -> None:
    form = "grant_type=refresh_token&client_id=abc&refresh_token=0.A&scope=a%3A%2F%2Fb+offline_access"
    status, answer = await call(simulator, "POST", "/idp/token", form, content_type=FORM)
    assert (status, answer["expires_in"], answer["scope"]) == (200, "3600", "a://b offline_access")
    assert answer["refresh_token"] != "0.A"
    assert (await ask(simulator, body(), token=answer["access_token"])).status == 403
    assert (await ask(simulator, body(), token=answer["access_token"], tokentype="EXTERNAL_IDP")).status == 200
    assert (await call(simulator, "POST", "/idp/token", form, content_type=FORM))[1]["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("form", "content_type", "status", "error"),
    [
        ("grant_type=refresh_token&client_id=a&refresh_token=r", "application/json", 400, "invalid_request"),
        ("grant_type=password&client_id=a", FORM, 400, "unsupported_grant_type"),
        ("grant_type=refresh_token&refresh_token=r", FORM, 401, "invalid_client"),
        ("grant_type=refresh_token&client_id=a", FORM, 400, "invalid_grant"),
    ],
)
async def test_other_spellings_are_refused(
    simulator: Simulator, form: str, content_type: str, status: int, error: str
) -> None:
    answered, answer = await call(simulator, "POST", "/idp/token", form, content_type=content_type)
    assert (answered, answer["error"]) == (status, error)
