from typing import Any

import pytest

from gateway.kiro.profiles import SHARED, listed, region_of

ARN = "arn:aws:codewhisperer:eu-central-1:1:profile/X"


@pytest.mark.parametrize(("arn", "region"), [(ARN, "eu-central-1"), ("arn:aws:iam::1:role/x", None), ("", None)])
def test_the_region_stands_in_the_arn(arn: str, region: str | None) -> None:
    assert region_of(arn) == region


def test_only_social_and_builder_id_logins_share_a_profile() -> None:
    assert {kind: region_of(arn) for kind, arn in SHARED.items()} == {"builder_id": "us-east-1", "social": "us-east-1"}


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"profiles": [{"arn": ARN, "status": "ACTIVE"}, {"arn": ARN + "2"}]}, [ARN, ARN + "2"]),
        ({"profiles": [{"arn": ARN, "status": "DELETING"}, {"arn": "no arn"}, {"arn": 1}, None]}, []),
        ({"profiles": None}, []),
        ({}, []),
    ],
)
def test_usable_profiles_are_read_in_their_order(answer: dict[str, Any], found: list[str]) -> None:
    assert listed(answer) == found
