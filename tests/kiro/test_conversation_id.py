"""The id of a chat stays over its turns."""

import uuid

import pytest

from gateway.conversation import Conversation, Image, Message, Text, ToolResult
from gateway.kiro.conversation_id import conversation_id, uuid_of

ACCOUNT = "11111111-2222-4333-8444-555555555551"
SESSION = "AAAAAAAA-2222-4333-8444-555555555552"


def chat(*texts: str, system: str = "Be kind.", session: str | None = None) -> Conversation:
    roles = ("user", "assistant") * len(texts)
    messages = tuple(Message(role, (Text(text),)) for role, text in zip(roles, texts, strict=False))
    return Conversation("m", messages, system=system, session=session)


@pytest.mark.parametrize("session", [SESSION, f"user_1_account_{ACCOUNT}_session_{SESSION}"])
def test_a_uuid_in_the_session_is_used(session: str) -> None:
    assert conversation_id(chat("hi", session=session)) == SESSION.lower()


def test_a_session_without_a_uuid_gives_one_of_its_own() -> None:
    first, second = (conversation_id(chat(text, session="tab 7")) for text in ("hi", "there"))
    assert first == second != conversation_id(chat("hi", session="tab 8"))


def test_later_turns_keep_the_id() -> None:
    assert conversation_id(chat("hi")) == conversation_id(chat("hi", "hello", "more"))


@pytest.mark.parametrize("other", [chat("ho"), chat("hi", system="Be brief.")])
def test_another_opening_gives_another_id(other: Conversation) -> None:
    assert conversation_id(other) != conversation_id(chat("hi"))


def test_pictures_and_results_count_as_an_opening() -> None:
    blocks = (Image("png", "AAAA"), ToolResult("t", ()))
    ids = {conversation_id(Conversation("m", (Message("user", (block,)),))) for block in blocks}
    assert len(ids | {conversation_id(Conversation("m", ()))}) == 3


def test_a_made_id_is_a_well_formed_uuid() -> None:
    made = uuid.UUID(uuid_of(b"a", b"b"))
    assert made.variant == uuid.RFC_4122
    assert made.version == 8


def test_parts_are_not_run_together() -> None:
    assert uuid_of(b"ab", b"c") != uuid_of(b"a", b"bc")
