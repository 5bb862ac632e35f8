"""Schemas and texts judged by jsonschema. Only the worker imports this: both can take any time and hold the GIL."""

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.protocols import Validator
from jsonschema.validators import extend, validator_for
from referencing import Registry

from gateway import jsontext
from gateway.json_schema import Job, JobResult, Outcome
from gateway.json_schema.metaschema import flat_validator

KEPT: Final = 64
KEPT_BYTES: Final = 4 << 20
"""Of schemas that are kept ready, as JSON; as objects they take some ten times as much."""

_LONGEST_REASON: Final = 500
"""Characters; jsonschema's messages quote the value they are about, however large."""

_INVALID: Final = JobResult(Outcome.INVALID)


class Validators:
    """Does jobs, and keeps the latest schemas by digest."""

    def __init__(self) -> None:
        self._official = flat_validator()
        self._known: OrderedDict[bytes, tuple[Validator, int]] = OrderedDict()
        self._bytes = 0

    def answer(self, job: Job) -> JobResult:
        """The answer to a job. Raises nothing that a schema or a text could cause."""
        try:
            return self._checked(job) if job.text is None else self._validated(job, job.text)
        except MemoryError:
            return JobResult(Outcome.EXHAUSTED)

    def _checked(self, job: Job) -> JobResult:
        if job.schema is None:
            return JobResult(Outcome.UNKNOWN)
        schema = jsontext.decode(job.schema)
        if not is_schema(schema, self._official):
            return _INVALID
        self._ready(job.digest, job.schema)
        return JobResult(Outcome.OK, compiled=True)

    def _validated(self, job: Job, text: bytes) -> JobResult:
        validator, compiled = None, False
        if job.digest is not None:
            validator = self._find(job.digest)
            if validator is None:
                if job.schema is None:
                    return JobResult(Outcome.UNKNOWN)
                validator, compiled = self._ready(job.digest, job.schema), True
        found = complaint(text, validator)
        return JobResult(Outcome.OK if found is None else Outcome.INVALID, *(found or ("", "")), compiled=compiled)

    def _find(self, digest: bytes) -> Validator | None:
        if digest not in self._known:
            return None
        self._known.move_to_end(digest)
        return self._known[digest][0]

    def _ready(self, digest: bytes | None, source: bytes) -> Validator:
        validator = validator_of(jsontext.decode(source))
        if digest is not None:
            self._bytes += len(source) - self._known.pop(digest, (validator, 0))[1]
            self._known[digest] = validator, len(source)
            while len(self._known) > KEPT or self._bytes > KEPT_BYTES:
                self._bytes -= self._known.popitem(last=False)[1][1]
        return validator


def validator_of(schema: Mapping[str, Any]) -> Validator:
    """What applies a schema that has been found valid.

    With a registry of its own a validator fetches nothing: a schema must not make the gateway call anywhere.
    """
    official = validator_for(schema, default=Draft202012Validator)
    dialect: type[Validator] = extend(official, {"uniqueItems": _unique_items})  # type: ignore[no-untyped-call]  # theirs
    return dialect(schema, registry=Registry())


def _unique_items(validator: Any, wanted: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    """The keyword in linear time; jsonschema compares each object with each (3,000 of them: 8.6 s)."""
    if wanted and validator.is_type(instance, "array") and len(set(map(_identity, instance))) < len(instance):
        yield ValidationError(f"{instance!r} has non-unique elements")


def _identity(value: Any) -> Hashable:
    """Equal for values that JSON Schema calls equal: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, bool):
        return bool, value
    if isinstance(value, list):
        return list, tuple(map(_identity, value))
    if isinstance(value, dict):
        return dict, frozenset((key, _identity(item)) for key, item in value.items())
    return value  # type: ignore[no-any-return]  # a text, a number or None


def is_schema(schema: Any, official: Validator) -> bool:
    """Whether it is a JSON Schema of the draft it names. ``official``: of the newest draft, which is the default."""
    try:
        dialect = validator_for(schema, default=Draft202012Validator)
        if dialect is Draft202012Validator:
            return next(official.iter_errors(schema), None) is None
        dialect.check_schema(schema)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - an odd schema makes jsonschema, re and urllib raise nearly anything
        return False
    return True


def complaint(text: bytes, validator: Validator | None) -> tuple[str, str] | None:
    """What is wrong with a text that must be JSON, for the client (without any of the text) and for the model.

    validator: of the schema; None where any object will do.
    """
    try:
        value = jsontext.decode(text)
    except jsontext.JsonError as error:
        return f"it is not JSON ({error})", f"It is not JSON: {error}."
    if validator is not None:
        return _schema_complaint(value, validator)
    return None if isinstance(value, dict) else ("it is not a JSON object", "It must be a JSON object.")


def _schema_complaint(value: Any, validator: Validator) -> tuple[str, str] | None:
    try:
        error = best_match(validator.iter_errors(value))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - an odd schema makes jsonschema, re and referencing raise nearly anything
        return "its schema has a reference or a pattern that cannot be applied", "It does not fit the schema."
    if error is None:
        return None
    correction = f"At {error.json_path}: {error.message}"[:_LONGEST_REASON]
    return f"{error.json_path} is not valid by '{error.validator}'"[:_LONGEST_REASON], correction
