"""What is read out of a PDF, and why something is not."""

from io import BytesIO

import pytest
from pypdf import PdfWriter

from gateway.documents.pdf import MOST_PAGES, Unreadable, text
from tests.pdfs import pdf


def encrypted(password: str) -> bytes:
    writer, out = PdfWriter(clone_from=BytesIO(pdf("secret"))), BytesIO()
    writer.encrypt(password, algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


def test_pages_come_with_a_blank_line_between_them_and_blank_ones_leave_no_gap() -> None:
    assert text(pdf("first page", "", "second page")) == "first page\n\nsecond page"


def test_a_document_that_anyone_may_open_is_read_though_it_is_encrypted() -> None:
    assert text(encrypted("")) == "secret"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (encrypted("a password"), "encrypted"),
        (pdf("", ""), "no text"),
        (pdf(*["x"] * (MOST_PAGES + 1)), f"{MOST_PAGES + 1} pages"),
        (b"a letter to a friend", "damaged"),
        (b"", "damaged"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        text(data)
