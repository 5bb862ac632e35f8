"""The log: one record one line, whatever is in it; no secrets; all voices in one stream."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from gateway import log


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The log is the process's: put everything back."""
    root = logging.getLogger()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.configure(**config)


class Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


def configured(level: str = "INFO", form: str = "json", hide: tuple[str, ...] = ()) -> tuple[Any, io.BytesIO]:
    file = io.BytesIO()
    log.configure(level, form, hide=hide, file=file)
    return structlog.get_logger(), file


def records(file: io.BytesIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.getvalue().splitlines()]


def test_a_record_is_one_json_object_with_time_and_level() -> None:
    logger, file = configured()
    logger.info("done", status=200, ms=1.5, stream=True, stop=None)
    [record] = records(file)
    assert record.pop("timestamp").endswith("Z")
    assert record == {"event": "done", "level": "info", "status": 200, "ms": 1.5, "stream": True, "stop": None}


NASTY = {
    "line feed": "a\nb",
    "carriage return": "a\r\nb",
    "escape": "\x1b[31mred\x1b[0m",
    "line separator": "a\u2028b\u2029c\u0085d",
    "right to left": "a\u202eb\u2066c\u200f",
    "null": "\x00",
    "half a pair": "\ud800",
    "placeholders": "{} %s %(x)s {0.__class__}",
}


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_no_text_makes_a_second_line_or_a_colour(text: str, form: str) -> None:
    logger, file = configured(form=form)
    logger.info(text, **{"model": text, "path": [text], "nested": {"k": text}, text: 1})
    [line] = file.getvalue().decode().splitlines()
    assert line.isprintable()


def test_an_exception_is_one_line_in_json_and_set_in_on_a_console() -> None:
    for form in ("json", "console"):
        logger, file = configured(form=form)
        try:
            raise ValueError("first\n2026-01-01 [info] forged")
        except ValueError:
            logger.exception("failed")
        first, *rest = file.getvalue().decode().splitlines()
        assert "failed" in first
        assert (rest == []) if form == "json" else all(line.startswith("    | ") for line in rest)


def test_a_long_field_is_cut() -> None:
    logger, file = configured()
    logger.info("x", agent="A" * 10_000_000)
    [record] = records(file)
    assert len(record["agent"]) < 2 * log.LONGEST_FIELD
    assert record["agent"].endswith("(10000000 characters)")


SECRETS = {
    "access token": "aoaAAAAAGxyz0123456789:MGUCMQ",
    "refresh token": "aorAAAAAGxyz0123456789",
    "api key": "ksk_0123456789abcdef",
    "our key": "kg-0123456789abcdefghij",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "configured": "correct-horse-battery",
}


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_a_secret_is_masked_wherever_it_stands(secret: str, form: str) -> None:
    logger, file = configured(form=form, hide=("correct-horse-battery",))
    try:
        raise ValueError(f"refused: {secret}")
    except ValueError:
        logger.exception(f"got {secret}", text=f"x={secret};", deep=[{"a": secret}], **{secret: 1})
    assert secret[:12] not in file.getvalue().decode()


def test_others_get_the_records_too_with_every_secret_masked() -> None:
    seen: list[Any] = []

    def also(_logger: Any, _method: str, record: Any) -> Any:
        seen.append(dict(record))
        return record

    file = io.BytesIO()
    log.configure("INFO", "json", hide=("correct-horse-battery",), also=(also,), file=file)
    structlog.get_logger().info("got correct-horse-battery", token="x")
    structlog.get_logger().debug("too little to be told")
    assert [(record["event"], record["token"]) for record in seen] == [("got ***", "***")]
    assert records(file) == seen


def test_fields_named_as_secrets_are_masked_and_counts_are_not() -> None:
    logger, file = configured()
    logger.info("x", authorization="whatever", refreshToken="whatever", api_key="whatever", input_tokens=7, token=None)
    logger.info("x", headers={"X-Api-Key": "whatever", "Cookie": "whatever", "Accept": "*/*"}, url="http://u:p@host/")
    first, second = records(file)
    assert (first["authorization"], first["refreshToken"], first["api_key"]) == ("***", "***", "***")
    assert (first["input_tokens"], first["token"]) == (7, None)
    assert second["headers"] == {"X-Api-Key": "***", "Cookie": "***", "Accept": "*/*"}
    assert second["url"] == "http://***@host/"


def test_a_secret_across_the_cut_leaves_no_half() -> None:
    logger, file = configured()
    secret = "aoa" + "S3CR3T" * 500
    logger.info("x", text="." * (log.LONGEST_FIELD - 10) + " " + secret)
    assert b"S3CR3T" not in file.getvalue()


@pytest.mark.parametrize(
    ("level", "seen"),
    [
        ("TRACE", ["debug", "info", "error", "lib debug", "lib info", "lib error"]),
        ("DEBUG", ["debug", "info", "error", "lib info", "lib error"]),
        ("INFO", ["info", "error", "lib error"]),
        ("ERROR", ["error", "lib error"]),
        ("CRITICAL", []),
    ],
)
def test_levels_choose_what_is_heard(level: str, seen: list[str]) -> None:
    logger, file = configured(level)
    for name in ("debug", "info", "error"):
        getattr(logger, name)(name)
    for name in ("debug", "info", "error"):
        getattr(logging.getLogger("aiohttp.server"), name)(f"lib {name}")
    assert [record["event"] for record in records(file)] == seen


def test_libraries_speak_in_the_same_stream_with_their_name() -> None:
    _, file = configured()
    logging.getLogger("asyncio").warning("slow %s", "callback")
    broken = {"name": "asyncio", "levelno": logging.WARNING, "msg": "bad %s %s", "args": ("count",)}
    logging.getLogger("asyncio").handle(logging.makeLogRecord(broken))
    first, second = records(file)
    assert (first["event"], first["logger"], first["level"]) == ("slow callback", "asyncio", "warning")
    assert second["event"] == "bad %s %s"


@pytest.mark.parametrize("noise", [asyncio.CancelledError, KeyboardInterrupt, ConnectionResetError, BrokenPipeError])
def test_the_noise_of_closing_is_not_heard_and_a_real_fault_is(noise: type[BaseException]) -> None:
    _, file = configured()
    for error in (noise(), RuntimeError("real")):
        logging.getLogger("aiohttp.server").error("Error handling request", exc_info=error)
    [record] = records(file)
    assert "RuntimeError: real" in record["exception"]


def test_auto_is_console_with_colours_on_a_terminal_and_json_elsewhere() -> None:
    terminal, pipe = Terminal(), io.BytesIO()
    for file in (terminal, pipe):
        log.configure("INFO", "auto", file=file)
        structlog.get_logger().info("hello", x=1)
    assert b"\x1b[" in terminal.getvalue()
    assert json.loads(pipe.getvalue())["event"] == "hello"


def test_a_log_that_cannot_be_written_harms_nobody() -> None:
    logger, file = configured()
    file.close()
    logger.info("into the void")
    assert file.closed


def test_context_variables_are_in_every_record() -> None:
    logger, file = configured()
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        logger.info("x")
    assert records(file)[0]["request_id"] == "r1"
