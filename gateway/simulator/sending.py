"""Sends a planned stream over one HTTP answer: pace, gates, TCP splits, and every way to break off."""

import asyncio
import socket
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Final, Literal
from uuid import uuid4

from aiohttp import web

from gateway.simulator.gates import Gates
from gateway.simulator.record import Exchange, Record

EVENT_STREAM: Final = "application/vnd.amazon.eventstream"

Cut = Literal["fin", "rst", "chunked-end", "close-delimited"]
CUTS: Final = ("fin", "rst", "chunked-end", "close-delimited")


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes sent in one go, ``delay`` seconds after the piece before, once ``gate`` has been opened for it."""

    data: bytes
    delay: float = 0.0
    gate: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """An answer ready to be sent.

    pieces: read once. sizes: TCP split sizes in bytes, the last one repeats; empty sends each piece whole.
    cut_at: bytes of the body after which it breaks off; None is after all of them.
    how: the way it ends: ``fin`` or ``rst`` in the middle of the chunked body, a proper ``chunked-end``, or a body
    that only the closing of the connection delimits. stall: silence after the pieces, until the client leaves.
    """

    pieces: Iterable[Piece]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    sizes: Sequence[int] = ()
    cut_at: int | None = None
    how: Cut = "chunked-end"
    stall: bool = False


class _Undelimited(web.StreamResponse):
    """A body without length and without chunks, as HTTP/1.0 had it; aiohttp offers no other way on HTTP/1.1."""

    _length_check = False


async def send(
    request: web.Request, plan: Plan, exchange: Exchange, record: Record, gates: Gates
) -> web.StreamResponse:
    """Send it all and note how it ended. A client that leaves cancels this."""
    headers = {"content-type": EVENT_STREAM, "x-amzn-requestid": str(uuid4())} | dict(plan.headers)
    kind = _Undelimited if plan.how == "close-delimited" else web.StreamResponse
    response = kind(status=plan.status, headers=headers)
    if plan.how == "close-delimited":
        response.force_close()
    exchange.status = plan.status
    await response.prepare(request)
    await _body(response, plan, exchange, gates)
    if plan.stall:
        await asyncio.Event().wait()
    await _end(request, response, plan, exchange, record)
    return response


async def _body(response: web.StreamResponse, plan: Plan, exchange: Exchange, gates: Gates) -> None:
    """The pieces on their schedule; it does not drift, since each delay counts from the time the last one was due."""
    clock = asyncio.get_running_loop().time
    due = clock()
    sizes = _endless(plan.sizes)
    for piece in plan.pieces:
        if piece.gate is not None:
            await gates.passed(piece.gate)
            due = clock()
        due += piece.delay
        if due > clock():
            await asyncio.sleep(due - clock())
        data = piece.data if plan.cut_at is None else piece.data[: plan.cut_at - exchange.sent]
        exchange.pieces += 1
        await _write(response, data, sizes, exchange)
        if exchange.sent == plan.cut_at:
            return


async def _write(response: web.StreamResponse, data: bytes, sizes: Iterator[int] | None, exchange: Exchange) -> None:
    if sizes is None:
        exchange.sent += len(data)
        await response.write(data)
        return
    while data:
        size = next(sizes)
        part, data = data[:size], data[size:]
        exchange.sent += len(part)
        await response.write(part)
        await asyncio.sleep(0)  # so that the kernel gets each part by itself


def _endless(sizes: Sequence[int]) -> Iterator[int] | None:
    return chain(sizes, repeat(sizes[-1])) if sizes else None


async def _end(
    request: web.Request, response: web.StreamResponse, plan: Plan, exchange: Exchange, record: Record
) -> None:
    if plan.how in ("chunked-end", "close-delimited"):
        await response.write_eof()
        record.end(exchange, "cut" if plan.cut_at is not None else "completed")
        return
    record.end(exchange, "cut")
    transport = request.transport
    if transport is None:
        return
    while transport.get_write_buffer_size():  # noqa: ASYNC110 - what precedes the cut must leave; nothing tells when
        await asyncio.sleep(0.001)
    _break(transport, plan.how)


def close(request: web.Request, how: Cut) -> None:
    """Break off a connection that has not been answered: ``rst``, or a plain close for any other word."""
    if request.transport is not None:
        _break(request.transport, how)


def _break(transport: asyncio.Transport, how: Cut) -> None:
    if how != "rst":
        transport.close()
        return
    sock = transport.get_extra_info("socket")
    if sock is not None:  # without lingering the abort goes out as an RST
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
