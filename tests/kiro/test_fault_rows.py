"""The table itself: what holds of every row."""

from dataclasses import replace

from gateway.errors import Kind, Trouble
from gateway.kiro.fault_rows import ACCOUNT_THROTTLED, FINAL, KNOWN_REASONS, ROWS, Row


def test_the_last_row_matches_everything() -> None:
    last = ROWS[-1]
    assert (last.statuses, last.reasons, last.types, last.words, last.shapes) == ((0, 999), (), (), (), ())


def test_only_the_last_row_matches_everything() -> None:
    bare = Row(Kind.UPSTREAM, "").statuses
    assert all(row.statuses != bare or row.reasons or row.types or row.words for row in ROWS[:-1])


def test_words_and_types_are_lower_case_as_they_are_compared() -> None:
    for row in ROWS:
        assert all(text == text.lower() for text in (*row.words, *row.types)), row


def test_every_row_ends_its_words_as_a_sentence() -> None:
    assert all(row.means.endswith(".") for row in ROWS)


def test_a_row_that_means_the_account_or_the_request_is_final() -> None:
    final = {Kind.INVALID_REQUEST, Kind.QUOTA, Kind.PERMISSION, Kind.CONTEXT_FULL, Kind.NOT_FOUND, Kind.TOO_LARGE}
    assert all(replace(row.sequel, trouble=Trouble.NONE) == FINAL for row in ROWS if row.kind in final)


def test_what_is_the_requests_own_fault_says_nothing_of_the_account() -> None:
    own = {Kind.INVALID_REQUEST, Kind.CONTEXT_FULL, Kind.TOO_LARGE}
    assert {row.sequel.trouble for row in ROWS if row.kind in own} == {Trouble.NONE}


def test_every_throttling_and_every_quota_says_something_of_the_account() -> None:
    told = {Kind.RATE_LIMIT, Kind.QUOTA, Kind.AUTHENTICATION, Kind.OVERLOADED}
    of_the_model = [row for row in ROWS if row.sequel.trouble is Trouble.CAPACITY]
    assert all(row.sequel.trouble.elsewhere for row in ROWS if row.kind in told and row not in of_the_model)


def test_reason_without_a_row_is_a_limit_of_the_account_and_goes_to_no_other_endpoint() -> None:
    assert "SOME_NEW_LIMIT" not in KNOWN_REASONS
    by_status, by_type = [row for row in ROWS if row.any_reason]
    assert (by_status.statuses, by_type.types) == ((429, 429), ("throttling", "toomanyrequests"))
    assert by_status.sequel is by_type.sequel is ACCOUNT_THROTTLED
