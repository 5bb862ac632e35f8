import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway import jsontext
from gateway.accounts.health import FRESH
from gateway.errors import Kind, UpstreamError
from gateway.events import Failure, Stop
from gateway.simulator.server import Simulator
from gateway.upstream.attempts import Policy
from gateway.upstream.exchange import Patience
from tests.upstream.conftest import OPENING, TEXT, WHOLE, Way, raw_server, text_of, way


async def test_an_answer_comes_through_with_what_the_log_wants_to_know(kiro: Way, simulator: Simulator) -> None:
    simulator.push(WHOLE)
    events = await kiro.events()
    assert text_of(events) == "Hello"
    assert isinstance(events[-1], Stop)
    trace = kiro.trace
    assert (trace.attempts, trace.endpoint, trace.account, trace.faults) == (1, "kiro", kiro.account.id, [])
    assert trace.upstream_request_id


async def test_the_stream_is_open_at_the_first_frame_while_the_upstream_is_still_silent(
    kiro: Way, simulator: Simulator
) -> None:
    simulator.push({"frames": [TEXT], "stall": True})
    async with await kiro.open() as stream:
        assert text_of(stream.events) == "Hello"
    await simulator.until("client_fin")


@pytest.mark.parametrize(
    ("answers", "attempts", "endpoint", "refreshes", "waits"),
    [
        ([{"status": 429, "body": {"message": "slow"}}], 2, "codewhisperer", 0, 0),
        ([{"status": 429, "body": {"message": "slow"}, "times": 3}], 4, "kiro", 0, 1),
        ([{"status": 500, "body": {"__type": "InternalServerException", "message": "x"}}], 2, "kiro", 0, 1),
        ([{"status": 401, "body": {"message": "x"}}], 2, "kiro", 1, 0),
        (
            [{"status": 403, "body": {"message": "The bearer token included in the request is invalid."}}],
            2,
            "kiro",
            1,
            0,
        ),
        ([{"frames": [{"exception": "ThrottlingException", "message": "slow"}]}], 2, "codewhisperer", 0, 0),
        ([{"frames": [OPENING, {"exception": "ThrottlingException", "message": "x"}]}], 2, "codewhisperer", 0, 0),
    ],
)
async def test_a_fault_before_the_first_frame_becomes_another_attempt(
    kiro: Way,
    simulator: Simulator,
    answers: list[dict[str, Any]],
    attempts: int,
    endpoint: str,
    refreshes: int,
    waits: int,
) -> None:
    simulator.push(*answers, WHOLE)
    assert text_of(await kiro.events()) == "Hello"
    trace = kiro.trace
    assert (trace.attempts, trace.endpoint, trace.refreshes, trace.waits) == (attempts, endpoint, refreshes, waits)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"status": 400, "body": {"message": "Improperly formed request.", "reason": None}}, Kind.INVALID_REQUEST),
        ({"status": 402, "body": {"message": "x", "reason": "MONTHLY_REQUEST_COUNT"}}, Kind.QUOTA),
        ({"status": 403, "body": {"message": "x", "reason": "TEMPORARILY_SUSPENDED"}}, Kind.PERMISSION),
        ({"status": 502, "body": "<html>Bad Gateway</html>", "headers": {"Content-Type": "text/html"}}, Kind.UPSTREAM),
        ({"status": 301, "body": "x", "headers": {"Location": "http://127.0.0.1:1/"}}, Kind.UPSTREAM),
        ({"status": 200, "body": "<html>login</html>", "headers": {"Content-Type": "text/html"}}, Kind.UPSTREAM),
        ({"status": 200, "body": {"message": "no"}, "headers": {"Content-Type": "application/json"}}, Kind.UPSTREAM),
        ({"frames": []}, Kind.UPSTREAM),
        ({"status": 0}, Kind.UPSTREAM),
        ({"status": 0, "how": "rst"}, Kind.UPSTREAM),
    ],
)
async def test_what_may_have_been_worked_on_or_cannot_succeed_is_sent_once(
    kiro: Way, simulator: Simulator, answer: dict[str, Any], kind: Kind
) -> None:
    simulator.push(answer)
    with pytest.raises(UpstreamError) as caught:
        await kiro.open()
    assert caught.value.kind is kind
    assert not caught.value.should_retry
    assert len(simulator.requests("generate")) == 1


async def test_after_a_refusal_the_request_goes_with_the_new_token(kiro: Way, simulator: Simulator) -> None:
    simulator.state.logins.revoke_access()
    await kiro.events()
    sent = simulator.requests("generate")
    assert [exchange.headers["authorization"] for exchange in sent][-1] == (
        f"Bearer {jsontext.decode(kiro.login.read_bytes())['accessToken']}"
    )
    assert (len(sent), kiro.trace.refreshes) == (2, 1)


async def test_fifty_refused_requests_refresh_once(kiro: Way, simulator: Simulator) -> None:
    simulator.state.logins.revoke_access()
    await asyncio.gather(*(kiro.events() for _ in range(50)))
    assert len(simulator.requests("refresh")) == 1


async def test_a_request_without_first_frame_is_sent_again_only_as_allowed(
    simulator: Simulator, tmp_path: Path
) -> None:
    simulator.push({"frames": [OPENING], "stall": True, "always": True})
    patience = Patience(first_frame=0.1)
    policy = Policy(base_delay=0, first_token_max_retries=1)
    async with way(simulator.url, tmp_path, policy=policy, patience=patience) as kiro:
        with pytest.raises(UpstreamError) as caught:
            await kiro.open()
        assert (caught.value.kind, caught.value.stuck, kiro.trace.stuck) == (Kind.TIMEOUT, True, 2)
    assert len(simulator.requests("generate")) == 2


@pytest.mark.parametrize(("size", "seconds"), [(0, 300.0), (100_000, 315.0), (400_000, 360.0)])
def test_large_request_gets_more_time_where_the_setting_says_so(size: int, seconds: float) -> None:
    assert (Patience().for_body(size), Patience(per_100_kb=15.0).for_body(size)) == (300.0, seconds)


async def test_a_refused_connection_is_tried_on_each_endpoint_and_named_without_address(tmp_path: Path) -> None:
    async with raw_server(hang) as gone:
        url = gone.url
    async with way(url, tmp_path) as kiro:
        with pytest.raises(UpstreamError) as caught:
            await kiro.open()
    assert caught.value.message == "Connecting to Kiro (endpoint codewhisperer) failed."
    assert (kiro.trace.attempts, caught.value.should_retry) == (6, True)


async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def test_leaving_before_the_first_frame_closes_the_connection(tmp_path: Path) -> None:
    async with raw_server(hang) as server, way(server.url, tmp_path) as kiro:
        task = asyncio.create_task(kiro.open())
        await server.received.wait()
        task.cancel()
        await asyncio.wait([task])
        async with asyncio.timeout(5):
            await server.left.wait()


async def test_the_body_of_a_refusal_that_never_ends_is_not_waited_for(tmp_path: Path) -> None:
    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 999999999\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x" * 65536)
            await writer.drain()

    async with raw_server(flood) as server, way(server.url, tmp_path) as kiro:
        with pytest.raises(UpstreamError) as caught:
            await kiro.open()
        assert caught.value.upstream_status == 400
        assert len(caught.value.message) < 2000


async def test_a_refusal_whose_body_outlasts_the_first_frames_time_is_still_that_refusal(tmp_path: Path) -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{")
        await reader.read()

    patience = Patience(first_frame=0.2, per_100_kb=0, refusal=0.5)
    async with raw_server(slow) as server, way(server.url, tmp_path, patience=patience) as kiro:
        with pytest.raises(UpstreamError) as caught:
            await kiro.open()
    assert (caught.value.upstream_status, caught.value.stuck, len(server.requests)) == (400, False, 1)


async def test_the_body_of_a_refusal_that_trickles_is_not_waited_for(tmp_path: Path) -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'HTTP/1.1 400 Bad Request\r\nContent-Length: 99\r\n\r\n{"mess')
        await reader.read()

    async with raw_server(trickle) as server, way(server.url, tmp_path, patience=Patience(refusal=0.05)) as kiro:
        with pytest.raises(UpstreamError) as caught:
            await kiro.open()
    assert caught.value.upstream_status == 400


async def test_what_is_not_http_is_an_upstream_fault(tmp_path: Path) -> None:
    async def gibberish(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")

    async with raw_server(gibberish) as server, way(server.url, tmp_path) as kiro:
        with pytest.raises(UpstreamError, match="not HTTP") as caught:
            await kiro.open()
    assert (caught.value.should_retry, len(server.requests)) == (False, 1)


async def test_a_fault_after_the_first_frame_is_an_event(kiro: Way, simulator: Simulator) -> None:
    simulator.push({"frames": [TEXT, {"exception": "ThrottlingException", "message": "x"}]})
    events = await kiro.events()
    assert text_of(events) == "Hello"
    assert isinstance(events[-1], Failure)
    assert kiro.trace.attempts == 1


async def test_a_preferred_endpoint_goes_first(kiro: Way, simulator: Simulator) -> None:
    simulator.push(WHOLE)
    async with await kiro.open(preferred="q"):
        assert kiro.trace.endpoint == "amazonq"


async def test_a_tap_sees_the_bytes_both_ways(kiro: Way, simulator: Simulator) -> None:
    class Seen:
        sent, received = b"", b""

        def kiro_body(self, body: bytes) -> None:
            self.sent = body

        def upstream_bytes(self, chunk: bytes) -> None:
            self.received += chunk

    simulator.push({"frames": [TEXT]}, WHOLE)
    seen = Seen()
    async with await kiro.open("Say something unusual.", tap=seen):
        assert b"Say something unusual." in seen.sent
        assert b"Hello" in seen.received


async def test_a_client_that_leaves_while_the_token_is_renewed_says_nothing_of_the_account(
    kiro: Way, simulator: Simulator
) -> None:
    simulator.state.logins.revoke_access()
    task = asyncio.create_task(kiro.events())
    async with asyncio.timeout(20):
        await simulator.until("refresh")
    task.cancel()
    await asyncio.wait({task})
    assert [member.health for member in kiro.client.pool.members] == [FRESH]
