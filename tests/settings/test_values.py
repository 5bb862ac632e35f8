"""What each form takes, and how it refuses the rest."""

from pathlib import Path

import pytest

from gateway.settings.facts import Facts, Form
from gateway.settings.problems import WrongValue
from gateway.settings.secret import Secret
from gateway.settings.values import accept, from_text, is_loopback

HERE = Path("/nowhere")

WRONG = [
    (Form.WHOLE, "ten"),
    (Form.WHOLE, "1.5"),
    (Form.NUMBER, "soon"),
    (Form.NUMBER, "nan"),
    (Form.NUMBER, "inf"),
    (Form.SWITCH, "maybe"),
    (Form.HOST, "http://127.0.0.1"),
    (Form.HOST, "a b"),
    (Form.REGION, "Frankfurt"),
    (Form.REGION, "us-east-1.evil.example"),
    (Form.ARN, "arn:aws:s3:::bucket"),
    (Form.FILE, "missing.json"),
    (Form.FILE, "/"),
    (Form.PLACE, "missing.json"),
    (Form.CERTIFICATES, "/etc/passwd"),
    (Form.CERTIFICATES, "missing.pem"),
    (Form.FOLDER, "/etc/passwd"),
    (Form.LOOPBACK_URL, "http://example.org"),
    (Form.LOOPBACK_URL, "http://127.0.0.1.example.org"),
    (Form.LOOPBACK_URL, "http://127.0.0.1:1/path"),
    (Form.LOOPBACK_URL, "http://user@127.0.0.1:1"),
    (Form.LOOPBACK_URL, "http://10.0.0.1:1"),
    (Form.LOOPBACK_URL, "ftp://127.0.0.1"),
    (Form.LOOPBACK_URL, "127.0.0.1:8001"),
    (Form.LOOPBACK_URL, "http://127.0.0.1:99999"),
    (Form.PROXY_URL, "socks4://127.0.0.1:1"),
    (Form.PROXY_URL, "http://"),
    (Form.PROXY_URL, "http://[::1"),
    (Form.HIDDEN, "<refresh token>"),
    (Form.HIDDEN, "two words"),
    (Form.KEYS, "schlüssel-mit-umlaut-0123456789"),
    (Form.KEYS, "a,,b"),
    (Form.TABLE, "a:b"),
    (Form.TABLE, "{broken"),
    (Form.TABLE, '{"a": 1}'),
    (Form.NAMES, '[1, "a"]'),
    (Form.NAMES, "[broken"),
    (Form.NUMBER, "1e400"),
    *((form, "~no-such-user/x") for form in (Form.FILE, Form.PLACE, Form.CERTIFICATES, Form.FOLDER)),
    *((form, "x" * 5000) for form in (Form.FILE, Form.PLACE, Form.CERTIFICATES, Form.FOLDER)),
]


@pytest.mark.parametrize(("form", "text"), WRONG, ids=str)
def test_a_wrong_value_is_refused_without_being_shown(form: Form, text: str) -> None:
    with pytest.raises(WrongValue) as caught:
        from_text(Facts(form, ""), text, HERE)
    assert text not in caught.value.message


@pytest.mark.parametrize("form", [Form.WHOLE, Form.NUMBER])
def test_a_number_beyond_all_floats_is_out_of_range(form: Form) -> None:
    with pytest.raises(WrongValue, match="must be from 1 to 5"):
        accept(Facts(form, "", low=1, high=5), 10**400, HERE)


RIGHT = [
    (Form.SWITCH, "Enabled", True),
    (Form.SWITCH, "0", False),
    (Form.REGION, "US-East-1", "us-east-1"),
    (Form.REGION, "us-gov-west-1", "us-gov-west-1"),
    (Form.LOOPBACK_URL, "https://[::1]:8443/", "https://[::1]:8443"),
    (Form.LOOPBACK_URL, "http://localhost:1", "http://localhost:1"),
    (Form.PROXY_URL, "user:pa@ss@proxy:3128", Secret("http://user:pa@ss@proxy:3128")),
    (Form.PROXY_URL, "socks5h://127.0.0.1:9050", Secret("socks5://127.0.0.1:9050")),
    (Form.TABLE, "a=b", {"a": "b"}),
    (Form.NAMES, "a", ("a",)),
    (Form.FOLDER, "/nowhere/at/all", "/nowhere/at/all"),
    (Form.PLACE, "/", "/"),
]


@pytest.mark.parametrize(("form", "text", "value"), RIGHT, ids=str)
def test_a_right_value_is_taken(form: Form, text: str, value: object) -> None:
    assert from_text(Facts(form, ""), text, HERE) == value


def test_a_tilde_is_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "login.json").write_text("{}")
    assert from_text(Facts(Form.FILE, ""), "~/login.json", HERE) == str(tmp_path / "login.json")


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.1.2.3", True),
        ("::1", True),
        ("LocalHost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback_is_this_machine_only(host: str, own: bool) -> None:
    assert is_loopback(host) is own
