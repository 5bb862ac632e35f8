"""JSON Schemas of clients, applied by a process of its own (``python -m gateway.json_schema``): what both sides send.

Frames on standard input and output: four bytes of length (big endian), then MessagePack. The worker sends one READY
when it can work, and one JobResult for each Job. It ends when its standard input ends.
"""

from enum import Enum
from typing import Any, Final

import msgspec
from msgspec import Struct

LENGTH_BYTES: Final = 4

_encoder: Final = msgspec.msgpack.Encoder()


class Job(Struct, frozen=True, array_like=True):
    """Check a schema (``text`` is None), or a text by a schema.

    seconds: the time limit; a worker whose gateway was killed ends itself a little after it.
    digest: SHA-256 of the schema's JSON; None for a text that need only be a JSON object.
    schema: its JSON, left out where the worker may know it by its digest. text: the model's answer, UTF-8.
    """

    seconds: float
    digest: bytes | None = None
    schema: bytes | None = None
    text: bytes | None = None


class Outcome(Enum):
    """What became of a job.

    READY: none yet, the process has started. OK: the schema is valid, or the text is valid by it. INVALID: it is not.
    UNKNOWN: no schema of that digest is kept here. EXHAUSTED: the memory limit was met; the process is to be replaced.
    """

    READY = "ready"
    OK = "ok"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    EXHAUSTED = "exhausted"


class JobResult(Struct, frozen=True, array_like=True):
    """complaint: what is wrong with a text, for the client: nothing of the text but names of its members.
    correction: the same for the model. compiled: the schema was not kept yet and was made ready for this job.
    """

    outcome: Outcome
    complaint: str = ""
    correction: str = ""
    compiled: bool = False


def frame(message: Job | JobResult) -> bytes:
    """A message as it is sent."""
    body = _encoder.encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def length(head: bytes) -> int:
    """The length of a message, from the bytes before it."""
    return int.from_bytes(head, "big")


job_from: Final[Any] = msgspec.msgpack.Decoder(Job).decode
answer_from: Final[Any] = msgspec.msgpack.Decoder(JobResult).decode
