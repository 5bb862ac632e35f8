"""One server-sent event as bytes."""

from gateway.dialects import sse
from tests.dialects.sse_reader import read


def test_events_are_read_back_with_name_and_data() -> None:
    stream = sse.named("ping", b'{"a":1}') + sse.COMMENT_PING + sse.unnamed(b"[2]") + sse.DONE
    assert read(stream) == [("ping", {"a": 1}), ("message", [2]), ("message", "[DONE]")]
