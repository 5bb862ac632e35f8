"""What a fault of Kiro's cannot know of itself: how long the prompt was, what fits, and which names there are."""

from msgspec import Struct

from gateway.errors import Kind, UpstreamError
from gateway.kiro.models import Catalogue, suggestions


class Circumstances(Struct, frozen=True):
    """The request that failed. estimate, window: tokens of its input, and what the model takes.

    model, model_id: as the client spelled it, and as Kiro was sent it. catalogue: the models it could have named.
    """

    estimate: int
    window: int
    model: str
    model_id: str
    catalogue: Catalogue


def overflow(estimate: int, window: int) -> str:
    """The words by which clients know that they have to compact; they read both numbers.

    Kiro refused, so the prompt is longer than the window, whatever our estimate says.
    """
    return f"prompt is too long: {max(estimate, window + 1)} tokens > {window} maximum"


def completed(error: UpstreamError, around: Circumstances, quota_reset: str | None = None) -> str:
    """The error's message with what the circumstances add. Completing a completed one changes nothing.

    quota_reset: the day on which the plan's requests begin anew, if Kiro told it.
    """
    if error.kind is Kind.CONTEXT_FULL:
        return overflow(around.estimate, around.window)
    message = error.message
    for addition in _additions(error, around, quota_reset):
        if addition not in message:
            message = f"{message} {addition}"
    return message


def _additions(error: UpstreamError, around: Circumstances, quota_reset: str | None) -> list[str]:
    told = []
    if error.kind is Kind.NOT_FOUND and (near := _near(around)):
        told.append(f"Did you mean {' or '.join(near)}?")
    if error.kind is Kind.QUOTA and quota_reset:
        told.append(f"The requests begin anew on {quota_reset}.")
    if error.request_id:
        told.append(f"(Kiro's request id: {error.request_id})")
    return told


def _near(around: Circumstances) -> list[str]:
    """Names like the client's, without the one that was refused: a plan may lack a model that is in the list."""
    return [name for name in suggestions(around.model, around.catalogue) if name != around.model_id]
