"""The log, configured once: one stream for the gateway, the server and the libraries; one record, one line.

Everyone else asks ``structlog.get_logger()`` and knows nothing of this file. What goes out has passed ``Cleaner``:
secrets masked, control characters escaped, fields cut to a length (S33, S34).
"""

import asyncio
import logging
import re
import sys
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from functools import lru_cache
from typing import Any, BinaryIO, Final

import structlog
from structlog.typing import Processor

from gateway.jsontext import encode

TRACE: Final = 5
LEVELS: Final = {
    "TRACE": TRACE,
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "CRITICAL": logging.CRITICAL,
}
MASK: Final = "***"
LONGEST_FIELD: Final = 2_000
LONGEST_TRACEBACK: Final = 16_000
_DEEPEST: Final = 4
_NAMES_KEPT: Final = 256
_SHORTEST_HIDDEN: Final = 6
"""A configured secret shorter than this would mask ordinary words everywhere."""

_SECRET_NAME: Final = re.compile(r"(authorization|cookie|password|passwd|secret|token|api[-_]?key)$", re.IGNORECASE)
_REVEALING: Final = (
    # One look at the word's beginning for all of them: four took twice as long, most of what a line costs.
    r"\b(?:(?i:bearer\s+[\w.~+/=:-]{6,}|basic\s+[\w+/=]{16,})"
    r"|ao[ar][\w+/=:.-]{8,}"
    r"|(?:ksk_|kg-|sk-)[\w-]{8,}"
    r"|eyJ[\w-]{6,}(?:\.[\w-]+)*)"
    r"|(?<=://)[^/\s@]+(?=@)"
)
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Control characters, line and paragraph separators, marks that turn the reading direction, half characters."""

_FIGURES: Final = frozenset((type(None), bool, int, float))
_FIGURES_AND_TEXTS: Final = _FIGURES | {str}

_NOISE: Final = (asyncio.CancelledError, KeyboardInterrupt, ConnectionResetError, BrokenPipeError)
"""What a library reports when a peer or a shutdown closed something: nothing anyone could act on."""

Record = MutableMapping[str, Any]


class Cleaner:
    """A processor: every text of a record fit to be read by anyone, on one line."""

    def __init__(self, hide: Collection[str] = ()) -> None:
        known = sorted((re.escape(text) for text in hide if len(text) >= _SHORTEST_HIDDEN), key=len, reverse=True)
        self._secret = re.compile("|".join([*known, _REVEALING]))
        self._name = lru_cache(_NAMES_KEPT)(self._seen_name)

    def __call__(self, _: Any, __: str, record: Record) -> Record:
        """Clean the fields; names are cleaned too, since a record may be made of foreign keys."""
        texts = " ".join([value for value in record.values() if isinstance(value, str)])
        harmless = len(texts) <= LONGEST_FIELD and texts.isprintable() and not self._secret.search(texts)
        fit = _FIGURES_AND_TEXTS if harmless else _FIGURES
        cleaned: Record = {}
        for name, value in record.items():
            clean, secret = self._name(name)
            seen = not secret and type(value) in fit  # one look at all texts saved a look at each
            cleaned[clean] = value if seen else self._field(name, value, 0)
        return cleaned

    def _seen_name(self, name: str) -> tuple[str, bool]:
        return self._line(name), _SECRET_NAME.search(name) is not None

    def _field(self, name: str, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if name == "exception":
            return self._traceback(str(value))
        if self._name(name)[1]:
            return MASK
        if isinstance(value, Mapping) and depth < _DEEPEST:
            return {self._name(str(key))[0]: self._field(str(key), item, depth + 1) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset) and depth < _DEEPEST:
            return [self._field("", item, depth + 1) for item in value]
        return self._line(value if isinstance(value, str) else str(value))

    def _line(self, text: str) -> str:
        """Mask before the cut, so that no half of a secret is left; look no further than what a cut can keep."""
        masked = self._secret.sub(MASK, text[: 2 * LONGEST_FIELD])
        cut = masked if len(masked) <= LONGEST_FIELD else f"{masked[:LONGEST_FIELD]}… ({len(text)} characters)"
        return cut if cut.isprintable() else _UNPRINTABLE.sub(_escape, cut)

    def _traceback(self, text: str) -> str:
        masked = self._secret.sub(MASK, text[: 2 * LONGEST_TRACEBACK])[:LONGEST_TRACEBACK]
        return "\n".join(_UNPRINTABLE.sub(_escape, line) for line in masked.split("\n"))


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape", "surrogatepass").decode("ascii")


class Lines:
    """The end of the line of processors: bytes to a file. A log that cannot be written harms no request (S36)."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def msg(self, line: bytes) -> None:
        """Write one line."""
        try:
            self._file.write(line + b"\n")
            self._file.flush()
        except (OSError, ValueError):  # a closed terminal, a full disk
            return

    debug = info = warning = error = critical = exception = msg


class FromLibraries(logging.Handler):
    """Records of aiohttp, asyncio and others, as records of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass it on, unless it is the noise of something closing."""
        if record.exc_info and isinstance(record.exc_info[1], _NOISE):
            return
        level = min((known for known in _METHODS if known >= record.levelno), default=logging.CRITICAL)
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            text = str(record.msg)
        getattr(structlog.get_logger(), _METHODS[level])(text, logger=record.name, exc_info=record.exc_info)


_METHODS: Final = {
    logging.DEBUG: "debug",
    logging.INFO: "info",
    logging.WARNING: "warning",
    logging.ERROR: "error",
    logging.CRITICAL: "critical",
}


def as_json(_: Any, __: str, record: Record) -> bytes:
    """A record as one JSON object; the event first."""
    return encode({"event": record.pop("event", ""), **record})


class AsConsole:
    """A record for eyes: aligned, with colours on a terminal; the lines of a traceback are set in."""

    def __init__(self, *, colors: bool) -> None:
        self._render = structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=0)

    def __call__(self, logger: Any, name: str, record: Record) -> bytes:
        """The line; a traceback follows with a bar before each line, so that it cannot pass for records."""
        traceback = record.pop("exception", None)
        text = self._render(logger, name, record)
        if traceback:
            text += "".join(f"\n    | {line}" for line in traceback.split("\n"))
        return text.encode("utf-8", "replace")


def configure(
    level: str,
    form: str,
    *,
    hide: Collection[str] = (),
    also: Sequence[Processor] = (),
    file: BinaryIO | None = None,
) -> None:
    """Set up the log for this process: a level's name, ``auto``, ``console`` or ``json``, and texts never to be shown.

    also: who else gets the records, with all secrets masked. file: where it goes, standard error if not given.
    Libraries speak from WARNING up; at DEBUG from INFO up, and at TRACE all they have to say.
    """
    target = sys.stderr.buffer if file is None else file
    console = form == "console" or (form == "auto" and target.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            Cleaner(hide),
            *also,
            AsConsole(colors=target.isatty()) if console else as_json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(max(LEVELS[level], logging.DEBUG)),
        logger_factory=lambda *_: Lines(target),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[FromLibraries()], level=_library_level(level), force=True)
    logging.captureWarnings(capture=True)


def _library_level(level: str) -> int:
    match level:
        case "TRACE":
            return logging.DEBUG
        case "DEBUG":
            return logging.INFO
        case _:
            return max(LEVELS[level], logging.WARNING)
