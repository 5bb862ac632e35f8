"""Content parts of OpenAI's APIs, in all their spellings."""

from typing import Any

import pytest

from gateway.conversation import Document, Image, Text
from gateway.dialects.openai_parts import parts
from gateway.errors import GatewayError

PNG = "iVBORw0KGgoAAAAAAAAAAAAA"
URL = f"data:image/png;base64,{PNG}"
PDF = "data:application/pdf;base64,JVBERi0="


@pytest.mark.parametrize(("content", "texts"), [(None, ()), ("", (Text(""),)), ("hi", (Text("hi"),)), ([], ())])
def test_a_content_may_be_absent_a_text_or_a_list(content: Any, texts: tuple[Text, ...]) -> None:
    assert parts(content, "p") == texts


@pytest.mark.parametrize(
    ("part", "made"),
    [
        ({"type": "text", "text": "a"}, Text("a")),
        ({"type": "input_text", "text": "a"}, Text("a")),
        ({"type": "output_text", "text": "a"}, Text("a")),
        ({"type": "refusal", "refusal": "no"}, Text("no")),
        ({"type": "image_url", "image_url": {"url": URL}}, Image("png", PNG)),
        ({"type": "input_image", "image_url": URL}, Image("png", PNG)),
        ({"type": "file", "file": {"file_data": PDF}}, Document("JVBERi0=", "p.0.file.file_data")),
        ({"type": "input_file", "file_data": PDF}, Document("JVBERi0=", "p.0.file_data")),
    ],
)
def test_every_spelling_of_a_part_is_understood(part: dict[str, Any], made: Text | Image | Document) -> None:
    assert parts([part], "p") == (made,)


def test_what_cannot_be_sent_is_refused_with_its_path() -> None:
    with pytest.raises(GatewayError) as refused:
        parts([{"type": "text", "text": "a"}, {"type": "input_image", "image_url": "https://x.test"}], "p")
    assert refused.value.path == "p.1.image_url"
