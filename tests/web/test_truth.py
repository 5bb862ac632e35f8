"""What the headers of an answer tell, and that no client's text can break them."""

import pytest

from gateway.upstream.attempts import Trace
from gateway.web.record import Record
from gateway.web.truth import LONGEST, truth


def record(**facts: str) -> Record:
    trace = Trace(attempts=2, endpoint="amazonq", account="social-1a2b3c", upstream_request_id="k-1")
    return Record("req_1", upstream_model=facts.get("model", "auto"), calls=[trace], told=dict(facts.get("told", {})))


def test_the_headers_say_who_answered_and_what_it_took() -> None:
    assert truth(record()) == {
        "x-kiro-gateway-model": "auto",
        "x-kiro-gateway-endpoint": "amazonq",
        "x-kiro-gateway-account": "social-1a2b3c",
        "x-kiro-gateway-upstream-request-id": "k-1",
        "x-kiro-gateway-attempts": "2",
    }


def test_before_anything_was_sent_only_what_the_request_told() -> None:
    assert truth(Record("req_1")) == {}
    assert truth(Record("req_1", told={"x-kiro-gateway-ignored": "seed"})) == {"x-kiro-gateway-ignored": "seed"}


def test_an_account_named_by_an_address_is_masked() -> None:
    asked = record()
    asked.trace.account = "maria@example.com"
    assert truth(asked)["x-kiro-gateway-account"] == "m***@example.com"


@pytest.mark.parametrize("model", ["a\r\nset-cookie: x=1", "模型", "m" * 10_000, "\x00"])
def test_a_clients_name_for_a_model_stays_one_short_line(model: str) -> None:
    value = truth(record(model=model))["x-kiro-gateway-model"]
    assert value.isascii() and value.isprintable() and len(value) <= LONGEST
