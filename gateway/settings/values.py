"""What a setting takes: a text of the environment or a value of TOML becomes the setting's value, or WrongValue.

Messages never show the value: whoever puts a token in the wrong line must not find it in a log.
"""

import ipaddress
import math
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from gateway.jsontext import JsonError, decode
from gateway.settings.facts import Facts, Form
from gateway.settings.problems import WrongValue, nearest
from gateway.settings.secret import Secret

_ON: Final = frozenset(("true", "1", "yes", "on", "enabled"))
_OFF: Final = frozenset(("false", "0", "no", "off", "disabled"))
_REGION: Final = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}")
_ARN: Final = re.compile(r"arn:aws[a-z-]*:codewhisperer:[a-z0-9-]+:\d+:profile/[A-Za-z0-9._-]+")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9@._-]{0,63}")
_HOST: Final = re.compile(r"[A-Za-z0-9._:%-]+")
_PROXY_SCHEMES: Final = ("http", "https", "socks5", "socks5h")
_VARIABLE: Final = re.compile(r"\$\{|\$\(")


def from_text(facts: Facts, text: str, folder: Path) -> Any:
    """Read what the environment, ``.env`` or the command line gives. Raises WrongValue."""
    text = text.strip()
    match facts.form:
        case Form.WHOLE | Form.NUMBER:
            return accept(facts, _number(facts.form, text), folder)
        case Form.SWITCH:
            return _switch(text)
        case Form.NAMES | Form.KEYS:
            return accept(facts, _list(text), folder)
        case Form.TABLE:
            return accept(facts, _table(text), folder)
        case _:
            return accept(facts, text, folder)


def accept(facts: Facts, value: object, folder: Path) -> Any:
    """Check a value of the right type, as TOML gives it; relative paths belong to ``folder``. Raises WrongValue."""
    match facts.form:
        case Form.WHOLE | Form.NUMBER:
            return _within(facts, value)
        case Form.SWITCH:
            return _boolean(value)
        case Form.NAMES:
            return tuple(_plain(item) for item in _typed(value, list, "a list of texts"))
        case Form.KEYS:
            return tuple(Secret(_header_safe(_plain(item))) for item in _typed(value, list, "a list of texts"))
        case Form.TABLE:
            table = _typed(value, dict, "a table of texts")
            return MappingProxyType({_plain(name): _plain(item) for name, item in table.items()})
        case _:
            return _FROM_PLAIN[facts.form](facts, _plain(value), folder)


def _number(form: Form, text: str) -> int | float:
    try:
        return int(text) if form is Form.WHOLE else float(text)
    except ValueError:
        raise WrongValue(f"is not a {form.value}") from None


def _switch(text: str) -> bool:
    if text.casefold() in _ON | _OFF:
        return text.casefold() in _ON
    raise WrongValue("must be true or false")


def _list(text: str) -> list[object]:
    if text.startswith("["):
        return [*_typed(_json(text), list, "a list of texts")]
    return [item.strip() for item in text.split(",")]


def _table(text: str) -> dict[object, object]:
    if text.startswith("{"):
        return dict(_typed(_json(text), dict, "a table of texts"))
    pairs = [item.partition("=") for item in text.split(",")]
    if not all(equals for _, equals, _ in pairs):
        raise WrongValue('must be written as name=id,name=id or as JSON {"name": "id"}')
    return {name.strip(): value.strip() for name, _, value in pairs}


def _json(text: str) -> object:
    try:
        return decode(text)
    except JsonError:
        raise WrongValue("begins like JSON but is not valid JSON") from None


def _typed(value: object, wanted: type, called: str) -> Any:
    if not isinstance(value, wanted):
        raise WrongValue(f"must be {called}, not {_called(value)}")
    return value


def _called(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list", dict: "a table"}
    return names.get(type(value), "a date or time")


def _plain(value: object) -> str:
    """A text with something in it and no variable that nobody expands."""
    text = str(_typed(value, str, "a text")).strip()
    if not text:
        raise WrongValue("is empty")
    if _VARIABLE.search(text):
        raise WrongValue("has a variable in it, and variables are not expanded here")
    if not text.isprintable():
        raise WrongValue("has a control character in it; a path with backslashes needs 'single quotes' in TOML")
    return text


def _header_safe(text: str) -> str:
    if not text.isascii() or " " in text:
        raise WrongValue("has a key with characters that no header can carry")
    return text


def _within(facts: Facts, value: object) -> int | float:
    whole = facts.form is Form.WHOLE
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not _finite(value):
        raise WrongValue(f"must be a {facts.form.value}, not {_called(value)}")
    if (facts.low is not None and value < facts.low) or (facts.high is not None and value > facts.high):
        raise WrongValue(f"must be from {facts.low:,.10g} to {facts.high:,.10g}")
    return value if whole else float(value)


def _finite(value: float) -> bool:
    """Compared, not asked: math.isfinite overflows where a whole number is beyond all floats."""
    return -math.inf < value < math.inf


def _boolean(value: object) -> bool:
    return bool(_typed(value, bool, "true or false"))


def _hidden(_: Facts, text: str, __: Path) -> Secret:
    if text.startswith("<"):
        raise WrongValue("still holds the text of the example")
    return Secret(_header_safe(text))


def _choice(facts: Facts, text: str, _: Path) -> str:
    for choice in facts.choices:
        if choice.casefold() == text.casefold():
            return choice
    raise WrongValue(f"must be one of {', '.join(facts.choices)}", nearest(text, facts.choices))


def located(text: str, folder: Path) -> Path:
    """The path; a relative one belongs to ``folder``. Raises WrongValue for the home folder of nobody."""
    try:
        return folder / Path(text).expanduser()
    except RuntimeError:
        raise WrongValue("begins with a home folder that is not known here") from None


def _file(_: Facts, text: str, folder: Path) -> str:
    path = located(text, folder)
    try:
        if not path.exists():
            raise WrongValue("names a file that does not exist")
        if not path.is_file():
            raise WrongValue("does not name a regular file")
        path.open("rb").close()
    except OSError:
        raise WrongValue("names a file that cannot be read") from None
    return str(path)


def _place(facts: Facts, text: str, folder: Path) -> str:
    path = located(text, folder)
    with suppress(OSError):
        if path.is_dir():
            return str(path)
    return _file(facts, text, folder)


def _certificates(facts: Facts, text: str, folder: Path) -> str:
    path = _file(facts, text, folder)
    if b"-----BEGIN CERTIFICATE-----" not in Path(path).read_bytes():
        raise WrongValue("names a file without a PEM certificate")
    return path


def _folder(_: Facts, text: str, folder: Path) -> str:
    path = located(text, folder)
    try:
        in_the_way = path.exists() and not path.is_dir()
    except OSError:
        raise WrongValue("names a folder that cannot be used") from None
    if in_the_way:
        raise WrongValue("names something that is not a folder")
    return str(path)


def _name(_: Facts, text: str, __: Path) -> str:
    if not _NAME.fullmatch(text):
        raise WrongValue("must have letters, digits and . _ - @ only, 64 at most, a letter or digit first")
    return text


def _host(_: Facts, text: str, __: Path) -> str:
    if not _HOST.fullmatch(text):
        raise WrongValue("is not a host name or an address")
    return text


def _region(_: Facts, text: str, __: Path) -> str:
    if not _REGION.fullmatch(text.lower()):
        raise WrongValue("is not the name of an AWS region, such as us-east-1")
    return text.lower()


def _arn(_: Facts, text: str, __: Path) -> str:
    if not _ARN.fullmatch(text):
        raise WrongValue("is not a profile ARN: arn:aws:codewhisperer:REGION:ACCOUNT:profile/ID")
    return text


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port  # a wrong port shows only here
    except ValueError:
        raise WrongValue("is not a URL") from None
    if not parts.hostname:
        raise WrongValue("is not a URL with a host")
    return parts


def _loopback_url(_: Facts, text: str, __: Path) -> str:
    parts = _split(text)
    bare = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    if parts.scheme not in ("http", "https") or not bare or not is_loopback(parts.hostname or ""):
        raise WrongValue(
            "must be http(s)://ADDRESS:PORT of this machine (127.0.0.1, ::1 or localhost); others are refused"
        )
    return text.rstrip("/")


def _proxy_url(_: Facts, text: str, __: Path) -> Secret:
    """A bare ``host:port`` is an HTTP proxy; socks5h is socks5 here, since names are always resolved by the proxy."""
    text = text if "://" in text else f"http://{text}"
    parts = _split(text)
    if parts.scheme not in _PROXY_SCHEMES:
        raise WrongValue("must begin with http://, https:// or socks5://", nearest(parts.scheme, _PROXY_SCHEMES))
    return Secret(text.replace("socks5h://", "socks5://", 1))


def is_loopback(host: str) -> bool:
    """Whether an address or name can only mean this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


_FROM_PLAIN: Final[dict[Form, Callable[[Facts, str, Path], Any]]] = {
    Form.CHOICE: _choice,
    Form.FILE: _file,
    Form.PLACE: _place,
    Form.CERTIFICATES: _certificates,
    Form.FOLDER: _folder,
    Form.NAME: _name,
    Form.HOST: _host,
    Form.REGION: _region,
    Form.ARN: _arn,
    Form.LOOPBACK_URL: _loopback_url,
    Form.PROXY_URL: _proxy_url,
    Form.HIDDEN: _hidden,
}
