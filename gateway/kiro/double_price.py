"""Models of which Kiro bills a whole request double above a size of its input."""

from typing import Final

from msgspec import Struct


class DoublePrice(Struct, frozen=True):
    """family: what the ids of its models begin with. above: input tokens, cached ones included."""

    family: str
    above: int


DOUBLE_PRICES: Final = (DoublePrice("gpt-5.6-", 272_000),)
"""As of October 2026, reported by two observers of the live service. They hold whatever window the account's list of
models names: accounts were raised from 272,000 to 872,000 tokens one by one, and some lists kept the old window."""


def double_price_above(model_id: str) -> int | None:
    """The input tokens above which a model's requests cost double; None for a model with one price."""
    return next((row.above for row in DOUBLE_PRICES if model_id.lower().startswith(row.family)), None)


def expected(model_id: str, tokens: int, above: int) -> str:
    """The warning before a request is sent; ``tokens`` is counted or estimated here."""
    return f"The input is about {round(tokens, -3)} tokens, and {_rule(model_id, above)}"


def reached(model_id: str, tokens: int, above: int) -> str:
    """The warning by Kiro's figure of the input."""
    return f"The input was {tokens} tokens, and {_rule(model_id, above)}"


def _rule(model_id: str, above: int) -> str:
    return f"above {above} Kiro bills the whole request of {model_id} double"
