from gateway.simulator.record import Exchange, Record


def make(kept: int = 3, max_bytes: int = 1000) -> Record:
    return Record(kept, lambda: 5.0, max_bytes=max_bytes)


def receive(kept: Record, body: bytes = b"{}", operation: str = "generate") -> Exchange:
    return kept.begin(operation=operation, method="POST", path="/", query={}, headers={}, body=body)


def test_only_the_last_are_remembered_and_all_are_counted() -> None:
    kept = make()
    for _ in range(5):
        receive(kept)
    assert [exchange.number for exchange in kept.all()] == [3, 4, 5]
    assert kept.counts["generate"] == 5


def test_big_bodies_push_the_older_ones_out() -> None:
    kept = make(100, max_bytes=10)
    for _ in range(4):
        receive(kept, b"12345")
    assert len(kept.all()) == 2


def test_only_the_first_ending_counts() -> None:
    kept = make()
    exchange = receive(kept)
    kept.end(exchange, "completed")
    kept.end(exchange, "client_fin")
    assert (exchange.ending, exchange.ended, kept.counts["client_fin"]) == ("completed", 0.0, 0)


def test_a_body_that_is_no_json_is_shown_as_text() -> None:
    assert receive(make(), b"a=\xff").shown()["body"] == "a=\ufffd"


def test_clearing_forgets_and_the_numbers_go_on() -> None:
    kept = make()
    receive(kept)
    kept.clear()
    assert (kept.all(), receive(kept).number) == ([], 2)


def test_peak_is_the_most_that_were_open_at_once() -> None:
    kept = make()
    first, _ = receive(kept), receive(kept)
    kept.end(first, "completed")
    receive(kept)
    receive(kept, operation="models")
    assert kept.peak == {"generate": 2, "models": 1}


def test_peak_counts_from_what_is_open_when_the_record_is_cleared() -> None:
    kept = make()
    first = receive(kept)
    receive(kept)
    kept.end(first, "cut")
    kept.clear()
    assert kept.peak["generate"] == 1
