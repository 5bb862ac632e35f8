"""Logins that are under way: device codes that wait for their user, and the codes of browser logins."""

import base64
import hashlib
import secrets
import string
from dataclasses import dataclass
from typing import Final, Literal
from uuid import uuid4

from gateway.kiro.endpoints import LoginKind

Decision = Literal["approve", "deny", "expire", "slow_down"]

SELF_APPROVAL: Final = 2
"""Polls after which a newcomer's device login is approved without anybody's doing."""

LIFE: Final = 600
"""Seconds a device code lives, as the service says; here it expires only when told to."""

_LETTERS: Final = "".join(letter for letter in string.ascii_uppercase if letter not in "AEIOU")


@dataclass(slots=True)
class Device:
    """One device login. decision: the user's, "" while it waits. account: whose login it becomes; "" lets it choose."""

    device_code: str
    user_code: str
    kind: LoginKind
    client_id: str
    provider: str = ""
    decision: Decision | Literal["", "used"] = ""
    account: str = ""
    polls: int = 0


@dataclass(frozen=True, slots=True)
class BrowserCode:
    """What a browser login's code was given for (RFC 7636)."""

    kind: LoginKind
    challenge: str
    redirect_uri: str
    client_id: str


class Authorizations:
    """Every login under way."""

    def __init__(self) -> None:
        self._devices: dict[str, Device] = {}
        self._codes: dict[str, BrowserCode] = {}

    def begin(self, kind: LoginKind, client_id: str, provider: str = "") -> Device:
        """A new device login."""
        letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
        device = Device(uuid4().hex, f"{letters[:4]}-{letters[4:]}", kind, client_id, provider)
        self._devices[device.device_code] = device
        return device

    def decide(self, user_code: str, decision: Decision, account: str) -> None:
        """What the user does with a code; ``slow_down`` answers the next poll only. Raises ValueError."""
        device = next((one for one in self._devices.values() if one.user_code == user_code), None)
        if device is None:
            raise ValueError("no login has this user code")
        device.decision, device.account = decision, account

    def poll(self, device_code: str, client_id: str, *, newcomer: bool) -> tuple[str, Device | None]:
        """The OAuth word for a poll, and the login: ``approved`` once, then ``invalid_grant``."""
        device = self._devices.get(device_code)
        if device is None or device.client_id != client_id:
            return "invalid_grant", None
        device.polls += 1
        match device.decision:
            case "slow_down":
                device.decision = ""
                return "slow_down", device
            case "deny":
                return "access_denied", device
            case "expire":
                return "expired_token", device
            case "used":
                return "invalid_grant", device
            case "" if not newcomer or device.polls <= SELF_APPROVAL:
                return "authorization_pending", device
        device.decision = "used"
        return "approved", device

    def issue(self, code: BrowserCode) -> str:
        """The code that the browser brings back."""
        name = secrets.token_urlsafe(24)
        self._codes[name] = code
        return name

    def redeem(self, code: str, verifier: str, redirect_uri: str, client_id: str = "") -> BrowserCode | None:
        """What a code was given for, once, to the one who has the verifier; None for anybody else."""
        given = self._codes.pop(code, None)
        if given is None or (given.redirect_uri, given.client_id) != (redirect_uri, client_id):
            return None
        return given if secrets.compare_digest(given.challenge, challenge_of(verifier)) else None


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
