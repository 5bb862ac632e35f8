"""Checks of the shape of a parsed JSON value, made from small parts, run once over the original objects.

A check takes a value and returns None or the problem: a list of one sentence, or a dict of problems by index or by
field. Sentences never show any of the value. Nothing is copied, coerced or made: a body of 400 KB costs 0.15 ms,
a tree of nested marshmallow schemas forty times as much.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

Problem = list[str] | dict[str | int, Any]
Check = Callable[[Any], Problem | None]

REQUIRED: Final = "Field required"
LARGEST_INT: Final = 2**63 - 1
"""Larger numbers mean nothing in any field, and some (10**400) cost or crash where they are used."""

LONGEST_WORD: Final = 256
"""Four times what Kiro takes for a name (longer ones are shortened on the way), and no more."""

LONGEST_STOP: Final = 1000
"""Characters of a stop sequence; every delta is compared with its beginnings."""

ALL_STOPS: Final = 4000
"""Characters of all stop sequences of a request: each is searched for in every delta, in the worst case by length times
length (64 sequences of 1,000 characters: 57 ms for one delta). 64 of the length of a sentence fit."""

_ABSENT: Final = object()


def string(value: Any) -> Problem | None:
    """Any text, the empty one included."""
    return None if isinstance(value, str) else ["Input should be a valid string"]


def word(value: Any) -> Problem | None:
    """A name: 1 to LONGEST_WORD characters and no control characters, since names end up in headers and logs."""
    if not isinstance(value, str):
        return ["Input should be a valid string"]
    if not 1 <= len(value) <= LONGEST_WORD:
        return [f"String should have 1 to {LONGEST_WORD} characters"]
    if any(character < " " or character == "\x7f" for character in value):
        return ["String should have no control characters"]
    return None


def stop(value: Any) -> Problem | None:
    """A stop sequence. Longer ones than any real client sends would only make every delta costly to look at."""
    if isinstance(value, str) and len(value) > LONGEST_STOP:
        return [f"String should have at most {LONGEST_STOP} characters, this gateway's limit"]
    return string(value)


def stops(*, most: int) -> Check:
    """A list of stop sequences, of a bounded length together."""
    each = list_of(stop, most=most)

    def check_stops(value: Any) -> Problem | None:
        problem = each(value)
        if problem is None and sum(map(len, value)) > ALL_STOPS:
            return [f"Strings should have at most {ALL_STOPS} characters together, this gateway's limit"]
        return problem

    return check_stops


def boolean(value: Any) -> Problem | None:
    """True or false; not 1, not ``"yes"``."""
    return None if isinstance(value, bool) else ["Input should be a valid boolean"]


def integer(value: Any) -> Problem | None:
    """A whole number below 2**63; not true, not 5.0, not ``"5"``."""
    if not isinstance(value, int) or isinstance(value, bool):
        return ["Input should be a valid integer"]
    return None if abs(value) <= LARGEST_INT else ["Input should be below 2**63"]


def positive(value: Any) -> Problem | None:
    """A whole number from 1."""
    return integer(value) or (None if value >= 1 else ["Input should be greater than or equal to 1"])


def number(value: Any) -> Problem | None:
    """A finite number; the comparison is false for NaN."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return ["Input should be a valid number"]
    return None if -LARGEST_INT <= value <= LARGEST_INT else ["Input should be a finite number"]


def mapping(value: Any) -> Problem | None:
    """A JSON object, whatever is in it."""
    return None if isinstance(value, dict) else ["Input should be an object"]


def one_of(*words: str) -> Check:
    """One of these words, which the problem lists."""
    allowed = frozenset(words)
    problem: Problem = [f"Input should be {either(words)}"]

    def check(value: Any) -> Problem | None:
        return None if isinstance(value, str) and value in allowed else problem

    return check


def refused(sentence: str) -> Check:
    """Nothing but null: a field of the API that is not served, or of another API, and that must not go unseen."""
    problem: Problem = [sentence]
    return lambda _value: problem


def nullable(check: Check) -> Check:
    """``null``, which stands for an absent field, or what ``check`` wants."""
    return lambda value: None if value is None else check(value)


def text_or(other: Check) -> Check:
    """A string, or what ``other`` wants."""
    return lambda value: None if isinstance(value, str) else other(value)


def list_of(check: Check, *, most: int | None = None, least: int = 0) -> Check:
    """A list of what ``check`` wants; problems come by index, at most the first ten."""

    def check_list(value: Any) -> Problem | None:
        if not isinstance(value, list):
            return ["Input should be a valid list"]
        if len(value) < least:
            return [f"List should have at least {least} item after validation"]
        if most is not None and len(value) > most:
            return [f"List should have at most {most} items, this gateway's limit"]
        problems: dict[str | int, Any] = {}
        for index, item in enumerate(value):
            problem = check(item)
            if problem is not None:
                problems[index] = problem
                if len(problems) == 10:  # noqa: PLR2004 - one would do; a few more help whoever reads the log
                    break
        return problems or None

    return check_list


def record(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these fields; null counts as absent for the optional ones, and others may stand beside them."""
    must, may = tuple(required.items()), tuple((optional or {}).items())

    def check_record(value: Any) -> Problem | None:
        if not isinstance(value, dict):
            return ["Input should be an object"]
        problems: dict[str | int, Any] = {}
        for name, check in must:
            item = value.get(name, _ABSENT)
            problem = [REQUIRED] if item is _ABSENT else check(item)
            if problem is not None:
                problems[name] = problem
        for name, check in may:
            item = value.get(name)
            if item is not None and (problem := check(item)) is not None:
                problems[name] = problem
        return problems or None

    return check_record


def tagged(checks: Mapping[str, Check], *, known: Collection[str] = ()) -> Check:
    """An object whose ``type`` says which check applies.

    known: types that exist in the API and are not served here; only these are named back, since an unknown word is
    the client's input.
    """
    expected: Problem = {"type": [f"Input should be {either(tuple(checks))}"]}

    def check_tagged(value: Any) -> Problem | None:
        if not isinstance(value, dict):
            return ["Input should be an object"]
        kind = value.get("type", _ABSENT)
        if kind is _ABSENT:
            return {"type": [REQUIRED]}
        check = checks.get(kind) if isinstance(kind, str) else None
        if check is not None:
            return check(value)
        if isinstance(kind, str) and kind in known:
            return {"type": [f"`{kind}` is not supported by this gateway"]}
        return expected

    return check_tagged


def either(words: tuple[str, ...]) -> str:
    """``'a', 'b' or 'c'``."""
    quoted = [f"'{item}'" for item in words]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
