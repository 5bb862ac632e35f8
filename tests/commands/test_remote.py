"""How commands find a gateway, and whom they never give the key."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gateway.accounts import keys
from gateway.commands.remote import Remote, RemoteFault, account_path, running
from gateway.settings import Secret, Settings
from gateway.settings.network import Server

HEALTH = b'{"status": "ok", "version": "1", "upstream": "kiro"}'
KEY = "an-admin-key-of-24-characters"


@dataclass
class Answering:
    """A server: path → (status, headers, body). seen: (method, path, authorization, body)."""

    answers: dict[str, tuple[int, dict[str, str], bytes]]
    seen: list[tuple[str, str, str | None, bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def server() -> Iterator[Answering]:
    state = Answering({"/health": (200, {}, HEALTH)})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            state.seen.append((self.command, self.path, self.headers.get("authorization"), body))
            status, headers, answer = state.answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(answer))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_DELETE = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        state.port = listening.server_port
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield state
        listening.shutdown()
        thread.join()


def settings(port: int, *admin: str, host: str = "127.0.0.1") -> Settings:
    return Settings(server=Server(host=host, port=port, admin_keys=tuple(Secret(key) for key in admin)))


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_the_gateway_of_the_configured_port_is_found(server: Answering, host: str, tmp_path: Path) -> None:
    assert running(settings(server.port, KEY, host=host), tmp_path, {}) == Remote(server.url, KEY)


def test_the_environment_names_gateway_and_key(server: Answering, tmp_path: Path) -> None:
    environment = {"KIRO_GATEWAY_URL": f"{server.url}/", "KIRO_GATEWAY_API_KEY": KEY}
    assert running(settings(1), tmp_path, environment) == Remote(server.url, KEY)


def test_the_key_the_gateway_made_is_read_from_its_file(server: Answering, tmp_path: Path) -> None:
    made = keys.read_or_make(tmp_path, keys.ADMIN_NAME)
    assert running(settings(server.port), tmp_path, {}) == Remote(server.url, made.text)


def test_without_a_key_it_is_said_where_one_goes(server: Answering, tmp_path: Path) -> None:
    with pytest.raises(RemoteFault, match="KIRO_GATEWAY_API_KEY"):
        running(settings(server.port), tmp_path, {})


def test_nothing_at_the_port_means_no_gateway_but_a_named_one_must_be_there(server: Answering, tmp_path: Path) -> None:
    server.answers.clear()
    assert running(settings(server.port, KEY), tmp_path, {}) is None
    with pytest.raises(RemoteFault, match="no gateway at"):
        running(settings(1, KEY), tmp_path, {"KIRO_GATEWAY_URL": server.url})


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"status": "ok"}', b"", b"\xff"])
def test_another_program_at_the_port_never_sees_the_key(server: Answering, body: bytes, tmp_path: Path) -> None:
    server.answers["/health"] = (200, {}, body)
    assert running(settings(server.port, KEY), tmp_path, {}) is None
    assert [seen[2] for seen in server.seen] == [None]


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://127.0.0.1", "file:///etc/passwd", "http://", "http://h:x"])
def test_an_address_that_is_none_is_told(url: str, tmp_path: Path) -> None:
    with pytest.raises(RemoteFault, match="is not a URL"):
        running(settings(1, KEY), tmp_path, {"KIRO_GATEWAY_URL": url})


def test_questions_and_deeds_carry_the_key(server: Answering) -> None:
    server.answers |= {"/accounts": (200, {}, b'{"accounts": []}'), "/accounts/a%2Fb/enable": (204, {}, b"")}
    gateway = Remote(server.url, KEY)
    assert gateway.get("/accounts") == {"accounts": []}
    assert gateway.act("POST", account_path("a/b", "enable"), {"x": 1}) is None
    assert server.seen[-1] == ("POST", "/accounts/a%2Fb/enable", f"Bearer {KEY}", b'{"x":1}')
    assert KEY not in repr(gateway)


def test_a_refusal_is_told_in_the_gateways_words(server: Answering) -> None:
    server.answers["/accounts"] = (403, {}, b'{"error": {"message": "This needs the admin key."}}')
    with pytest.raises(RemoteFault, match="needs the admin key") as caught:
        Remote(server.url, KEY).get("/accounts")
    assert caught.value.status == 403


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"error": "x"}'])
def test_a_refusal_without_words_is_told_with_its_status(server: Answering, body: bytes) -> None:
    server.answers["/usage"] = (502, {}, body)
    with pytest.raises(RemoteFault, match="HTTP 502"):
        Remote(server.url, KEY).get("/usage")


def test_a_redirect_does_not_get_the_key(server: Answering) -> None:
    server.answers["/usage"] = (302, {"location": f"{server.url}/elsewhere"}, b"")
    with pytest.raises(RemoteFault):
        Remote(server.url, KEY).get("/usage")
    assert [seen[1] for seen in server.seen] == ["/usage"]


def test_an_answer_that_is_no_json_and_a_gateway_that_is_gone_are_told(server: Answering) -> None:
    server.answers["/usage"] = (200, {}, b"<html>")
    with pytest.raises(RemoteFault, match="not JSON"):
        Remote(server.url, KEY).get("/usage")
    with pytest.raises(RemoteFault, match="did not answer"):
        Remote("http://127.0.0.1:1", KEY).get("/usage")
