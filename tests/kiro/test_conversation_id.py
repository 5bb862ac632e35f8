"""The id of a chat stays over its turns."""

import uuid

import pytest

from gateway.conversation import Conversation, Image, Message, Text, ToolResult
from gateway.kiro.conversation_id import chat_id, chat_ids, uuid_of

ACCOUNT = "11111111-2222-4333-8444-555555555551"
SESSION = "AAAAAAAA-2222-4333-8444-555555555552"


def chat(*texts: str, system: str = "Be kind.", **marks: str) -> Conversation:
    roles = ("user", "assistant") * len(texts)
    messages = tuple(Message(role, (Text(text),)) for role, text in zip(roles, texts, strict=False))
    return Conversation("m", messages, system=system, **marks)


def conversation_id(conversation: Conversation) -> str:
    return chat_ids(conversation).conversation


@pytest.mark.parametrize("session", [SESSION, f"user_1_account_{ACCOUNT}_session_{SESSION}"])
def test_a_uuid_in_the_session_is_used(session: str) -> None:
    assert conversation_id(chat("hi", session=session)) == SESSION.lower()


def test_a_session_without_a_uuid_gives_one_of_its_own() -> None:
    first, second = (conversation_id(chat(text, session="tab 7")) for text in ("hi", "there"))
    assert first == second != conversation_id(chat("hi", session="tab 8"))


@pytest.mark.parametrize("mark", [f"{SESSION}/agent-7", f"{SESSION}/{ACCOUNT}"])
def test_a_subagent_is_a_chat_of_its_own(mark: str) -> None:
    assert conversation_id(chat("hi", session=mark)) != conversation_id(chat("hi", session=SESSION))
    assert conversation_id(chat("hi", session=mark)) != conversation_id(chat("hi", session=f"{SESSION}/agent-8"))


def test_the_session_comes_before_the_cache_key_and_that_before_the_opening() -> None:
    session, key = conversation_id(chat("hi", session="s")), conversation_id(chat("hi", cache_key="s"))
    assert conversation_id(chat("hi", session="s", cache_key="k")) == session
    assert conversation_id(chat("ho", cache_key="s")) == key
    assert len({session, key, conversation_id(chat("hi"))}) == 3


def test_a_cache_key_that_is_a_uuid_is_the_id() -> None:
    assert conversation_id(chat("hi", cache_key=SESSION)) == SESSION.lower()


def test_two_chats_with_one_cache_key_are_two_chats() -> None:
    first, second = (chat_ids(chat(text, cache_key="app")) for text in ("hi", "there"))
    assert first.conversation == second.conversation
    assert first.chat != second.chat and first.turn.key != second.turn.key
    assert first.chat == chat_ids(chat("hi")).chat


@pytest.mark.parametrize("marks", [{}, {"session": "s"}, {"session": SESSION}, {"cache_key": "k"}])
def test_the_id_of_the_chat_alone_is_the_same_either_way(marks: dict[str, str]) -> None:
    assert chat_id(chat("hi", **marks)) == chat_ids(chat("hi", **marks)).chat


def test_the_system_prompt_that_a_chat_began_with_counts() -> None:
    later = chat("hi", "hello", "more", system="Be brief.", opening_system="Be kind.")
    assert chat_ids(later).chat == chat_ids(chat("hi")).chat


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
