"""The closed table of regions and its two partitions."""

import pytest

from gateway.kiro.regions import API_REGIONS, is_govcloud, same_partition
from gateway.settings import network

EU = "eu-central-1"


def test_the_table_is_closed_and_the_settings_have_the_same() -> None:
    assert API_REGIONS == ("us-east-1", EU, "us-gov-west-1", "us-gov-east-1")
    assert network.API_REGIONS == API_REGIONS


@pytest.mark.parametrize(
    ("region", "usable"),
    [
        ("us-east-1", ("us-east-1", EU)),
        (EU, (EU, "us-east-1")),
        ("ap-southeast-1", ("us-east-1", EU)),
        ("us-gov-east-1", ("us-gov-east-1", "us-gov-west-1")),
        ("us-gov-west-1", ("us-gov-west-1", "us-gov-east-1")),
    ],
)
def test_a_login_uses_the_hosts_of_its_partition_its_own_region_first(region: str, usable: tuple[str, ...]) -> None:
    assert same_partition(region) == usable


@pytest.mark.parametrize("region", [*API_REGIONS, "us-west-2", "us-gov-west-1.evil.example"])
def test_no_region_leads_out_of_the_table(region: str) -> None:
    assert set(same_partition(region)) <= set(API_REGIONS)
    assert {is_govcloud(one) for one in same_partition(region)} == {is_govcloud(region)}
