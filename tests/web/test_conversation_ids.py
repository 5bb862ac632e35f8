"""conversationId as Kiro sees it: the client's session, its prompt_cache_key, or what opens the chat."""

from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from gateway.simulator.server import Simulator
from tests.faults.kiro import END, call
from tests.live import Live, gateway
from tests.web.chats import APIS, TEXT, Chat, sent_ids, turns

EVERY_API = pytest.mark.parametrize("api", APIS)
OPENAI = pytest.mark.parametrize("api", ["chat", "responses", "stored responses"])
STEPS = 5
PROJECT = "The project has many files. " * 200
SESSION = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.fixture
async def live(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Live]:
    async with gateway(simulator, tmp_path) as made:
        yield made


async def conversation_of(live: Live, api: str, text: str = "Hello.", **chat: Any) -> str:
    """The id of a chat of one message."""
    live.simulator.push(TEXT)
    await Chat(live, api, **chat).say(text)
    return sent_ids(live.simulator)[-1].conversation


@EVERY_API
async def test_a_session_header_is_the_id_whatever_the_chat_says(live: Live, api: str) -> None:
    headers = {"x-session-id": SESSION}
    for text in ("Hello.", "Bye."):
        key = {"prompt_cache_key": "k"} if api != "messages" else {}
        assert await conversation_of(live, api, text, headers=headers, members=key) == SESSION


@OPENAI
async def test_a_prompt_cache_key_is_the_id_whatever_the_chat_says(live: Live, api: str) -> None:
    first = await conversation_of(live, api, "Hello.", members={"prompt_cache_key": "app"})
    assert await conversation_of(live, api, "Bye.", members={"prompt_cache_key": "app"}) == first
    assert await conversation_of(live, api, "Hello.", members={"prompt_cache_key": "other"}) != first
    assert await conversation_of(live, api, "Hello.") != first


@OPENAI
async def test_an_empty_long_or_unprintable_prompt_cache_key_is_ignored(live: Live, api: str) -> None:
    plain = await conversation_of(live, api)
    for key in ("", "k" * 257, "a\nb"):
        assert await conversation_of(live, api, members={"prompt_cache_key": key}) == plain


@pytest.mark.parametrize("key", [5, {"a": 1}, None])
async def test_a_prompt_cache_key_on_chat_that_is_no_text_is_ignored(live: Live, key: object) -> None:
    plain = await conversation_of(live, "chat")
    assert await conversation_of(live, "chat", members={"prompt_cache_key": key}) == plain


@pytest.mark.parametrize("user_id", [f'{{"session_id": "{SESSION}"}}', f"user_ab_account__session_{SESSION}"])
async def test_the_session_in_the_metadata_is_the_id(live: Live, user_id: str) -> None:
    assert await conversation_of(live, "messages", members={"metadata": {"user_id": user_id}}) == SESSION


@pytest.mark.parametrize("agent", ["a7", "agent-0f8fad5b", "11111111-2222-4333-8444-555555555551"])
async def test_a_subagent_of_claude_code_has_a_conversation_of_its_own(live: Live, agent: str) -> None:
    session = {"x-claude-code-session-id": SESSION}
    parent = await conversation_of(live, "messages", headers=session)
    child = await conversation_of(live, "messages", headers={**session, "x-claude-code-agent-id": agent})
    again = await conversation_of(live, "messages", "More.", headers={**session, "x-claude-code-agent-id": agent})
    assert parent == SESSION and child == again != parent


async def test_a_thread_of_codex_keeps_its_id_when_it_is_compacted(live: Live) -> None:
    headers = {"session-id": SESSION, "thread-id": "11111111-2222-4333-8444-555555555551"}
    first = await conversation_of(live, "responses", "Fix it.", headers=headers)
    assert await conversation_of(live, "responses", "Summary of what was done.", headers=headers) == first
    assert first == headers["thread-id"]


@pytest.mark.parametrize("members", [{}, {"prompt_cache_key": "k"}])
async def test_a_chain_of_responses_keeps_its_id_though_instructions_change(
    live: Live, simulator: Simulator, members: dict[str, Any]
) -> None:
    simulator.push(*turns(1, 0, 0))
    chat = Chat(live, "stored responses", {"instructions": "Be kind.", **members})
    await chat.say("Read it.")
    chat.members = {"instructions": "Be brief."}
    await chat.say("Thanks.")
    chat.members = {}
    await chat.say("Bye.")
    ids = [ids.conversation for ids in sent_ids(simulator)]
    assert len(ids) == 4 and len(set(ids)) == 1


async def test_a_chain_of_responses_keeps_the_session_of_its_first_request(live: Live, simulator: Simulator) -> None:
    simulator.push(*turns(0, 0))
    chat = Chat(live, "stored responses", headers={"x-session-id": SESSION})
    await chat.say("Hello.")
    chat.headers = {}
    await chat.say("Bye.")
    assert [ids.conversation for ids in sent_ids(simulator)] == [SESSION, SESSION]


async def test_chats_with_one_cache_key_are_not_taken_for_one(simulator: Simulator, tmp_path: Path) -> None:
    """The reminder of a call that was cut stays in its chat, though Kiro sees one conversationId."""
    cut = {"frames": [*call("read", "tooluse_cut", '{"path": "a'), *END]}
    key = {"prompt_cache_key": "app"}
    async with gateway(simulator, tmp_path) as live:
        simulator.push(cut)
        first = Chat(live, "chat", key)
        await first.begin("Read it.")
        await first.send()
        simulator.push({**TEXT, "always": True})
        sent = []
        for opening in ("Read it.", "Read that."):
            chat = Chat(live, "chat", key)
            await chat.begin(opening)
            arguments = {"name": "read", "arguments": "{}"}
            calls = [{"id": "tooluse_cut", "type": "function", "function": arguments}]
            chat.history.append({"role": "assistant", "content": None, "tool_calls": calls})
            chat.history.append({"role": "tool", "tool_call_id": "tooluse_cut", "content": "ok"})
            await chat.send()
            sent.append(live.sent()["conversationState"]["currentMessage"]["userInputMessage"]["content"])
    assert "was cut off" in sent[0] and "was cut off" not in sent[1]
    assert len({ids.conversation for ids in sent_ids(simulator)}) == 1


async def credits_of_a_task(live: Live, api: str, headers: Callable[[], dict[str, str]], **chat: Any) -> float:
    """A task of five requests, three turns of which two take a tool, by a GPT model of the simulator's."""
    task = Chat(live, api, **chat)
    task.members |= {"model": "gpt-5.6-sol"}
    spent = 0.0
    for text in ("Call the tool, step one.", "Call the tool, step two.", "Thanks, that is all."):
        await task.begin(f"{PROJECT}\n{text}" if not task.history and task.previous is None else text)
        more = True
        while more:
            task.headers = headers()
            more = await task.step()
            spent += task.credits
    assert len(sent_ids(live.simulator)) == STEPS
    return spent


@EVERY_API
async def test_a_task_of_five_steps_on_gpt_is_billed_at_the_low_rate(
    live: Live, simulator: Simulator, api: str
) -> None:
    spent = await credits_of_a_task(live, api, dict)
    simulator.state.reset()
    names = count()
    expensive = await credits_of_a_task(live, api, lambda: {"x-session-id": f"another {next(names)}"})
    assert 2.5 < expensive / spent < 3.5
