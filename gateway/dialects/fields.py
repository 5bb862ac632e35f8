"""marshmallow at the border: one field class that runs our checks, and the one place that makes a 400 of its errors."""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import INCLUDE, Schema, ValidationError, fields

from gateway.dialects.shape import REQUIRED, Check, record
from gateway.errors import GatewayError, Kind

MOST_MESSAGES: Final = 10_000
MOST_TOOLS: Final = 512
MOST_STOPS: Final = 64
MOST_DOMAINS: Final = 256
"""A required set has limits, or a small body can ask for much work (R13)."""


class Checked(fields.Field[Any]):
    """A field that must pass ``check`` and is returned as it is: the very object, never a copy or a coerced value."""

    def __init__(self, check: Check, *, required: bool = False) -> None:
        words: dict[str, str | list[Any] | dict[Any, Any]] = {"required": REQUIRED, "null": "Input should not be null"}
        super().__init__(required=required, allow_none=not required, error_messages=words)
        self.check = check

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        problem = self.check(value)
        if problem is not None:
            raise ValidationError(problem)
        return value


class RequestSchema(Schema):
    """A request body. Clients grow fields faster than we read about them, so unknown ones pass."""

    class Meta:
        """marshmallow's own place for this setting."""

        unknown = INCLUDE

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        checked = {name: field for name, field in self.fields.items() if isinstance(field, Checked)}
        required = {name: field.check for name, field in checked.items() if field.required}
        optional = {name: field.check for name, field in checked.items() if not field.required}
        self._whole = record(required, optional) if len(checked) == len(self.fields) else None

    def load(self, data: Any, **options: Any) -> Any:
        """As marshmallow's own, which walks the fields only to tell what is wrong.

        Where all fields are ``Checked``, a body in which their checks, run as one, find nothing is its own result:
        nothing is copied or coerced there anyway, and the walk is most of what a short request's validation costs.
        """
        if self._whole is not None and not options and self._whole(data) is None:
            return data
        return super().load(data, **options)


def refusal(error: ValidationError) -> GatewayError:
    """The first problem as INVALID_REQUEST with its path (``messages.3.content.0.text``) and a sentence.

    Nothing of the input is in it: paths are made of our own field names and of indexes.
    """
    path: list[str] = []
    found: Any = error.messages
    while isinstance(found, dict) and found:
        name, found = next(iter(found.items()))
        path.append(str(name))
    message = str(found[0]) if isinstance(found, list) and found else "The request is not valid"
    if path == ["_schema"]:
        return GatewayError(Kind.INVALID_REQUEST, "The request body must be a JSON object")
    return GatewayError(Kind.INVALID_REQUEST, message, path=".".join(path))
