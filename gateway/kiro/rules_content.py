"""Rules about contents, images, sizes and the model (18, 23 to 34, 36, 38); the evidence stands in rules.RULES."""

import binascii
from collections.abc import Iterator
from typing import Any, Final

from gateway.jsontext import encode
from gateway.kiro.body import Body, Finding, Object, Placed, as_list, as_object, null_members, placed, text_weight
from gateway.kiro.tokens import estimate

IMAGE_FORMATS: Final = ("gif", "jpeg", "png", "webp")
IMAGES: Final = 10
IMAGE_BYTES: Final = 10 * 1024 * 1024
USER_LENGTH: Final = 600_000
RESULT_LENGTH: Final = 800_000
DIRECTORY_LENGTH: Final = 256
WEIGHT: Final = 1_340_000
"""Between 1,320,000 (passes) and 1,360,000 (fails); a character beyond ASCII weighs 8."""
PAYLOAD_BYTES: Final = 615_000
SYSTEMS: Final = ("linux", "macos", "windows")


def _results(body: Body) -> Iterator[Placed]:
    for turn in body.users:
        yield from turn.results


def _result_items(body: Body) -> Iterator[Placed]:
    for path, result in _results(body):
        yield from placed(result, "content", path)


def _images(body: Body) -> Iterator[Placed]:
    for turn in body.users:
        yield from turn.images


def result_content(body: Body) -> Iterator[Finding]:
    """Rule 18; an item that tries to be an image is rule 26's."""
    for path, result in _results(body):
        if not as_list(result.get("content")):
            yield f"{path}.content", "a result needs a content: put a placeholder text"
    for path, item in _result_items(body):
        if "json" not in item and not _image_like(item) and not _some_text(item):
            yield f"{path}.text", "the text must not be empty: put a placeholder"


def _some_text(item: Object) -> bool:
    text = item.get("text")
    return isinstance(text, str) and bool(text)


def _image_like(item: Object) -> bool:
    return any(name in item for name in ("image", "images", "source", "format"))


def image(body: Body) -> Iterator[Finding]:
    """Rule 23."""
    for turn in body.users:
        images = turn.message.get("images")
        if images is not None and not isinstance(images, list):
            yield f"{turn.path}.images", "images must be a list"
    for path, picture in _images(body):
        if picture.get("format") not in IMAGE_FORMATS:
            yield f"{path}.format", "the format must be gif, jpeg, png or webp"
        if not _is_base64(as_object(picture.get("source")).get("bytes")):
            yield f"{path}.source.bytes", "the bytes must be base64, without a data: prefix"


def _is_base64(value: Any) -> bool:
    if not isinstance(value, str) or not value:
        return False
    text = "".join(value.split()) if "\n" in value else value
    try:
        return bool(binascii.a2b_base64(text, strict_mode=True))
    except ValueError:
        return False


def image_limits(body: Body) -> Iterator[Finding]:
    """Rule 24."""
    for index, (path, picture) in enumerate(_images(body)):
        if index == IMAGES:
            yield path, f"send at most {IMAGES} images: drop the oldest"
        data = as_object(picture.get("source")).get("bytes")
        if isinstance(data, str) and len(data) * 3 // 4 - data[-2:].count("=") > IMAGE_BYTES:
            yield f"{path}.source.bytes", "an image may have 10 MiB: make it smaller"


def image_in_result(body: Body) -> Iterator[Finding]:
    """Rule 26."""
    for path, item in _result_items(body):
        if _image_like(item):
            yield path, "a result holds no image: put it into the images of the same user message"


def user_length(body: Body) -> Iterator[Finding]:
    """Rule 28."""
    for turn in body.users:
        content = turn.message.get("content")
        if isinstance(content, str) and len(content) > USER_LENGTH:
            yield f"{turn.path}.content", f"a user message may have {USER_LENGTH} characters: shorten it"


def result_length(body: Body) -> Iterator[Finding]:
    """Rule 29."""
    for path, result in _results(body):
        texts = (as_object(item).get("text") for item in as_list(result.get("content")))
        if sum(len(text) for text in texts if isinstance(text, str)) > RESULT_LENGTH:
            yield f"{path}.content", f"a tool result may have {RESULT_LENGTH} characters: shorten it"


def directory_length(body: Body) -> Iterator[Finding]:
    """Rule 30."""
    for turn in body.users:
        directory = as_object(turn.context.get("envState")).get("currentWorkingDirectory")
        if isinstance(directory, str) and len(directory) > DIRECTORY_LENGTH:
            yield f"{turn.context_path}.envState.currentWorkingDirectory", "a path may have 256 characters"


def payload_weight(body: Body) -> Iterator[Finding]:
    """Rule 31 (a)."""
    weight = text_weight(body.root)
    if weight > WEIGHT:
        words = f"the texts weigh {weight} (a character beyond ASCII weighs 8), at most {WEIGHT} pass"
        yield "", f"{words}: shorten the conversation"


def payload_bytes(body: Body) -> Iterator[Finding]:
    """Rule 31 (c)."""
    size = len(encode(body.root))
    if size > PAYLOAD_BYTES:
        yield (
            "",
            f"the body has {size} bytes, and more than {PAYLOAD_BYTES} were refused once: shorten the conversation",
        )


def payload_tokens(body: Body) -> Iterator[Finding]:
    """Rule 31 (b): an estimate against the model's window, when that is known."""
    if body.window is None:
        return
    tokens = estimate(text_weight(body.root, foreign=3), sum(1 for _ in _images(body)))
    if tokens > body.window:
        yield "", f"about {tokens} tokens do not fit the window of {body.window}: shorten the conversation"


def unknown_model(body: Body) -> Iterator[Finding]:
    """Rule 32, when the models are known; without a model id the service chooses."""
    model = body.current.message.get("modelId")
    if body.known_models is None or model is None:
        return
    if not isinstance(model, str) or model not in body.known_models:
        yield f"{body.current.path}.modelId", "Kiro does not know this model: choose another"


def model_fields(body: Body) -> Iterator[Finding]:
    """Rule 33, when the models' schemas are known; a known model without one takes no fields at all."""
    model = body.current.message.get("modelId")
    fields = body.root.get("additionalModelRequestFields")
    if fields is None or body.fields_schemas is None or not isinstance(model, str) or model not in body.fields_schemas:
        return
    yield from _undefined("additionalModelRequestFields", fields, as_object(body.fields_schemas[model]))


def _undefined(path: str, value: Any, schema: Object) -> Iterator[Finding]:
    """Members and values that the schema does not have; the schemas in question are two levels deep."""
    waiting = [(path, value, schema)]
    while waiting:
        path, value, schema = waiting.pop()
        if not isinstance(value, dict):
            if not _allowed(value, schema):
                yield path, f"property '{path.rpartition('.')[2]}' does not have a value that the schema allows"
            continue
        properties = as_object(schema.get("properties"))
        for name, item in value.items():
            if isinstance(properties.get(name), dict):
                waiting.append((f"{path}.{name}", item, properties[name]))
            else:
                yield f"{path}.{name}", f"property '{name}' is not defined in the schema"


def _allowed(value: Any, schema: Object) -> bool:
    words, lowest, highest = schema.get("enum"), schema.get("minimum"), schema.get("maximum")
    if isinstance(words, list) and value not in words:
        return False
    if schema.get("type") in ("integer", "number"):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and (lowest is None or lowest <= value) and (highest is None or value <= highest)
    return schema.get("type") != "object"


def null_member(body: Body) -> Iterator[Finding]:
    """Rule 34."""
    for path in null_members(body.root):
        yield path, "leave a member out rather than send null"


def structured_content(body: Body) -> Iterator[Finding]:
    """Rule 36."""
    for path, item in _result_items(body):
        if "structuredContent" in item:
            yield f"{path}.structuredContent", "leave structuredContent out; the text says the same"


def operating_system(body: Body) -> Iterator[Finding]:
    """Rule 38."""
    for turn in body.users:
        system = as_object(turn.context.get("envState")).get("operatingSystem")
        if system is not None and system not in SYSTEMS:
            yield f"{turn.context_path}.envState.operatingSystem", "send linux, macos or windows"
