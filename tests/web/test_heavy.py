"""Large requests beside others: what they cost is taken in steps, or by a thread."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest

from gateway import jsontext
from gateway.conversation import (
    Block,
    Conversation,
    Image,
    Message,
    RedactedThinking,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from gateway.web.body import SmallBody, decoded
from gateway.web.heavy import LIGHT_BLOCKS, LIGHT_BYTES, Heavy, is_heavy
from gateway.web.sliced_json import SLICE
from tests.web.test_translate import translator


@asynccontextmanager
async def turns() -> AsyncIterator[list[int]]:
    """How many turns another task on the loop gets meanwhile."""
    counted = [0]

    async def other() -> None:
        while True:
            counted[0] += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    yield counted
    task.cancel()


def body(**more: Any) -> bytes:
    return jsontext.encode({"model": "m", "messages": [{"role": "user", "content": "hi"}], **more})


@pytest.mark.parametrize(
    "large",
    [
        body(system="x" * 3_000_000),
        body(system="日" * 1_000_000),
        body(x=[[]] * 90_000),
        body(x=[{"a": 1}] * 60_000),
        body(system="X").replace(b'"X"', b'"' + rb"\ud800" * 500_000 + b'"'),
        body(system=", [{" * 100_000),
    ],
)
async def test_others_have_a_turn_after_each_slice_of_a_large_body(large: bytes) -> None:
    async with turns() as counted:
        value = await decoded(large, Heavy())
    assert counted[0] >= len(large) // SLICE
    assert value == jsontext.decode(large)


async def test_a_small_body_is_decoded_at_once() -> None:
    async with turns() as counted:
        assert isinstance(await decoded(body(), Heavy()), SmallBody)
    assert counted[0] == 0


async def test_a_body_of_many_values_is_not_small() -> None:
    assert not isinstance(await decoded(body(x=[1] * 5000), Heavy()), SmallBody)


async def test_of_many_large_requests_one_takes_a_step_at_a_time() -> None:
    heavy, taken = Heavy(), list[str]()

    def steps(name: str) -> Iterator[None]:
        for _ in range(20):
            taken.append(name)
            yield

    async def other() -> None:
        while taken.count("a") < 20 or taken.count("b") < 20:
            taken.append(".")
            await asyncio.sleep(0)

    await asyncio.gather(heavy.stepwise(steps("a")), heavy.stepwise(steps("b")), other())
    line = "".join(taken)
    assert "ab" not in line and "ba" not in line and line.count("a") == line.count("b") == 20


async def test_a_fault_in_a_step_lets_the_next_request_go_on() -> None:
    heavy = Heavy()

    def fault() -> Iterator[None]:
        yield
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await heavy.stepwise(fault())
    await heavy.stepwise(iter([None]))


def said(*texts: str) -> Conversation:
    return Conversation("claude-sonnet-4.5", tuple(Message("user", (Text(text),)) for text in texts))


OVER = "x" * (LIGHT_BYTES + 1)
LARGE: list[Block] = [
    Thinking(OVER),
    RedactedThinking(OVER),
    Image("png", OVER),
    ToolCall("t1", "read", OVER),
    ToolResult("t1", (Text("x"), Text(OVER))),
    ToolResult("t1", (Image("png", OVER),)),
]


@pytest.mark.parametrize(
    ("conversation", "heavy"),
    [
        (said("hi"), False),
        (said("x" * LIGHT_BYTES), False),
        (said("x" * (LIGHT_BYTES + 1)), True),
        (said(*["x"] * LIGHT_BLOCKS), False),
        (said(*["x"] * (LIGHT_BLOCKS + 1)), True),
        *[(Conversation("m", (Message("assistant", (block,)),)), True) for block in LARGE],
    ],
)
def test_a_conversation_is_heavy_by_its_texts_and_by_its_blocks(conversation: Conversation, heavy: bool) -> None:
    assert is_heavy(conversation) is heavy


@pytest.mark.parametrize(("texts", "in_thread"), [(["hi"], False), (["x" * 500_000], True), (["x"] * 9000, True)])
async def test_a_large_conversation_is_translated_in_a_thread(texts: list[str], in_thread: bool) -> None:
    threads = list[threading.Thread]()

    def new_id() -> str:
        threads.append(threading.current_thread())
        return "id"

    await translator(new_id=new_id, read_text_calls=True).translated(said(*texts), "strict", large=False)
    assert (threads[0] is not threading.main_thread()) is in_thread


class Noting(Heavy):
    """Notes what is to be freed in steps."""

    pieces: list[Any]

    def dispose(self, pieces: list[Any]) -> None:
        self.pieces = pieces
        super().dispose(pieces)

    async def freed(self) -> list[int]:
        """How many pieces are left after each turn of the loop."""
        left = [len(self.pieces)]
        for _ in range(left[0] + 1):
            await asyncio.sleep(0)
            left.append(len(self.pieces))
        return left


async def test_a_large_body_is_freed_a_piece_a_turn() -> None:
    heavy = Noting()
    large = await decoded(body(x=[[]] * 90_000), heavy)
    del large
    left = await heavy.freed()
    assert left[0] > 10 and left[-1] == 0
    assert all(before - after <= 1 for before, after in pairwise(left))
    heavy.close()


@pytest.mark.parametrize("end", [b"", b"]]"])
async def test_a_large_body_that_is_refused_is_freed_a_piece_a_turn(end: bytes) -> None:
    heavy = Noting()
    with pytest.raises(jsontext.JsonError):
        await decoded(b'{"x": [' + b"[]," * 90_000 + end, heavy)
    left = await heavy.freed()
    assert left[0] > 10 and left[-1] == 0
    heavy.close()
