from typing import Any

import pytest

from gateway.accounts.credentials import (
    Credentials,
    checked_arn,
    checked_region,
    checked_token,
    epoch,
    in_one_partition,
    region_is_configured,
    spelled_like,
)
from gateway.errors import GatewayError
from gateway.kiro.endpoints import LoginKind

MOMENT = 1780317296.0  # 2026-06-01T12:34:56Z
ARN = "arn:aws:codewhisperer:eu-central-1:123456789012:profile/ABC"
GOV = "arn:aws-us-gov:codewhisperer:us-gov-west-1:123456789012:profile/GOV"


@pytest.mark.parametrize(
    ("spelled", "expected"),
    [
        ("2026-06-01T12:34:56Z", MOMENT),
        ("2026-06-01T12:34:56.789Z", MOMENT + 0.789),
        ("2026-06-01T12:34:56.123456789Z", MOMENT + 0.123456),
        ("2026-06-01T14:34:56+02:00", MOMENT),
        ("2026-06-01T12:34:56", MOMENT),
        (MOMENT, MOMENT),
        (int(MOMENT * 1000), MOMENT),
        ("1780317296", MOMENT),
        ("1780317296000", MOMENT),
        (None, None),
        ("", None),
        ("soon", None),
        (True, None),
        (-5, None),
        ("nan", None),
        (10**400, None),
        ({}, None),
    ],
)
def test_an_expiry_is_read_in_every_spelling_seen(spelled: Any, expected: float | None) -> None:
    assert epoch(spelled) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (1.0, int(MOMENT)),
        (1780000000000, int(MOMENT) * 1000),
        ("2020-01-01T00:00:00Z", "2026-06-01T12:34:56.000Z"),
        (None, "2026-06-01T12:34:56.000Z"),
    ],
)
def test_an_expiry_is_written_as_the_file_spelled_it(old: Any, new: Any) -> None:
    assert spelled_like(old, MOMENT) == new


def test_no_secret_is_in_a_repr() -> None:
    credentials = Credentials("idc", "R-secret", "A-secret", client_id="C-id", client_secret="C-secret")
    assert "secret" not in repr(credentials)
    assert "C-id" not in repr(credentials)


@pytest.mark.parametrize("value", ["a\nb", "a b", "aor...xyz", "\u00fc", 5, "a\r\nX-Header: 1"])
def test_what_is_no_token_is_refused_without_showing_it(value: Any) -> None:
    with pytest.raises(GatewayError) as caught:
        checked_token(value, "refreshToken")
    assert str(value) not in caught.value.message


def test_a_token_loses_the_line_break_of_its_file() -> None:
    assert checked_token("aor123\n", "refreshToken") == "aor123"


@pytest.mark.parametrize(
    "value", ["us-east-1\n", "us-east-1/", "evil.example#", "us-east-9", "\uff55s-east-1", "x" * 300, 5, ["us-east-1"]]
)
def test_a_region_outside_the_table_is_refused(value: Any) -> None:
    with pytest.raises(GatewayError):
        checked_region(value, "region", "us-east-1")


@pytest.mark.parametrize(
    "value",
    ["arn:aws:iam::1:role/x", f"{ARN}\n", ARN.replace("eu-central-1", "evil.example"), ARN.replace("ABC", "a/b"), 7],
)
def test_an_arn_of_another_form_is_refused(value: Any) -> None:
    with pytest.raises(GatewayError):
        checked_arn(value)


@pytest.mark.parametrize("partition", ["aws", "aws-us-gov"])
def test_an_arn_of_govcloud_may_name_its_partition(partition: str) -> None:
    arn = f"arn:{partition}:codewhisperer:us-gov-west-1:1:profile/X"
    assert checked_arn(arn) == arn


@pytest.mark.parametrize(
    "arn",
    ["arn:aws-us-gov:codewhisperer:us-east-1:1:profile/X", "arn:aws-cn:codewhisperer:us-east-1:1:profile/X"],
)
def test_an_arn_of_another_partition_than_its_region_is_refused(arn: str) -> None:
    with pytest.raises(GatewayError):
        checked_arn(arn)


@pytest.mark.parametrize(
    ("kind", "region", "arn", "configured", "words"),
    [
        ("social", "us-gov-west-1", None, None, "no login by Google or GitHub"),
        ("social", "us-east-1", GOV, None, "no login by Google or GitHub"),
        ("social", "us-east-1", ARN, "us-gov-east-1", "no login by Google or GitHub"),
        ("builder_id", "us-gov-west-1", None, None, "no Builder ID"),
        ("idc", "us-gov-west-1", ARN, None, "only one of them is in GovCloud"),
        ("idc", "eu-west-1", GOV, None, "only one of them is in GovCloud"),
        ("idc", "us-gov-west-1", None, "us-east-1", "only one of them is in GovCloud"),
    ],
)
def test_a_login_of_two_partitions_or_of_a_kind_that_govcloud_lacks_is_refused(
    kind: LoginKind, region: str, arn: str | None, configured: str | None, words: str
) -> None:
    login = Credentials(kind, "r", profile_arn=arn, region=region, configured_api_region=configured)
    with pytest.raises(GatewayError, match=words):
        in_one_partition(login)


@pytest.mark.parametrize(
    ("kind", "region", "arn"),
    [
        ("social", "us-gov-west-1", ARN),
        ("social", "us-east-1", None),
        ("builder_id", "us-east-1", None),
        ("idc", "us-gov-east-1", GOV),
        ("idc", "us-gov-east-1", None),
        ("external_idp", "us-east-1", GOV),
        ("api_key", "us-gov-west-1", None),
    ],
)
def test_a_login_of_one_partition_is_taken(kind: LoginKind, region: str, arn: str | None) -> None:
    login = Credentials(kind, "r", profile_arn=arn, region=region)
    assert in_one_partition(login) is login


@pytest.mark.parametrize(
    ("region", "configured", "said"),
    [
        ("us-east-1", None, False),
        ("us-east-1", "us-east-1", True),
        ("eu-central-1", None, True),
        ("eu-west-1", None, False),
    ],
)
def test_a_region_other_than_the_default_is_the_users(region: str, configured: str | None, said: bool) -> None:
    login = Credentials("api_key", "", "ksk_x", region=region, configured_api_region=configured)
    assert region_is_configured(login) is said


@pytest.mark.parametrize(
    ("arn", "configured", "region", "expected"),
    [
        (ARN, None, "ap-southeast-1", "eu-central-1"),
        (None, None, "eu-central-1", "eu-central-1"),
        (None, None, "ap-southeast-1", "us-east-1"),
        (GOV, None, "us-gov-east-1", "us-gov-west-1"),
        (None, None, "us-gov-east-1", "us-gov-east-1"),
        (ARN, "us-east-1", "eu-central-1", "us-east-1"),
    ],
)
def test_the_api_region_is_the_configured_one_then_the_profiles_then_the_logins(
    arn: str | None, configured: str | None, region: str, expected: str
) -> None:
    login = Credentials("idc", "r", profile_arn=arn, region=region, configured_api_region=configured)
    assert login.api_region == expected
