"""Builder ID and Identity Center: what is asked, and what becomes of the answers."""

import pytest

from gateway.accounts.login.device import DeviceLogin, LoginEnded, NewLogin
from gateway.accounts.login.oidc import OidcWay
from tests.accounts.login.scripted import BEGUN, REGISTERED, TOKENS, Service, Time, answer, service

COMPANY = OidcWay("https://d-0000000000.awsapps.com/start", "eu-west-1")


async def logged_in(way: OidcWay, asked: Service) -> NewLogin:
    machine = DeviceLogin(way, asked, sleep=Time().sleep)
    return await machine.finish(await machine.begin(), [].append)


def willing() -> Service:
    return service(answer(200, REGISTERED), answer(200, BEGUN), answer(200, TOKENS))


async def test_a_builder_id_registers_asks_and_polls_in_camel_case() -> None:
    asked = willing()
    await logged_in(OidcWay(), asked)
    assert asked.paths() == ["/client/register", "/device_authorization", "/token"]
    assert asked.body(0)["clientType"] == "public"
    assert asked.body(0)["scopes"][0] == "codewhisperer:completions"
    client = {"clientId": "client-id", "clientSecret": "client-secret"}
    assert asked.body(1) == {**client, "startUrl": "https://view.awsapps.com/start"}
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    assert asked.body(2) == {**client, "grantType": grant, "deviceCode": "device-code"}


async def test_identity_center_is_asked_in_its_own_region() -> None:
    asked = willing()
    new = await logged_in(COMPANY, asked)
    assert {call.url.rpartition("/")[0] for call in asked.calls[1:]} == {"https://oidc.eu-west-1.amazonaws.com"}
    assert (new.credentials.kind, new.credentials.region, new.name) == ("idc", "eu-west-1", "d-0000000000")


async def test_the_login_keeps_the_client_it_was_given_to() -> None:
    new = await logged_in(OidcWay(), willing())
    assert (new.credentials.kind, new.name) == ("builder_id", "builder-id")
    assert (new.credentials.client_id, new.credentials.client_secret) == ("client-id", "client-secret")
    assert new.client_expires_at == 1780099200


async def test_the_code_shown_comes_with_a_link_that_has_it_in_it() -> None:
    code = await OidcWay().begin(willing())
    assert (code.user_code, code.interval, code.expires_in) == ("ABCD-EFGH", 1, 600)
    assert code.url.endswith("user_code=ABCD-EFGH")
    assert "device-code" not in repr(code)


async def test_without_a_link_that_has_the_code_the_page_is_shown() -> None:
    begun = {name: value for name, value in BEGUN.items() if name not in ("verificationUriComplete", "interval")}
    code = await OidcWay().begin(service(answer(200, REGISTERED), answer(200, begun)))
    assert code.url == code.page
    assert code.interval == 5


@pytest.mark.parametrize(
    "answers",
    [
        [answer(400, {"error": "invalid_request"})],
        [answer(200, {"clientId": "x"})],
        [answer(200, REGISTERED), answer(400, {"error": "invalid_request"})],
        [answer(200, REGISTERED), answer(200, {**BEGUN, "deviceCode": ""})],
        [answer(200, REGISTERED), answer(200, [])],
    ],
)
async def test_a_login_that_cannot_begin_says_so(answers: list[object]) -> None:
    with pytest.raises(LoginEnded):
        await OidcWay().begin(service(answers))  # type: ignore[arg-type]  # answers only
