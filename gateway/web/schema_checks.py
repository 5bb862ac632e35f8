"""The JSON Schemas that clients demand of answers: found valid before a request is sent, and applied to its answer.

Both happen in processes of their own (``schema_workers``): a pattern or a large schema holds whatever loop or thread
runs it, for any time. The event loop only makes digests and sends bytes.
"""

import asyncio
import hashlib
from collections import OrderedDict
from contextlib import nullcontext
from typing import Final
from weakref import WeakValueDictionary

from gateway.conversation import OutputFormat
from gateway.errors import GatewayError, Kind
from gateway.events import Failure
from gateway.honour.unmet import Unmet
from gateway.json_schema import Job, JobResult, Outcome
from gateway.web.schema_workers import Busy, SchemaWorkers, TimeUp, WorkerLost

CHECK_SECONDS: Final = 5.0
"""For a schema: the largest one that is taken (``dialects.output_format``) took 0.4 to 2 s on a slow machine."""

ANSWER_SECONDS: Final = 2.0
"""For an answer: 1 MB by an honest schema took 0.8 s. A client waits for it with its answer already written."""

MOST_TEXT: Final = 8 << 20
"""Bytes of an answer that is checked; a model's longest takes less than 1 MB, and its values must fit into 512 MB."""

KEPT: Final = 4096
"""Schemas whose verdict is remembered, by digest: half a megabyte."""

UNCHECKED: Final = "The answer could not be checked by the JSON Schema that was asked for: "


class SchemaChecks:
    """The checks of all requests. Jobs with one schema are done one at a time: no client can occupy all workers with
    one, and a schema that comes in many requests at once is checked once.
    """

    def __init__(self, workers: SchemaWorkers | None = None) -> None:
        self._workers = workers or SchemaWorkers()
        self._verdicts: OrderedDict[bytes, bool] = OrderedDict()
        self._locks: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    async def check(self, output: OutputFormat | None) -> None:
        """Raises INVALID_REQUEST with the schema's path if it is not valid, or could not be checked in time."""
        if output is None or output.schema is None:
            return
        digest = _digest(output.schema)
        valid = self._verdicts.get(digest)
        if valid is None:
            async with self._lock(digest):
                valid = self._verdicts.get(digest)  # another request may have had it checked meanwhile
                if valid is None:
                    valid = await self._checked(output, Job(CHECK_SECONDS, digest, output.schema))
        self._remember(digest, valid=valid)
        if not valid:
            raise _refusal(output, "Input should be a valid JSON Schema")

    async def _checked(self, output: OutputFormat, job: Job) -> bool:
        try:
            answer = await self._workers.do(job)
        except TimeUp as error:
            raise _refusal(
                output, f"The JSON Schema could not be checked within {job.seconds:g} s: send a simpler one"
            ) from error
        except Busy as error:
            raise GatewayError(
                Kind.OVERLOADED,
                "Too many JSON Schemas are being checked. Send the request again later.",
                retry_after=5.0,
            ) from error
        except WorkerLost as error:
            raise GatewayError(
                Kind.INTERNAL,
                "The process that checks JSON Schemas ended twice without a result: send the request again",
            ) from error
        if answer.outcome is Outcome.EXHAUSTED:
            raise _refusal(output, "The JSON Schema could not be checked within 512 MB of memory: send a simpler one")
        return answer.outcome is Outcome.OK

    async def judge(self, output: OutputFormat, text: str) -> Failure | None:
        """What a turn ends with whose text is not the JSON that was asked for, or could not be checked; None if it is.

        An answer that could not be checked is an error as well: a client that asked for a schema relies on it.
        """
        raw = text.encode("utf-8", "replace")
        if len(raw) > MOST_TEXT:
            return _unchecked(f"it has more than {MOST_TEXT >> 20} MB")
        digest = None if output.schema is None else _digest(output.schema)
        job = Job(ANSWER_SECONDS, digest, output.schema, raw)
        try:
            async with nullcontext() if digest is None else self._lock(digest):
                answer = await self._workers.do(job)
        except TimeUp:
            return _unchecked(f"that takes longer than {job.seconds:g} s. Ask with a simpler schema")
        except Busy:
            return _unchecked("too many others are being checked")
        except WorkerLost:
            return _unchecked("the process that does so ended twice")
        if answer.outcome is Outcome.EXHAUSTED:
            return _unchecked("that takes more than 512 MB of memory. Ask with a simpler schema")
        return None if answer.outcome is Outcome.OK else _unmet(answer, text)

    async def close(self) -> None:
        """End the processes."""
        await self._workers.close()

    def _lock(self, digest: bytes) -> asyncio.Lock:
        """The lock of a schema; it lives as long as a job holds it or waits for it."""
        lock = self._locks.get(digest)
        if lock is None:
            lock = self._locks[digest] = asyncio.Lock()
        return lock

    def _remember(self, digest: bytes, *, valid: bool) -> None:
        self._verdicts[digest] = valid
        self._verdicts.move_to_end(digest)
        while len(self._verdicts) > KEPT:
            self._verdicts.popitem(last=False)


def _digest(schema: bytes) -> bytes:
    """0.5 ms for the largest."""
    return hashlib.sha256(schema).digest()


def _refusal(output: OutputFormat, message: str) -> GatewayError:
    return GatewayError(Kind.INVALID_REQUEST, message, path=output.path, should_retry=False)


def _unchecked(reason: str) -> Failure:
    """Not an Unmet: nothing is known to be wrong with the answer, so the model is not asked to correct it."""
    return Failure(GatewayError(Kind.TIMEOUT, f"{UNCHECKED}{reason}.", should_retry=False))


def _unmet(answer: JobResult, text: str) -> Failure:
    message = f"The model did not answer in the JSON that was asked for: {answer.complaint}."
    return Failure(Unmet(message, said=text, correction=answer.correction))
