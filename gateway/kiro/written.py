"""A large draft as the JSON it will go out as, written piece by piece.

The encoder holds the interpreter until it returns: 3 ms a megabyte. Written beforehand, in a thread, a request's
attempts only copy it.
"""

from collections.abc import Iterable
from typing import Any, Final

from msgspec import Raw, structs

from gateway.jsontext import encode, encode_text
from gateway.kiro.payload import Draft

LONG: Final = 128 * 1024
"""Characters of a text that is written in pieces of its own."""

Json = dict[str, Any]


def written(draft: Draft) -> Draft:
    """The same draft with its history and its long texts as JSON. ``draft`` stays as it is."""
    state: Json = draft.body["conversationState"]
    current: Json = state["currentMessage"]["userInputMessage"]
    changes: Json = {"currentMessage": {"userInputMessage": _pieces_written(current)}}
    if "history" in state:
        changes["history"] = _list(state["history"])
    return structs.replace(draft, body={**draft.body, "conversationState": {**state, **changes}})


def _pieces_written(value: Any) -> Any:
    """A copy in which long texts and all lists are JSON."""
    if isinstance(value, str):
        return encode_text(value) if len(value) > LONG else value
    if isinstance(value, dict):
        return {name: _pieces_written(item) for name, item in value.items()}
    return _list(value) if isinstance(value, list) else value


def _list(items: Iterable[Any]) -> Raw:
    pieces = [b"["]
    for item in items:
        pieces += (encode(_pieces_written(item)), b",")
    pieces[-1:] = [b"]"] if len(pieces) > 1 else [b"[]"]
    return Raw(b"".join(pieces))
