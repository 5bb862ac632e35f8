"""What a fault of Kiro's cannot know of itself: how long the prompt was, what fits, and which names there are."""

from msgspec import Struct

from gateway.errors import GatewayError, Kind, UpstreamError
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


def completed(
    error: GatewayError, around: Circumstances, *, request_id: str | None = None, quota_reset: str | None = None
) -> GatewayError:
    """The error of a request with what its circumstances add to the message; not for one that is completed already.

    request_id: Kiro's for the last attempt, where the error has none. quota_reset: the day on which the plan's requests
    begin again, if Kiro named it.
    """
    if not isinstance(error, UpstreamError):
        return error
    error = error.replaced(request_id=error.request_id or request_id)
    if error.kind is Kind.CONTEXT_FULL:
        return error.replaced(message=overflow(around.estimate, around.window))
    return error.replaced(message=" ".join([error.message, *_additions(error, around, quota_reset)]))


def _additions(error: UpstreamError, around: Circumstances, quota_reset: str | None) -> list[str]:
    told = []
    if error.kind is Kind.NOT_FOUND and (near := _near(around)):
        told.append(f"Did you mean {' or '.join(near)}?")
    if error.kind is Kind.QUOTA and quota_reset:
        told.append(f"The requests begin again on {quota_reset}.")
    if error.request_id:
        told.append(f"(Kiro's request id: {error.request_id})")
    return told


def _near(around: Circumstances) -> list[str]:
    """Names like the client's, without the one that was refused: a plan may lack a model that is in the list."""
    return [name for name in suggestions(around.model, around.catalogue) if name != around.model_id]
