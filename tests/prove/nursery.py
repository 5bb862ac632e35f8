"""A process that has everything imported and forks a gateway's login for each order: a new process costs milliseconds.

A line of JSON on its standard input is a list of orders, which begin together; its output has a line for everything
that is to be told of them. A fork that is to ``wait`` tells its threads and begins at SIGUSR1, so that a tracer can be
attached.
"""

import asyncio
import json
import os
import signal
import sqlite3
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from ssl import create_default_context
from typing import Any

import uvloop

from gateway import log
from gateway.accounts.account import Account
from gateway.accounts.sources.kiro_cli import Database
from gateway.accounts.sources.kiro_ide import JsonFile
from gateway.accounts.sources.own import OwnLogin
from gateway.accounts.sources.source import Source, Wanted
from gateway.errors import GatewayError
from gateway.simulator.families import fingerprint
from gateway.threads import Threads
from gateway.upstream.connection import Connection, TokenPost
from gateway.upstream.control import fetch_models
from tests.prove import peer
from tests.prove.places import KEY, read, write

Report = dict[str, Any]


@dataclass(frozen=True)
class Order:
    """job: see ``done``. place: where the login lies. url: the simulator's, authority: its certificate's.

    wait: for SIGUSR1. audits: die at this operation on files, counted from 1; 0: live. count: requests at once, or
    turns of the loop. start, delay: seconds it takes before it asks, and, another program, from its answer to its file.
    forced: Kiro has refused the token it has, though that looks fresh.
    """

    job: str
    place: str
    url: str
    authority: str
    wait: bool = False
    audits: int = 0
    count: int = 1
    start: float = 0.0
    delay: float = 0.0
    forced: bool = False


def source(place: Path) -> Source:
    """The place as the gateway sees it."""
    state = place.parent / "own"
    wanted = Wanted(place, None, None, "us-east-1", None, place.parent, state)
    if place.suffix == ".sqlite3":
        return Database(place, wanted)
    return OwnLogin(place) if place.parent.name == "logins" else JsonFile(place, wanted)


async def _with_account(order: Order, work: Callable[[Account, Connection], Awaitable[Report]]) -> Report:
    """A gateway's login, ready to begin, on a loop whose files are all read and written by one thread."""
    threads = Threads("login", 1)
    connection = Connection(ca_file=Path(order.authority))
    place = source(Path(order.place))
    found = await threads.run(place.load)
    account = Account(place, found, TokenPost(connection), base_url=order.url, threads=threads)
    worker = await threads.run(threading.get_native_id)
    _begin(order, worker)
    try:
        await asyncio.sleep(order.start)
        return await work(account, connection)
    except GatewayError as error:
        return {"fault": error.message}
    finally:
        await account.close()
        await connection.close()


def _begin(order: Order, worker: int) -> None:
    if order.wait:
        _tell({"pid": os.getpid(), "loop": threading.get_native_id(), "worker": worker})
        signal.sigwait({signal.SIGUSR1})
    if order.audits:
        _die_at(order.audits)


def _die_at(count: int) -> None:
    """End as by ``kill -9`` at an operation on files, as the interpreter's audit tells them."""
    left = iter(range(count - 1))

    def hook(event: str, _arguments: tuple[Any, ...]) -> None:
        if event in OPERATIONS and next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


OPERATIONS = {
    "open",
    "os.chmod",
    "os.chown",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.scandir",
    "tempfile.mkstemp",
    "sqlite3.connect",
    "sqlite3.connect/handle",
    "fcntl.flock",
    "socket.connect",
}


async def _refresh(account: Account, _connection: Connection) -> Report:
    identity = await account.identity()
    return {"access": fingerprint(identity.access_token)}


async def _refused(account: Account, _connection: Connection) -> Report:
    """Kiro has refused the token in use."""
    identity = await account.refresh_after_refusal(account.credentials.access_token)
    return {"access": fingerprint(identity.access_token)}


async def _answer(account: Account, connection: Connection, order: Order) -> Report:
    """What a new process does first, and a request that only a token in force gets answered."""
    await account.settle()
    identity = await account.identity()
    models = await fetch_models(connection, identity, base_url=order.url)
    return {"access": fingerprint(identity.access_token), "models": len(models)}


async def _crowd(account: Account, _connection: Connection, order: Order) -> Report:
    """So many requests at once."""
    identities = await asyncio.gather(*(account.identity() for _ in range(order.count)))
    return {"tokens": sorted({fingerprint(identity.access_token) for identity in identities})}


async def _leaving(account: Account, _connection: Connection, order: Order) -> Report:
    """The client that triggers the refresh leaves after so many turns of the loop."""
    client = asyncio.create_task(account.identity())
    for _ in range(order.count):
        await asyncio.sleep(0)
    client.cancel()
    await asyncio.gather(client, return_exceptions=True)
    return {"left": client.cancelled()}


def _foreign(order: Order) -> Report:
    """Another program with the same login: refreshes without our lock, and writes when it gets to it."""
    place = Path(order.place)
    before = read(place)
    _begin(order, 0)
    time.sleep(order.start)
    answer = _exchanged(order, before)
    if answer is not None:
        time.sleep(order.delay)  # how long the other program takes from its answer to its file
        write(place, answer["refreshToken"], answer["accessToken"], time.time() + 3600)
        return {"refreshed": True}
    until = time.monotonic() + 5
    while read(place) == before and time.monotonic() < until:
        time.sleep(0.01)  # as those programs do: look again what is there
    return {"refreshed": False} if read(place) != before else {"fault": "logged out"}


def _peer(order: Order) -> Report:
    """Another program with the same login, by kiro-cli's rules."""
    place = Path(order.place)
    lock = place.parent / ".local" / "share" / "kiro-cli" / ".refresh.lock"
    refused = "aoaOld" if order.forced else ""
    _begin(order, 0)
    time.sleep(order.start)
    found = peer.renewed(place, lock, lambda token: _exchanged(order, token), refused=refused, delay=order.delay)
    return {"access": fingerprint(found["access_token"]), "refreshed": found["refreshed"]}


def _exchanged(order: Order, refresh_token: str) -> dict[str, Any] | None:
    body = {"clientId": KEY, "clientSecret": KEY, "grantType": "refresh_token", "refreshToken": refresh_token}
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{order.url}/token", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, context=create_default_context(cafile=order.authority)) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError:
        return None


def done(order: Order) -> Report:
    """The report of an order."""
    match order.job:
        case "refresh":
            return uvloop.run(_with_account(order, _refresh))
        case "answer":
            return uvloop.run(_with_account(order, lambda account, way: _answer(account, way, order)))
        case "crowd":
            return uvloop.run(_with_account(order, lambda account, way: _crowd(account, way, order)))
        case "leaving":
            return uvloop.run(_with_account(order, lambda account, way: _leaving(account, way, order)))
        case "foreign":
            return _foreign(order)
        case "peer":
            return _peer(order)
        case "refused":
            return uvloop.run(_with_account(order, _refused))
    raise ValueError(order.job)


def _tell(report: Report) -> None:
    """One line, in one write: several forks share the output."""
    os.write(1, (json.dumps(report) + "\n").encode())


def _child(order: Order) -> None:
    try:
        _tell({"pid": os.getpid(), "done": done(order)})
    except (sqlite3.Error, OSError, ValueError) as error:
        _tell({"pid": os.getpid(), "done": {"fault": repr(error)}})
    finally:
        os._exit(0)


def main() -> None:
    """Fork for each order; all ends are told, also those that nobody ordered."""
    log.configure("WARNING", "json", hide=())
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    for line in sys.stdin:
        orders = [Order(**order) for order in json.loads(line)]
        children = set()
        for order in orders:
            pid = os.fork()
            if pid == 0:
                _child(order)
            children.add(pid)
        while children:
            pid, status = os.wait()
            children.discard(pid)
            _tell({"pid": pid, "ended": os.waitstatus_to_exitcode(status)})


if __name__ == "__main__":
    main()
