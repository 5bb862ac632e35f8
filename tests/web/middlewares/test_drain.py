"""The end of the process: who may finish, who is ended, and what they are told. With processes: tests/e2e."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from gateway.errors import GatewayError, Kind
from gateway.web.middlewares.drain import RETRY_AFTER, Drain, drained
from gateway.web.record import RECORD, Record

FOR_EVER = 3600.0


class Room:
    """Requests that are answered when ``go`` is set; ``begun`` when one is there."""

    def __init__(self) -> None:
        self.ending = False
        self.drain, self.go, self.begun, self.hurry = Drain(), asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._middleware = drained(self.drain)

    def ask(self, attempts: int = 0) -> "asyncio.Task[web.StreamResponse]":
        request = make_mocked_request("POST", "/v1/messages")
        request[RECORD] = Record("req_1", ending=self.ending)
        request[RECORD].next_call().attempts = attempts
        return asyncio.ensure_future(self._middleware(request, self._answer))

    async def _answer(self, _request: web.Request) -> web.StreamResponse:
        self.begun.set()
        await self.go.wait()
        return web.Response(text="done")


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    yield Room()


async def refused(task: "asyncio.Task[web.StreamResponse]") -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        await task
    assert (caught.value.kind, caught.value.retry_after) == (Kind.OVERLOADED, RETRY_AFTER)
    return caught.value


async def test_with_nothing_under_way_the_end_is_at_once(room: Room) -> None:
    await room.drain.finish(FOR_EVER, room.hurry)


async def test_what_is_under_way_may_finish(room: Room) -> None:
    task = room.ask()
    await room.begun.wait()
    end = asyncio.ensure_future(room.drain.finish(FOR_EVER, room.hurry))
    room.go.set()
    assert (await task).status == 200
    await end


@pytest.mark.parametrize(("attempts", "again"), [(0, True), (1, False)])
async def test_what_takes_too_long_is_told_whether_to_try_again(room: Room, attempts: int, again: bool) -> None:
    task = room.ask(attempts)
    await room.begun.wait()
    await room.drain.finish(0, room.hurry)
    assert (await refused(task)).should_retry is again


async def test_a_second_signal_ends_the_waiting(room: Room) -> None:
    task = room.ask()
    await room.begun.wait()
    room.hurry.set()
    await room.drain.finish(FOR_EVER, room.hurry)
    await refused(task)


async def test_afterwards_nobody_is_let_in(room: Room) -> None:
    await room.drain.finish(0, room.hurry)
    await refused(room.ask())
    assert not room.begun.is_set()


async def test_a_client_that_leaves_is_no_error_of_the_end(room: Room) -> None:
    task = room.ask()
    await room.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await room.drain.finish(FOR_EVER, room.hurry)


async def test_an_answer_that_a_slow_client_has_but_to_take_gets_no_error_behind_its_end(room: Room) -> None:
    room.ending = True
    task = room.ask(attempts=1)
    await room.begun.wait()
    await room.drain.finish(0, room.hurry)
    with pytest.raises(asyncio.CancelledError):
        await task
