"""The text of a PDF."""

from io import BytesIO
from typing import Final

from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError

MOST_PAGES: Final = 300
"""At 500 tokens a page 150,000, which leaves room for an answer in a window of 200,000."""


class Unreadable(Exception):
    """There is no text to be had; the message is for the client."""


def text(data: bytes) -> str:
    """The text of all pages, a blank line between two. Raises Unreadable."""
    try:
        return _text(_opened(data))
    except PyPdfError as error:
        raise Unreadable("The PDF is damaged") from error


def _opened(data: bytes) -> PdfReader:
    reader = PdfReader(BytesIO(data))
    try:
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("The PDF is encrypted: send it without its password")
    except DependencyError as error:  # its cipher is not at hand; it cannot be opened then
        raise Unreadable("The PDF is encrypted: send it without its password") from error
    return reader


def _text(reader: PdfReader) -> str:
    if len(reader.pages) > MOST_PAGES:
        raise Unreadable(
            f"The PDF has {len(reader.pages)} pages and at most {MOST_PAGES} can be read: send a part of it"
        )
    pages = [page.extract_text().strip() for page in reader.pages]
    found = "\n\n".join(page for page in pages if page)
    if not found:
        raise Unreadable("The PDF holds no text (a scan?): send its pages as images")
    return found
