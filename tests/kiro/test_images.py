"""How pictures are counted, kept and left out."""

import pytest

from gateway.conversation import Image, Message, Text, ToolResult, attached
from gateway.errors import GatewayError, Kind
from gateway.kiro.images import MAX_IMAGE_BYTES, fit_images


def picture(number: int) -> Image:
    return Image("png", f"{number:04}")


def asked(*images: Image) -> tuple[Message, ...]:
    return (Message("user", (Text("look"), *images)),)


def test_ten_pictures_are_all_sent() -> None:
    messages = asked(*map(picture, range(10)))
    assert fit_images(messages, readable=True) is messages


def test_of_twelve_pictures_the_latest_ten_stay_and_notes_stand_for_the_others() -> None:
    kept = fit_images(asked(*map(picture, range(12))), readable=True)
    assert attached(kept, Image) == [picture(number) for number in range(2, 12)]
    assert sum(isinstance(block, Text) for block in kept[0].blocks) == 3


def test_pictures_in_tool_results_count_too() -> None:
    messages = (Message("user", (ToolResult("t", tuple(map(picture, range(11)))),)),)
    kept = fit_images(messages, readable=True)
    result = kept[0].blocks[0]
    assert isinstance(result, ToolResult)
    assert isinstance(result.content[0], Text)
    assert len(attached(kept, Image)) == 10


def test_a_model_that_reads_only_text_gets_notes() -> None:
    kept = fit_images(asked(picture(1)), readable=False)
    assert kept[0].blocks == (Text("look"), Text("[An image was left out: this model reads text only.]"))


def test_a_picture_of_ten_mebibytes_passes_and_a_larger_one_is_refused() -> None:
    whole = "A" * (MAX_IMAGE_BYTES // 3 * 4)
    assert fit_images(asked(Image("png", whole)), readable=True)
    with pytest.raises(GatewayError) as caught:
        fit_images(asked(Image("png", whole + "AAAAAAAA")), readable=True)
    assert caught.value.kind is Kind.INVALID_REQUEST
