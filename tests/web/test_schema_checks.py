"""Schemas of clients over HTTP, with default settings: other streams go on; what cannot be checked is an error."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.conversation import OutputFormat
from gateway.dialects.output_format import MOST_NODES
from gateway.errors import GatewayError, Kind
from gateway.json_schema import Job, Outcome
from gateway.simulator.server import Simulator
from gateway.web.schema_checks import MOST_TEXT, SchemaChecks
from gateway.web.schema_workers import SchemaWorkers
from tests.live import Live, gateway
from tests.web.schema_forms import BOMB, BOMBED, FORMS, SLOW_SCHEMA, STREAMED, WHOLE, Form, found, frames, is_gone

CITY = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
ULM = frames('{"name": ', '"Ulm"}')
BIG = {"type": "object", "properties": {f"p{i}": {"properties": {"a": {"type": "string"}}} for i in range(3000)}}

every_form = pytest.mark.parametrize("form", FORMS, ids=str)


@pytest.fixture
async def live(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Live]:
    async with gateway(simulator, tmp_path) as made:
        yield made


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not happened():  # noqa: ASYNC110 - nothing in this process learns of it
            await asyncio.sleep(0.01)


async def worker(live: Live, log: list[Any]) -> int:
    """The process that has done a job last, and does the next one."""
    live.simulator.push(ULM)
    assert (await WHOLE.ask(live, CITY)).good
    return int(found(log, "schema_job_done")[-1]["worker"])


async def stopped(live: Live, log: list[Any]) -> tuple[int, "asyncio.Task[Any]"]:
    """A worker that hangs in the middle of a job, and the request that waits for it."""
    pid = await worker(live, log)
    os.kill(pid, signal.SIGSTOP)
    live.simulator.push(ULM)
    return pid, asyncio.create_task(WHOLE.ask(live, {**CITY, "title": "another"}))


@every_form
async def test_an_answer_that_fits_and_one_that_does_not(live: Live, form: Form) -> None:
    live.simulator.push(ULM, frames('{"nom": "Ulm"}'))
    assert (await form.ask(live, CITY)).good
    bad = await form.ask(live, CITY)
    assert not bad.good and "$ is not valid by 'required'" in bad.text


@every_form
@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "objekt"}, "valid JSON Schema"),
        ({"enum": [0] * MOST_NODES}, "more than 20000 nodes"),
        ({"title": "x" * 600_000}, "larger than 512 KB"),
        ({"$ref": "http://127.0.0.1/x"}, "references within the schema"),
    ],
)
async def test_a_schema_that_is_not_taken_is_a_400_with_its_path(
    live: Live, form: Form, schema: Any, reason: str
) -> None:
    got = await form.ask(live, schema)
    assert got.status == 400 and reason in got.text and form.schema_path in got.text
    assert live.simulator.requests("generate") == []


async def test_a_schema_that_takes_too_long_is_a_400_with_its_path(live: Live) -> None:
    got = await WHOLE.ask(live, SLOW_SCHEMA)
    assert got.status == 400 and "could not be checked within 5 s" in got.text and WHOLE.schema_path in got.text
    assert got.headers["x-should-retry"] == "false"
    assert live.simulator.requests("generate") == []


async def test_another_clients_stream_goes_on_while_a_schema_is_checked(live: Live) -> None:
    piece = {"event": "assistantResponseEvent", "payload": {"content": "piece"}}
    live.simulator.push({"frames": [piece], "repeat": 100_000, "frame_delay": 0.001})
    async with live.post(stream=True, max_tokens=64_000) as stream:
        await stream.content.readuntil(b"piece")
        bomb = asyncio.create_task(WHOLE.ask(live, SLOW_SCHEMA))
        pieces = 0
        while not bomb.done():
            assert b"piece" in await stream.content.readuntil(b"piece")
            pieces += 1
    assert pieces > 10
    assert (await bomb).status == 400


@every_form
async def test_an_answer_that_cannot_be_checked_in_time_is_an_error_and_others_go_on(live: Live, form: Form) -> None:
    live.simulator.push(frames(BOMBED), ULM)
    bomb = asyncio.create_task(form.ask(live, BOMB))
    await live.simulator.until("generate", 1)
    assert (await WHOLE.ask(live, CITY)).good
    got = await bomb
    assert not got.good and "could not be checked" in got.text and "longer than 2 s" in got.text
    if not form.stream:
        assert (got.status, got.headers["x-should-retry"]) == (504, "false")


async def test_an_answer_that_cannot_be_checked_is_not_asked_for_again(simulator: Simulator, tmp_path: Path) -> None:
    simulator.push(frames(BOMBED), ULM)
    async with gateway(simulator, tmp_path, honour__repair=True) as live:
        assert (await WHOLE.ask(live, BOMB)).status == 504
    assert len(simulator.requests("generate")) == 1


async def test_a_schema_is_checked_once_however_often_it_comes(live: Live) -> None:
    live.simulator.push(*[frames("{}")] * 8)
    with capture_logs() as log:
        answers = await asyncio.gather(*(form.ask(live, BIG) for form in (*FORMS, WHOLE, STREAMED)))
    assert all(answer.good for answer in answers)
    jobs = found(log, "schema_job_done")
    assert [job["job"] for job in jobs].count("check") == 1
    assert len(jobs) == 9


async def test_one_process_makes_a_schema_ready_once(live: Live) -> None:
    live.simulator.push(*[frames("{}")] * 3)
    with capture_logs() as log:
        for _ in range(3):
            assert (await WHOLE.ask(live, BIG)).good
    jobs = [(job["job"], job["compiled"]) for job in found(log, "schema_job_done")]
    assert jobs == [("check", True), *[("validate", False)] * 3]
    assert len(found(log, "schema_worker_started")) == 1


async def test_any_object_needs_no_schema_and_counting_needs_no_check(live: Live) -> None:
    live.simulator.push(frames("[1]"))
    with capture_logs() as log:
        status, _ = await live.ask("/v1/messages/count_tokens", **WHOLE.body({"type": "objekt"}))
        assert status == 200 and found(log, "schema_worker_started") == []
        status, body = await live.ask("/v1/chat/completions", response_format={"type": "json_object"})
    assert status == 502 and "not a JSON object" in body["error"]["message"]


async def test_a_process_that_hangs_is_killed_and_others_are_served_meanwhile(live: Live) -> None:
    with capture_logs() as log:
        pid, hung = await stopped(live, log)
        live.simulator.push(ULM)
        assert (await WHOLE.ask(live, CITY)).good and not hung.done()
        got = await hung
        assert got.status == 400 and "within 5 s" in got.text
    assert is_gone(pid)
    assert found(log, "schema_worker_killed")[0]["worker"] == pid


async def test_a_process_that_is_killed_in_the_middle_of_a_job_is_replaced_and_the_job_is_done(live: Live) -> None:
    with capture_logs() as log:
        pid, waiting = await stopped(live, log)
        os.kill(pid, signal.SIGKILL)
        assert (await waiting).good
        assert await worker(live, log) != pid
    assert len(found(log, "schema_worker_lost")) == 1


async def test_idle_processes_that_were_killed_are_replaced(live: Live) -> None:
    with capture_logs() as log:
        await stopped(live, log)
        live.simulator.push(ULM)
        assert (await WHOLE.ask(live, CITY)).good  # by the second one
        for started in found(log, "schema_worker_started"):
            os.kill(started["worker"], signal.SIGKILL)
        await worker(live, log)


async def test_a_client_that_leaves_ends_its_job_and_nobody_waits_for_it(live: Live) -> None:
    with capture_logs() as log:
        pid, waiting = await stopped(live, log)
        live.simulator.push(ULM)
        assert (await WHOLE.ask(live, CITY)).good  # the other job has begun before
        waiting.cancel()
        await until(lambda: is_gone(pid))
        assert await worker(live, log) != pid
    assert found(log, "schema_worker_killed") == []


async def test_a_client_that_leaves_during_the_check_of_its_answer_ends_it(live: Live) -> None:
    live.simulator.push(frames(BOMBED))
    with capture_logs() as log:
        async with live.post(STREAMED.path, **STREAMED.body(BOMB)) as answer:
            await answer.content.readuntil(b"aaa!")
        await until(lambda: all(is_gone(record["worker"]) for record in found(log, "schema_worker_started")))
    assert found(log, "schema_worker_killed") == [] and found(log, "request")[-1]["end"] == "client_left"


@pytest.mark.parametrize(("schema", "text", "status"), [(BOMB, BOMBED, 504), (CITY, "{}", 502)])
async def test_a_stream_that_is_held_back_ends_with_a_status(live: Live, schema: Any, text: str, status: int) -> None:
    live.simulator.push(frames(text))
    async with live.post("/cc/v1/messages", **STREAMED.body(schema)) as answer:
        assert (answer.status, (await answer.json())["type"]) == (status, "error")


async def test_a_job_that_needs_too_much_memory_ends_its_process_and_not_the_next_job() -> None:
    workers = SchemaWorkers()
    schema = b'{"anyOf":[' + b",".join([b'{"type":"string"}'] * 500) + b"]}"  # each quotes the value in its error
    outcomes = []
    with capture_logs() as log:
        for text in (b'["' + b"x" * 2_000_000 + b'"]', b"5", b'"x"'):
            outcomes.append((await workers.do(Job(60.0, b"digest", schema, text))).outcome)
    await workers.close()
    assert outcomes == [Outcome.EXHAUSTED, Outcome.INVALID, Outcome.OK]
    assert len(found(log, "schema_worker_started")) == 2


async def test_an_answer_too_large_to_be_checked_is_an_error(live: Live) -> None:
    checks = SchemaChecks()
    failure = await checks.judge(OutputFormat(), '"' + "x" * MOST_TEXT)
    assert failure is not None and "more than 8 MB" in failure.error.message
    await checks.close()


PROGRAM = """
import asyncio, os, sys, tempfile
from pathlib import Path
from gateway.simulator.server import start
from tests.live import gateway
from tests.web.schema_forms import FORMS, frames
async def main():
    simulator = await start()
    async with gateway(simulator, Path(tempfile.mkdtemp())) as live:
        simulator.push(*[frames("{}")] * 6)
        assert all([(await form.ask(live, {"type": "object"})).good for form in FORMS])
    await simulator.stop()
    print([name for name in ("jsonschema", "referencing") if name in sys.modules])
asyncio.run(main())
"""


def test_the_gateways_process_never_loads_jsonschema(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=120, env=environment
    )
    assert json.loads(done.stdout.splitlines()[-1]) == []


async def test_a_schema_that_gets_no_turn_is_refused_with_a_reason() -> None:
    checks = SchemaChecks(SchemaWorkers(wait=0.0))
    bombs = [OutputFormat(json.dumps({**BOMB, "title": title}).encode(), "path") for title in "ab"]
    hanging = [asyncio.create_task(checks.judge(bomb, BOMBED)) for bomb in bombs]
    await asyncio.sleep(0)
    another = OutputFormat(b'{"type":"object"}', "path")
    with pytest.raises(GatewayError) as caught:
        await checks.check(another)
    assert (caught.value.kind, caught.value.retry_after) == (Kind.OVERLOADED, 5.0)
    failure = await checks.judge(another, "{}")
    assert failure is not None and "too many others are being checked" in failure.error.message
    for task in hanging:
        task.cancel()
    await asyncio.wait(hanging)
    await checks.close()


async def test_a_known_schema_does_not_wait_for_answers_that_are_checked_by_it() -> None:
    workers = SchemaWorkers()
    checks = SchemaChecks(workers)
    output = OutputFormat(json.dumps(BOMB).encode(), "path")
    await checks.check(output)
    hanging = asyncio.create_task(checks.judge(output, BOMBED))
    await asyncio.sleep(0)
    await checks.check(output)
    assert not hanging.done()
    hanging.cancel()
    await asyncio.wait([hanging])
    await checks.close()
