"""Content parts that OpenAI's APIs have in common: their shape, and what they mean."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.conversation import Document, Image, Text
from gateway.dialects import documents, images
from gateway.dialects.shape import Check, record, string, text_or

Json = Mapping[str, Any]
Part = Text | Image | Document

TEXT: Final = record({"text": string})
IMAGE: Final = record({"image_url": text_or(record({"url": string}))})
FILE: Final = record({"file_data": string}, {"filename": string})

PARTS: Final[Mapping[str, Check]] = {
    "text": TEXT,
    "input_text": TEXT,
    "output_text": TEXT,
    "refusal": record({"refusal": string}),
    "input_image": IMAGE,
    "input_file": FILE,
}
"""By their types. The chat API has two more spellings, ``image_url`` and ``file``."""


def parts(content: str | Sequence[Json] | None, path: str) -> tuple[Part, ...]:
    """A message's content; ``path`` is where it stands in the body. Raises INVALID_REQUEST for what cannot be sent."""
    if content is None:
        return ()
    if isinstance(content, str):
        return (Text(content),)
    return tuple([made for index, part in enumerate(content) for made in _part(part, f"{path}.{index}")])


def _part(part: Json, path: str) -> Iterator[Part]:
    match part["type"]:
        case "image_url" | "input_image":
            url = part["image_url"]
            yield images.from_url(url if isinstance(url, str) else url["url"], f"{path}.image_url")
        case "file":
            yield from _file(part["file"], f"{path}.file")
        case "input_file":
            yield from _file(part, path)
        case "refusal":
            yield Text(part["refusal"])
        case _:
            yield Text(part["text"])


def _file(file: Json, path: str) -> Iterator[Part]:
    """A document, with its name as text before it."""
    if file.get("filename"):
        yield Text(file["filename"])
    yield documents.from_url(file["file_data"], f"{path}.file_data")
