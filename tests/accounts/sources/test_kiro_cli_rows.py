from pathlib import Path

import pytest

from gateway.accounts.sources.kiro_cli_rows import Row, credentials_of
from gateway.accounts.sources.source import Wanted
from gateway.errors import GatewayError

ARN = "arn:aws:codewhisperer:eu-central-1:1:profile/X"
WANTED = Wanted(None, None, ARN, "us-east-1", "us-east-1", Path("/h"), Path("/s"))


def test_what_the_settings_say_fills_the_gaps() -> None:
    login = credentials_of(Row("kirocli:social:token", {"refresh_token": "aor"}, {}, {}), WANTED)
    assert (login.profile_arn, login.region, login.api_region) == (ARN, "us-east-1", "us-east-1")
    assert (login.access_token, login.expires_at, login.idp) == ("", None, None)


@pytest.mark.parametrize("token", [{"region": "mars"}, {"profile_arn": "no arn"}, {"access_token": "a b"}])
def test_a_row_that_cannot_be_a_login_is_refused(token: dict[str, str]) -> None:
    with pytest.raises(GatewayError):
        credentials_of(Row("kirocli:odic:token", {"refresh_token": "aor", **token}, {}, {}), WANTED)
