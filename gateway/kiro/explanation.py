"""Why Kiro may have refused a body without saying so: the rules it breaks, where, and what to change."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.jsontext import JsonError, decode
from gateway.kiro.body import Object
from gateway.kiro.rules import RULES, Violation, check

SHOWN: Final = 5
"""Findings an error message names; a history that breaks a rule in one turn often breaks it in fifty."""

LONGEST_PATH: Final = 200
"""Characters of a path; a path through a tool's schema is as long as the client's own names make it."""

LARGEST: Final = 2 << 20
"""Bytes of a body that is looked into. Kiro refuses a weight above 1.36 million (rule 31), and reading JSON holds the
event loop even from a thread: 5 to 10 ms a MB."""

_UNPROVEN: Final = frozenset(rule.name for rule in RULES if not rule.on)

NOTHING_FOUND: Final = (
    "No known rule is broken. Set DEBUG_MODE=errors and send it again: the capture holds the body that was refused. "
    "A shorter conversation or fewer tools may pass."
)


TOO_LARGE: Final = (
    f"What was sent has more than {LARGEST >> 20} MB, which is the likely cause; it was not checked further. "
    "A shorter conversation or fewer tools may pass."
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was found. proven: such bodies were refused; else these are suspects. too_large: nothing was looked for."""

    broken: tuple[Violation, ...] = ()
    proven: bool = True
    too_large: bool = False

    @property
    def message(self) -> str:
        """For an error's text: one paragraph, nothing of the request but names of its members."""
        if not self.broken:
            return TOO_LARGE if self.too_large else NOTHING_FOUND
        told = "; ".join(describe(violation) for violation in self.broken[:SHOWN])
        more = f"; and {len(self.broken) - SHOWN} more" if len(self.broken) > SHOWN else ""
        head = "What was sent breaks" if self.proven else "No known rule is broken; the cause may be"
        return f"{head} {told}{more}."


def explain(
    payload: Mapping[str, Any],
    *,
    known_models: Collection[str] | Mapping[str, Object | None] | None = None,
    max_input_tokens: int | None = None,
) -> Explanation:
    """Check a request body; the parameters are those of ``rules.check``. Never raises.

    Rules that only some client or some year was seen to need are looked at when no other is broken: a body of 620 KB
    passes today, but where nothing else explains a refusal its size is the best guess.
    """
    known: Any = {"known_models": known_models, "max_input_tokens": max_input_tokens}
    if broken := check(payload, **known):
        return Explanation(tuple(broken))
    return Explanation(tuple(check(payload, on=_UNPROVEN, **known)), proven=False)


def explain_body(body: bytes) -> Explanation:
    """The same for the bytes that were sent."""
    if len(body) > LARGEST:
        return Explanation(too_large=True)
    try:
        return explain(decode(body))
    except JsonError:  # we wrote it, so it is JSON; but an explanation must not hide the refusal
        return Explanation()


def describe(violation: Violation) -> str:
    """``rule 1 (chat-trigger) at conversationState.chatTriggerType: send MANUAL``."""
    place = _visible(violation.path)
    at = f" at {place}" if place else ""
    return f"rule {violation.number} ({violation.name}){at}: {_visible(violation.message)}"


def _visible(text: str) -> str:
    clean = "".join(letter if letter.isprintable() else "?" for letter in text)
    return clean if len(clean) <= LONGEST_PATH else f"{clean[:LONGEST_PATH]}…"
