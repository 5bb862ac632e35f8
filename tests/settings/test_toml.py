"""Values as TOML reads them back."""

import tomllib

import pytest

from gateway.settings.secret import Secret
from gateway.settings.toml import toml


@pytest.mark.parametrize(
    "value", ["plain", 'with "quotes" \\ and \t', "ünï😀", True, 7, 1.5, ["a", "b"], {"a b": "c"}, {}]
)
def test_a_value_reads_back_as_it_was(value: object) -> None:
    assert tomllib.loads(f"x = {toml(value)}") == {"x": value}


def test_a_secret_is_written_out() -> None:
    assert toml((Secret("a"), Secret("b"))) == '["a", "b"]'
