"""PDF documents out of client bodies."""

import pytest

from gateway.conversation import Document
from gateway.dialects import documents
from gateway.errors import GatewayError, Kind

PDF = "JVBERi0="


@pytest.mark.parametrize(
    "url", [f"data:application/pdf;base64,{PDF}", f"DATA:Application/PDF;name=a.pdf;base64,{PDF}", PDF]
)
def test_a_data_url_and_bare_base64_are_documents(url: str) -> None:
    assert documents.from_url(url, "p") == Document(PDF, "p")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://x.test/a.pdf", "fetches no URLs"),
        ("file:///etc/passwd", "fetches no URLs"),
        (f"data:text/plain;base64,{PDF}", "Only PDF"),
        ("data:application/pdf,text", "Only PDF"),
        ("data:application/pdf;base64,?", "not valid base64"),
        ("", "not valid base64"),
    ],
)
def test_what_is_none_is_refused_with_its_path(url: str, words: str) -> None:
    with pytest.raises(GatewayError, match=words) as refused:
        documents.from_url(url, "p")
    assert (refused.value.kind, refused.value.path) == (Kind.INVALID_REQUEST, "p")
