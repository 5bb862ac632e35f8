"""The client's mark of a chat."""

import pytest

from gateway.dialects import session

UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.mark.parametrize(
    ("headers", "mark"),
    [
        ({}, None),
        ({"x-claude-code-session-id": UUID}, UUID),
        ({"x-session-id": "ses_1"}, "ses_1"),
        ({"x-session-affinity": "ses_2"}, "ses_2"),
        ({"session_id": "s"}, "s"),
        ({"session-id": "s"}, "s"),
        ({"x-claude-code-session-id": UUID, "x-session-id": "other"}, UUID),
        ({"x-claude-code-session-id": UUID, "x-claude-code-agent-id": "a7"}, f"{UUID}/a7"),
        ({"x-claude-code-agent-id": "a7"}, None),
        ({"x-session-id": "x" * 257}, None),
        ({"x-session-id": "a\tb", "x-session-affinity": "ok"}, "ok"),
    ],
)
def test_a_session_header_marks_the_chat(headers: dict[str, str], mark: str | None) -> None:
    assert session.from_headers(headers) == mark


@pytest.mark.parametrize(
    ("user_id", "mark"),
    [
        (None, None),
        ("someone", None),
        (f'{{"device_id":"d","account_uuid":"","session_id":"{UUID}"}}', UUID),
        ('{"device_id":"d"}', None),
        ('{"session_id":5}', None),
        ("{broken", None),
        ("{" * 5000, None),
        (f"user_ab12_account__session_{UUID}", UUID),
        (f"user_ab12_account__session_{UUID}x", None),
    ],
)
def test_the_user_id_holds_the_session_in_two_forms(user_id: str | None, mark: str | None) -> None:
    assert session.from_user_id(user_id) == mark
