"""Documents in a conversation, read by real processes."""

import base64
from functools import partial

import pytest

from gateway.conversation import Conversation, Document, Message, Text, ToolResult
from gateway.errors import GatewayError, Kind
from gateway.web.documents import KEPT, Documents, extracted
from tests.pdfs import pdf_base64

PAGE = Document(pdf_base64("plover"), "messages.0.content.0.source.data")


def conversation(*blocks: Text | Document | ToolResult) -> Conversation:
    return Conversation("m", (Message("user", blocks),))


async def test_a_conversation_without_documents_stays_the_same_object() -> None:
    asked = conversation(Text("hello"), ToolResult("c", (Text("result"),)))
    assert await Documents().read(asked) is asked


async def test_documents_become_text_where_they_stand() -> None:
    read = await Documents().read(conversation(Text("a"), PAGE, ToolResult("c", (PAGE, Text("b")), is_error=True)))
    assert read.messages[0].blocks == (
        Text("a"),
        Text("plover"),
        ToolResult("c", (Text("plover"), Text("b")), is_error=True),
    )


async def test_a_document_that_comes_again_is_not_read_again() -> None:
    asked: list[Document] = []

    async def extract(document: Document) -> str:
        asked.append(document)
        return "plover"

    documents = Documents(extract)
    for _ in range(2):
        assert (await documents.read(conversation(PAGE, PAGE))).messages[0].blocks == (Text("plover"), Text("plover"))
    assert asked == [PAGE]


async def test_only_the_latest_texts_are_kept() -> None:
    asked: list[str] = []

    async def extract(document: Document) -> str:
        asked.append(document.path)
        return "four"

    documents = Documents(extract)
    for number in [*range(KEPT + 1), 1, 0]:
        await documents.read(conversation(Document(str(number), str(number))))
    assert asked == [*map(str, range(KEPT + 1)), "0"]


@pytest.mark.parametrize(
    ("data", "seconds", "words"),
    [
        (pdf_base64(""), 60.0, "no text"),
        (base64.b64encode(b"no document").decode(), 60.0, "damaged"),
        (PAGE.data, 0.0, "within 0 s"),
    ],
)
async def test_one_that_cannot_be_read_is_refused_by_its_path(data: str, seconds: float, words: str) -> None:
    with pytest.raises(GatewayError, match=words) as caught:
        await Documents(partial(extracted, seconds=seconds)).read(
            conversation(Document(data, "messages.3.content.1.source.data"))
        )
    assert (caught.value.kind, caught.value.path) == (Kind.INVALID_REQUEST, "messages.3.content.1.source.data")
