"""Pictures out of client bodies."""

import base64

import pytest

from gateway.dialects import images
from gateway.errors import GatewayError

PNG = b"\x89PNG\r\n\x1a\n" + bytes(30)


def coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("data", "format_"),
    [
        (PNG, "png"),
        (b"\xff\xd8\xff\xe0" + bytes(9), "jpeg"),
        (b"GIF89a" + bytes(3), "gif"),
        (b"GIF87a" + bytes(2), "gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
    ],
)
def test_the_format_is_read_from_the_bytes(data: bytes, format_: str) -> None:
    image = images.from_base64(coded(data), "p")
    assert (image.format, image.data) == (format_, coded(data))


@pytest.mark.parametrize(
    "data",
    [
        "",
        "iVBORw0KGgo",  # length
        coded(PNG)[:40] + "\n" + coded(PNG)[40:],  # whitespace
        coded(PNG)[:8] + "====" + coded(PNG)[12:],  # padding in the middle
        coded(PNG)[:-4] + "A===",
        "data:image/png;base64," + coded(PNG),
        coded(PNG).replace("=", "_"),
        coded(PNG)[:-1] + "é",
        coded(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        coded(b"BM" + bytes(20)),
        coded(b"RIFF\x00\x00\x00\x00WAVE"),
    ],
)
def test_bad_base64_and_unknown_formats_are_refused_without_showing_them(data: str) -> None:
    with pytest.raises(GatewayError) as refused:
        images.from_base64(data, "messages.0.content.1.source.data")
    assert refused.value.path == "messages.0.content.1.source.data"
    assert not data or data[:12] not in refused.value.message


@pytest.mark.parametrize("label", ["data:image/png;base64,", "DATA:image/jpeg;charset=x;BASE64,", "data:;base64,"])
def test_a_data_url_is_taken_whatever_its_label_says(label: str) -> None:
    assert images.from_url(label + coded(PNG), "p").format == "png"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://example.com/a.png", "fetches no URLs"),
        ("http://169.254.169.254/latest", "fetches no URLs"),
        ("file:///etc/passwd", "fetches no URLs"),
        ("", "fetches no URLs"),
        ("data:image/png," + coded(PNG), "does not hold base64"),
        ("data:image/png;base64", "does not hold base64"),
        ("data:image/svg+xml;base64," + coded(b"<svg/>"), "not a PNG"),
    ],
)
def test_other_urls_are_refused_with_the_reason(url: str, words: str) -> None:
    with pytest.raises(GatewayError, match=words):
        images.from_url(url, "p")
