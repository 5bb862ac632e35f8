"""A client that goes away stops the upstream: the simulator's record of the FIN or RST is the evidence."""

import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import Rig
from tests.processes import KEY

TEXT = {"event": "assistantResponseEvent", "payload": {"content": "first"}}
PHASES = {
    "before the status": {"stall": "headers"},
    "before the first frame": {"frames": [], "stall": True},
    "in the silence after a frame": {"frames": [TEXT], "stall": True},
    "while frames flow": {"frames": [TEXT], "repeat": 100_000, "frame_delay": 0.001},
}


def post(rig: Rig, *, stream: bool) -> socket.socket:
    """A request on a raw socket, which can be dropped at any moment."""
    body = {
        "model": "claude-sonnet-4.5",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "hi"}],
        "stream": stream,
    }
    payload = json.dumps(body).encode()
    place = urlsplit(rig.url)
    peer = socket.create_connection((place.hostname, place.port), timeout=30)
    head = f"POST /v1/messages HTTP/1.1\r\nHost: {place.netloc}\r\nx-api-key: {KEY}\r\n"
    peer.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n".encode() + payload)
    return peer


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("way", ["close", "reset", "half-close"])
def test_the_upstream_is_closed_in_every_phase(rig: Rig, phase: str, stream: bool, way: str) -> None:
    rig.simulator.push(PHASES[phase])
    peer = post(rig, stream=stream)
    rig.simulator.wait("generate")
    if way == "half-close":
        peer.shutdown(socket.SHUT_WR)
    else:
        if way == "reset":
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        peer.close()
    rig.simulator.wait("client_left")
    peer.close()
    assert rig.simulator.requests()[0]["ending"] in {"client_fin", "client_rst"}
