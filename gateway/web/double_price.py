"""Warns of requests above their model's double-price threshold: before each is sent, then by Kiro's figures."""

from typing import Final

import structlog

from gateway.kiro.double_price import double_price_above, expected, reached
from gateway.web.record import Record
from gateway.web.translate import Translation

_log: Final = structlog.get_logger("gateway.credits")

TOPIC: Final = "double_price"


def expect(record: Record, translation: Translation) -> None:
    """Warn, if need be, of a call that is about to be sent."""
    model, tokens = translation.draft.model_id, translation.input_tokens
    above = double_price_above(model)
    if above is not None and tokens > above:
        record.warnings[TOPIC] = expected(model, tokens, above)
        _log.warning("double_price_expected", model=model, estimate=tokens, threshold=above)


def confirm(record: Record) -> None:
    """Look at Kiro's figure of each call's input: the warning becomes exact, or is taken back.

    The price goes by the single call: what several calls of one answer add up to decides nothing. May be called twice;
    the event is logged once.
    """
    inputs = [(record.model_of(decoder), decoder.input_tokens) for decoder in record.decoders]
    known = [(model, tokens, double_price_above(model)) for model, tokens in inputs if tokens is not None]
    above = [(tokens, model, limit) for model, tokens, limit in known if limit is not None and tokens > limit]
    if above:
        tokens, model, limit = max(above)
        if not record.double_price:
            was_expected = TOPIC in record.warnings
            _log.warning(
                "double_price_reached", model=model, input_tokens=tokens, threshold=limit, expected=was_expected
            )
        record.double_price = True
        record.warnings[TOPIC] = reached(model, tokens, limit)
    elif known:
        record.warnings.pop(TOPIC, None)
