"""PDF documents out of client bodies: strict base64, or a data URL."""

from typing import Final

from gateway.conversation import Document
from gateway.dialects.images import is_strict_base64
from gateway.errors import GatewayError, Kind

_PDF: Final = "application/pdf"


def from_base64(data: str, media_type: str | None, path: str) -> Document:
    """A document. ``path`` is that of its source. Raises INVALID_REQUEST for another media type and for bad base64."""
    if (media_type or _PDF).lower() != _PDF:
        message = "Only PDF documents can be read here: send the text of others"
        raise GatewayError(Kind.INVALID_REQUEST, message, path=f"{path}.media_type")
    return _strict(data, f"{path}.data")


def from_url(url: str, path: str) -> Document:
    """A document out of a ``data:`` URL, or out of bare base64 without its head, as the chat API also takes it.

    Other URLs are refused: fetching a client's URL is an attack's way in.
    """
    head, comma, data = url.partition(",")
    if not comma and ":" not in url:
        return _strict(url, path)
    if head[:5].lower() != "data:":
        message = "The gateway fetches no URLs: send the document itself as base64"
        raise GatewayError(Kind.INVALID_REQUEST, message, path=path)
    media_type, _, encoding = head[5:].lower().partition(";")
    if media_type != _PDF or not encoding.endswith("base64"):
        message = "Only PDF documents in base64 can be read here: send the text of others"
        raise GatewayError(Kind.INVALID_REQUEST, message, path=path)
    return _strict(data, path)


def _strict(data: str, path: str) -> Document:
    if not is_strict_base64(data):
        raise GatewayError(Kind.INVALID_REQUEST, "Document data is not valid base64", path=path)
    return Document(data, path)
