"""The ids of chat and turn as Kiro sees them: one conversationId a chat, one agentContinuationId a user turn."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.simulator.server import Simulator
from tests.live import Live, gateway
from tests.web.chats import APIS, TEXT, Chat, calling, continuations, sent_ids, turns
from tests.web.test_login_kinds import LOGINS, alice

EVERY_API = pytest.mark.parametrize("api", APIS)
OTHER_ARN = "arn:aws:codewhisperer:us-east-1:999999999999:profile/OTHER"
THROTTLED: dict[str, Any] = {"status": 429, "body": {"message": "Slow down.", "reason": None}}
BROKEN: dict[str, Any] = {"status": 500, "body": {"__type": "InternalServerException", "message": "Broken."}}
EXPIRED: dict[str, Any] = {"status": 403, "body": {"message": "The bearer token included in the request is invalid."}}


@pytest.fixture
async def live(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Live]:
    async with gateway(simulator, tmp_path) as made:
        yield made


def pattern(values: list[str]) -> str:
    """Equal values as equal letters: ``aab``."""
    letters: dict[str, str] = {}
    return "".join(letters.setdefault(value, chr(ord("a") + len(letters))) for value in values)


@EVERY_API
async def test_a_turn_keeps_its_id_through_its_tool_rounds(live: Live, simulator: Simulator, api: str) -> None:
    simulator.push(*turns(2, 0, 3))
    chat = Chat(live, api)
    for text in ("Read both.", "Thanks.", "Thanks."):
        await chat.say(text)
    assert pattern(continuations(simulator)) == "aaabcccc"
    assert len({ids.conversation for ids in sent_ids(simulator)}) == 1


@EVERY_API
@pytest.mark.parametrize("reminder", ["<system-reminder>\nTodo list is empty.\n</system-reminder>", "  \n"])
async def test_what_a_client_adds_to_results_begins_no_turn(
    live: Live, simulator: Simulator, api: str, reminder: str
) -> None:
    if api == "messages" and not reminder.strip():
        reminder = "<environment_details></environment_details>"  # a blank text is refused there
    simulator.push(*turns(2))
    await Chat(live, api, reminder=reminder).say("Read both.")
    assert pattern(continuations(simulator)) == "aaa"


@EVERY_API
async def test_a_user_who_speaks_beside_results_begins_a_turn(live: Live, simulator: Simulator, api: str) -> None:
    simulator.push(*turns(2))
    await Chat(live, api, reminder="Stop that and read b.").say("Read both.")
    assert pattern(continuations(simulator)) == "abc"


async def test_a_system_message_of_claude_code_in_a_turn_begins_none(live: Live, simulator: Simulator) -> None:
    simulator.push(*turns(2))
    chat = Chat(live, "messages")
    await chat.begin("Fix it.")
    chat.history.append({"role": "system", "content": "The date is known."})
    while await chat.step():
        chat.history.append({"role": "system", "content": "The file was changed by a linter."})
    assert pattern(continuations(simulator)) == "aaa"


@EVERY_API
@pytest.mark.parametrize(
    ("faults", "sent"),
    [
        ([THROTTLED], "abbb"),
        ([THROTTLED, THROTTLED, THROTTLED], "abcddd"),
        ([BROKEN], "abbb"),
        ([EXPIRED], "abbb"),
        ([BROKEN, THROTTLED, EXPIRED], "abcddd"),
    ],
    ids=["429: another endpoint", "429 at all: once more", "500", "refresh", "all"],
)
async def test_every_resend_has_an_id_of_its_own_and_the_rounds_keep_the_last(
    live: Live, simulator: Simulator, api: str, faults: list[dict[str, Any]], sent: str
) -> None:
    simulator.push(*faults, *turns(2))
    await Chat(live, api).say("Read both.")
    assert pattern(continuations(simulator)) == sent
    assert len({ids.conversation for ids in sent_ids(simulator)}) == 1


async def test_a_resend_in_a_later_round_has_one_too(live: Live, simulator: Simulator) -> None:
    simulator.push(calling(1), BROKEN, calling(2), TEXT)
    await Chat(live, "messages").say("Read both.")
    assert pattern(continuations(simulator)) == "aabb"


async def test_a_large_request_is_sent_again_with_another_id(live: Live, simulator: Simulator) -> None:
    simulator.push(BROKEN, *turns(1))
    chat = Chat(live, "messages")
    await chat.say("Read this. " * 30_000)
    assert pattern(continuations(simulator)) == "abb"
    first, second, _ = (exchange.json() for exchange in simulator.requests("generate"))
    second["conversationState"]["agentContinuationId"] = first["conversationState"]["agentContinuationId"]
    assert first == second


async def test_a_request_that_is_sent_again_with_another_profile_has_another_id(tmp_path: Path) -> None:
    async with alice(tmp_path, "idc", {**LOGINS["idc"], "profileArn": OTHER_ARN}) as live:
        live.simulator.push(*turns(1))
        await Chat(live, "messages").say("Read it.")
        sent = continuations(live.simulator)
        profiles = [exchange.json()["profileArn"] for exchange in live.simulator.requests("generate")]
    assert (pattern(profiles), pattern(sent)) == ("abb", "abb")


async def test_a_silent_request_that_is_sent_again_has_another_id(simulator: Simulator, tmp_path: Path) -> None:
    impatient = {"upstream__first_token_timeout": 0.15, "upstream__first_token_max_retries": 1}
    simulator.push({"frames": [], "stall": True}, *turns(1))
    async with gateway(simulator, tmp_path, **impatient) as live:
        await Chat(live, "messages").say("Read it.")
    assert pattern(continuations(simulator)) == "abb"


@EVERY_API
async def test_the_clients_resend_has_an_id_of_its_own(live: Live, simulator: Simulator, api: str) -> None:
    chat = Chat(live, api)
    await chat.begin("Read both.")
    simulator.push({**THROTTLED, "times": 6})
    await chat.send(429)
    await live.enable()
    simulator.push(*turns(2))
    while await chat.step():
        pass
    assert pattern(continuations(simulator)) == "abcdefggg"


async def test_a_client_that_sends_a_round_again_gets_another_answer_under_another_id(
    live: Live, simulator: Simulator
) -> None:
    simulator.push({**TEXT, "always": True})
    chat = Chat(live, "messages")
    await chat.begin("Hello.")
    await chat.send()
    await chat.send()
    assert pattern(continuations(simulator)) == "ab"


async def test_equal_requests_at_once_have_ids_of_their_own(live: Live, simulator: Simulator) -> None:
    simulator.push({**TEXT, "always": True})
    chat = Chat(live, "chat", headers={"x-session-id": "s"})
    await chat.begin("Hello.")
    await asyncio.gather(*(chat.send() for _ in range(8)))
    assert len(set(continuations(simulator))) == 8
    assert len({ids.conversation for ids in sent_ids(simulator)}) == 1


async def test_equal_requests_that_fail_and_are_sent_again_are_never_refused_for_their_ids(
    live: Live, simulator: Simulator
) -> None:
    simulator.push({**THROTTLED, "times": 7}, {**BROKEN, "times": 7}, {**TEXT, "always": True})
    chat = Chat(live, "chat", headers={"x-session-id": "s"})
    await chat.begin("Hello.")
    path, body = chat.request()
    posts = (live.client.post(f"{live.url}{path}", json=body, headers=chat.headers) for _ in range(20))
    statuses = {answer.status for answer in await asyncio.gather(*posts)}
    assert 200 in statuses and 400 not in statuses
    assert len(set(continuations(simulator))) == len(continuations(simulator)) > 20


async def test_a_title_request_beside_the_turn_does_not_change_the_turns_id(live: Live, simulator: Simulator) -> None:
    simulator.push(calling(1), TEXT, TEXT)
    headers = {"x-session-id": "s"}
    chat, title = Chat(live, "chat", headers=headers), Chat(live, "chat", {"model": "claude-haiku-4.5"}, headers)
    await chat.begin("Fix it.")
    await chat.step()
    await title.say("Fix it.")
    await chat.step()
    assert pattern(continuations(simulator)) == "aba"


async def test_two_gateways_never_share_a_continuation_id(simulator: Simulator, tmp_path: Path) -> None:
    async with gateway(simulator, tmp_path / "a") as first, gateway(simulator, tmp_path / "b") as second:
        simulator.push({**TEXT, "always": True})
        chat = Chat(first, "messages")
        await chat.begin("Hello.")
        await chat.send()
        chat.live = second
        await chat.send()
    assert pattern(continuations(simulator)) == "ab"
    assert len({ids.conversation for ids in sent_ids(simulator)}) == 1


@pytest.mark.parametrize("api", ["messages", "chat", "responses"])
async def test_a_web_search_inside_an_answer_stays_in_the_turn(live: Live, simulator: Simulator, api: str) -> None:
    search = {"messages": {"type": "web_search_20250305", "name": "web_search"}, "responses": {"type": "web_search"}}
    chat = Chat(live, api)
    _, body = chat.request()
    tool = search.get(api)
    chat.members = {"tools": [*body["tools"], tool]} if tool else {"web_search_options": {}}
    frames = [frame | {"payload": frame["payload"]} for frame in calling(7)["frames"]]
    for frame in frames[:2]:
        frame["payload"] = {**frame["payload"], "name": "web_search"}
    frames[0]["payload"]["input"] = '{"query": "kiro"}'
    simulator.push({"frames": frames}, *turns(2))
    await chat.say("Search, then read.")
    assert len(simulator.requests("mcp")) == 1
    assert pattern(continuations(simulator)) == "aaaa"


async def test_a_repair_is_a_question_of_its_own(simulator: Simulator, tmp_path: Path) -> None:
    simulator.push(TEXT, *turns(1))
    async with gateway(simulator, tmp_path, honour__repair=True) as live:
        chat = Chat(live, "chat", {"tool_choice": "required"})
        await chat.begin("Read it.")
        await chat.step()
    sent = sent_ids(simulator)
    assert pattern(continuations(simulator)) == "ab" and sent[0].conversation == sent[1].conversation
