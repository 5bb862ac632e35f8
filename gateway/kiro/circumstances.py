"""What a fault of Kiro's cannot know of itself: how long the prompt was, what fits, and which names there are."""

import re
from typing import Final

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


_TOO_LONG: Final = "prompt is too long"
"""The words by which clients know that they have to compact; some also read ``N tokens > M maximum`` behind them."""

_KIRO_SAYS: Final = "Kiro says: "
_FIGURES: Final = re.compile(r"(?<![\d,.])\d{1,3}(?:,\d{3}){1,3}(?![\d,])|(?<![\d,.])\d{1,15}(?![\d,])")


def overflow(message: str, around: Circumstances, sent_bytes: int) -> str:
    """The message for a prompt that Kiro found too long: Kiro's own figures, else our estimate, named as one.

    message: the fault's, which ends with what Kiro said. sent_bytes: of the body that Kiro refused. An estimate within
    the window is contradicted by Kiro, so that it is no reason: then the size of what was refused is given, and no
    maximum is claimed.
    """
    said = message.partition(_KIRO_SAYS)[2]
    figures = sorted(int(found.replace(",", "")) for found in _FIGURES.findall(said))
    if len(figures) == 2 and "token" in said.lower() and 0 < figures[0] < figures[1]:  # noqa: PLR2004 - limit and size
        return f"{_TOO_LONG}: {figures[1]} tokens > {figures[0]} maximum"
    behind = f" {_KIRO_SAYS}{said}" if figures else ""
    if around.estimate > around.window:
        reason = f"{around.estimate} tokens > {around.window} maximum. The first figure is this gateway's estimate."
    else:
        reason = (
            f"Kiro refused a request of {sent_bytes} bytes, which are {around.estimate} tokens by this gateway's"
            " estimate."
        )
    return f"{_TOO_LONG}: {reason}{behind}"


def completed(
    error: GatewayError,
    around: Circumstances,
    *,
    request_id: str | None = None,
    sent_bytes: int = 0,
    quota_reset: str | None = None,
) -> GatewayError:
    """The error of a request with what its circumstances add to the message; not for one that is completed already.

    request_id, sent_bytes: Kiro's id for the last attempt, where the error has none, and its body's size.
    quota_reset: the day on which the plan's requests begin again, if Kiro named it.
    """
    if not isinstance(error, UpstreamError):
        return error
    error = error.replaced(request_id=error.request_id or request_id)
    if error.kind is Kind.CONTEXT_FULL:
        return error.replaced(message=overflow(error.message, around, sent_bytes))
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
