import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from botocore.eventstream import ChecksumMismatch, EventStreamBuffer

from gateway.simulator.frames import HeaderValue, Sized, encode, spoil
from tests.simulator.client import decode

VECTORS = json.loads((Path(__file__).parent / "vectors" / "frames.json").read_text(encoding="utf-8"))
PAYLOAD = b"{'foo':'bar'}"

OFFICIAL: dict[str, tuple[dict[str, HeaderValue], bytes]] = {
    "EMPTY_MESSAGE": ({}, b""),
    "INT8_HEADER": ({"byte": Sized(8, -1)}, b""),
    "INT16_HEADER": ({"short": Sized(16, -1)}, b""),
    "INT32_HEADER": ({"integer": -1}, b""),
    "INT64_HEADER": ({"long": Sized(64, -1)}, b""),
    "PAYLOAD_NO_HEADERS": ({}, PAYLOAD),
    "PAYLOAD_ONE_STR_HEADER": ({"content-type": "application/json"}, PAYLOAD),
    "ALL_HEADERS_TYPES": (
        {
            "0": True,
            "1": False,
            "2": Sized(8, 2),
            "3": Sized(16, 3),
            "4": Sized(32, 4),
            "5": Sized(64, 5),
            "6": b"bytes",
            "7": "utf8",
            "8": datetime.fromtimestamp(0.008, UTC),
            "9": UUID(bytes=b"0123456789abcdef"),
        },
        b"",
    ),
    "ERROR_EVENT_MESSAGE": ({":message-type": "error", ":error-code": "code", ":error-message": "message"}, b""),
    "INITIAL_RESPONSE": (
        {":message-type": "event", ":event-type": "initial-response", ":content-type": "text/json"},
        b'{"InitialResponse": "sometext"}',
    ),
    "INT32_EVENT_ID_WITH_PAYLOAD": ({"event-id": 0x0000A00C}, PAYLOAD),
}


@pytest.mark.parametrize("name", VECTORS["official"])
def test_every_official_vector_is_made_byte_for_byte(name: str) -> None:
    assert encode(*OFFICIAL[name]).hex() == VECTORS["official"][name]


@pytest.mark.parametrize("vector", VECTORS["kiro"], ids=lambda vector: str(vector["event"]))
def test_every_kiro_frame_is_made_byte_for_byte(vector: dict[str, Any]) -> None:
    (headers, payload), expected = decode(bytes.fromhex(vector["hex"]))[0], vector["hex"]
    assert encode(headers, payload).hex() == expected


def test_several_messages_in_a_row_are_read_by_botocore() -> None:
    messages = [({"name": "à"}, b"one"), ({"flag": True, "raw": b"\x00\xff"}, b""), ({}, "三".encode())]
    assert decode(b"".join(encode(*message) for message in messages)) == messages


@pytest.mark.parametrize("how", ["prelude_crc", "message_crc", "bit:0", "bit:70", "bit:130"])
def test_a_spoiled_message_is_refused_by_botocore(how: str) -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(spoil(encode({"a": "b"}, b"payload"), how))
    with pytest.raises(ChecksumMismatch):
        next(buffer)


@pytest.mark.parametrize("how", ["", "crc", "bit:x", "bit:9999"])
def test_an_unknown_way_to_spoil_is_an_error(how: str) -> None:
    with pytest.raises(ValueError, match="cannot spoil"):
        spoil(encode({}, b""), how)
