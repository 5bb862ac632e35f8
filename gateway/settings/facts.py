"""What a field of the settings knows of itself."""

from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any


class Form(Enum):
    """What a setting holds; the value is how the documentation calls it."""

    WHOLE = "whole number"
    NUMBER = "number"
    SWITCH = "true or false"
    CHOICE = "one word"
    FILE = "path of a file"
    PLACE = "path of a file or a folder"
    CERTIFICATES = "path of a PEM file"
    FOLDER = "path of a folder"
    NAMES = "list of texts"
    TABLE = "table of texts"
    NAME = "name without spaces"
    HOST = "host name or address"
    REGION = "AWS region"
    ARN = "profile ARN"
    LOOPBACK_URL = "URL on this machine"
    PROXY_URL = "proxy URL"
    HIDDEN = "secret text"
    KEYS = "list of secret texts"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a field knows of itself besides its name, its type and its default."""

    form: Form
    help: str
    unit: str = ""
    environment: tuple[str, ...] = ()
    flag: str | None = None
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    example: Any = None


def setting(form: Form, default: Any, help: str, **facts: Any) -> Any:
    """A field of a section. Without ``environment`` it gets ``KIRO_GATEWAY_<SECTION>_<NAME>`` as its variable."""
    metadata = {"facts": Facts(form, help, **facts)}
    if isinstance(default, dict):
        return field(default_factory=lambda: MappingProxyType(default), metadata=metadata)
    return field(default=default, metadata=metadata)
