"""Pictures: how many a request may hold, and what stands where one had to go."""

from collections.abc import Iterable, Iterator
from typing import Final

from gateway.conversation import Block, Image, Message, Text, ToolResult, attached
from gateway.errors import GatewayError, Kind

Messages = tuple[Message, ...]

MAX_IMAGES: Final = 10
"""A request (rule 24: the official CLI's constant)."""

MAX_IMAGE_BYTES: Final = 10 * 1024 * 1024
"""One picture, decoded (rule 24)."""

_TOO_MANY: Final = Text(f"[An earlier image was left out: a request holds at most {MAX_IMAGES}.]")
_TEXT_ONLY: Final = Text("[An image was left out: this model reads text only.]")


def fit_images(messages: Messages, *, readable: bool) -> Messages:
    """Keep the latest pictures Kiro takes; a note stands where another was. ``readable``: the model sees pictures.

    Raises GatewayError(INVALID_REQUEST) for a picture over 10 MiB: leaving it out would answer another question.
    """
    found = attached(messages, Image)
    if any(len(image.data) * 3 // 4 > MAX_IMAGE_BYTES + 2 for image in found):
        raise GatewayError(Kind.INVALID_REQUEST, "an image is larger than 10 MiB, which Kiro does not take")
    surplus = len(found) - (MAX_IMAGES if readable else 0)
    if surplus <= 0:
        return messages
    notes = iter([_TOO_MANY if readable else _TEXT_ONLY] * surplus)
    return tuple(Message(message.role, tuple(_noted(message.blocks, notes))) for message in messages)


def _noted(blocks: Iterable[Block], notes: Iterator[Text]) -> Iterator[Block]:
    """The blocks with a note for each picture, as long as there are notes."""
    for block in blocks:
        if isinstance(block, Image):
            yield next(notes, block)
        elif isinstance(block, ToolResult):
            parts = tuple(next(notes, part) if isinstance(part, Image) else part for part in block.content)
            yield ToolResult(block.call_id, parts, block.is_error)
        else:
            yield block
