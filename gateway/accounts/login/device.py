"""The device authorization flow (RFC 8628): a code is shown, and the token server is asked until the user has agreed.

``DeviceLogin`` is the state machine; what the calls look like is the way's own matter (``oidc``, ``social``). Clock,
sleep and the sending of calls are handed in.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from time import monotonic, time
from typing import Any, Final, Protocol

from gateway.accounts.credentials import Credentials, checked_token
from gateway.accounts.refresh.grant import Post, TokenAnswer, TokenCall
from gateway.errors import GatewayError, Kind, UpstreamError
from gateway.jsontext import JsonError, decode

SLOWER: Final = 5.0
"""Seconds that ``slow_down`` adds to the interval (RFC 8628, 3.5)."""

DEFAULT_INTERVAL: Final = 5.0
"""Seconds between two questions where the server names none (RFC 8628, 3.2)."""

LONGEST_INTERVAL: Final = 60.0
DEFAULT_LIFE: Final = 600.0
"""Seconds a code lives where the server does not say."""

LONGEST_LIFE: Final = 1800.0
"""Seconds a code is believed to live; the longest seen is 600."""

AGAIN: Final = "Start the login again."

Sleep = Callable[[float], Awaitable[None]]


class Ending(Enum):
    """How a login can end without one."""

    DENIED = "denied"
    EXPIRED = "expired"
    FAILED = "error"


class LoginEnded(GatewayError):
    """There will be no login this time; ``ending`` says how it ended, the message what to do."""

    ending: Ending

    def __init__(self, ending: Ending, message: str) -> None:
        super().__init__(Kind.AUTHENTICATION, message, should_retry=False)
        self._fill(ending=ending)


@dataclass(frozen=True, slots=True)
class Code:
    """What the user is shown, and what the server is asked with.

    url: has the code in it already. page: has not, for those who type. interval, expires_in: seconds.
    client_id, client_secret: of the registration that this code belongs to, where there is one.
    """

    device_code: str = field(repr=False)
    user_code: str
    url: str
    page: str
    interval: float
    expires_in: float
    client_id: str | None = field(default=None, repr=False)
    client_secret: str | None = field(default=None, repr=False)
    client_expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class NewLogin:
    """A login as it was given. start_url: of Identity Center. provider: Google or Github, where it was one of them."""

    credentials: Credentials
    name: str
    start_url: str | None = None
    provider: str | None = None
    client_expires_at: float | None = None


class Answer(Enum):
    """What the server said, other than giving a login."""

    PENDING = "pending"
    SLOW_DOWN = "slow_down"
    BUSY = "busy"


class Way(Protocol):
    """The calls of one login service."""

    @property
    def warning(self) -> str | None:
        """What the user must know before the login begins, if anything."""
        ...

    async def begin(self, post: Post) -> Code:
        """Ask for a code. Raises LoginEnded, UpstreamError."""
        ...

    def question(self, code: Code) -> TokenCall:
        """The call that asks whether the user has agreed."""
        ...

    def read(self, code: Code, answer: TokenAnswer, now: float) -> NewLogin | Answer:
        """What the answer to the question means; now: epoch seconds. Raises LoginEnded, UpstreamError."""
        ...


class DeviceLogin:
    """One login, from its code to its end. ``begin``, show the code, ``finish``."""

    def __init__(
        self,
        way: Way,
        post: Post,
        *,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = monotonic,
        wall: Callable[[], float] = time,
    ) -> None:
        self._way = way
        self._post = post
        self._sleep = sleep
        self._clock = clock
        self._wall = wall

    async def begin(self) -> Code:
        """The code to show. Raises LoginEnded when the service refuses, UpstreamError when it is not to be reached."""
        return await self._way.begin(self._post)

    async def finish(self, code: Code, progress: Callable[[float], None]) -> NewLogin:
        """Ask until the user has decided; ``progress`` gets the seconds left before each question.

        Raises LoginEnded. A server that stumbles or a network that is gone for a while only slows the questions.
        """
        deadline = self._clock() + code.expires_in
        interval = code.interval
        while (left := deadline - self._clock()) > 0:
            progress(left)
            await self._sleep(min(interval, left))
            match await self._ask(code):
                case Answer.SLOW_DOWN:
                    interval += SLOWER
                case Answer.BUSY:
                    interval = min(2 * interval, LONGEST_INTERVAL)
                case Answer.PENDING:
                    continue
                case NewLogin() as login:
                    return login
        raise expired()

    async def _ask(self, code: Code) -> NewLogin | Answer:
        try:
            answer = await self._post(self._way.question(code))
            return self._way.read(code, answer, self._wall())
        except UpstreamError as error:
            if error.kind is Kind.AUTHENTICATION:
                raise LoginEnded(Ending.FAILED, error.message) from error
            return Answer.BUSY


def expired() -> LoginEnded:
    """The end of a code that nobody used in time."""
    return LoginEnded(Ending.EXPIRED, "The code was not used in time. Start the login again for a new one.")


def refused(word: object, status: int) -> Answer:
    """What an OAuth error word of the poll means (RFC 8628, 3.5). Raises LoginEnded for words that end the login."""
    match word:
        case "authorization_pending":
            return Answer.PENDING
        case "slow_down":
            return Answer.SLOW_DOWN
        case "expired_token":
            raise expired()
        case "access_denied":
            raise LoginEnded(Ending.DENIED, "The login was refused in the browser.")
        case _ if status >= 500 or status == 429:  # noqa: PLR2004 - HTTP: theirs, and too many requests
            return Answer.BUSY
        case _:
            known = isinstance(word, str) and word.replace("_", "").isalpha()
            shown = str(word) if known else f"HTTP {status}"
            raise LoginEnded(Ending.FAILED, f"The login service refused the login ({shown[:60]}). Start it again.")


def object_of(answer: TokenAnswer) -> Mapping[str, Any]:
    """The JSON object of an answer; empty when it is none."""
    try:
        found = decode(answer.body)
    except JsonError:
        return {}
    return found if isinstance(found, dict) else {}


def told(body: Mapping[str, Any], name: str) -> str:
    """A text that must be there, fit for a header and a line of a terminal. Raises LoginEnded."""
    try:
        text = checked_token(body.get(name), name)
    except GatewayError as error:
        raise LoginEnded(Ending.FAILED, f"The login service answered something unusable: {error.message}.") from error
    if not text:
        raise LoginEnded(Ending.FAILED, f"The login service answered without {name}. Start the login again.")
    return text


def seconds(value: Any, default: float, longest: float) -> float:
    """A span as a server tells it, within reason."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:  # also not a number at all
        return default
    return float(min(value, longest))


def web_address(value: Any) -> str:
    """A link fit to be shown and opened: http or https, printable. Raises LoginEnded."""
    if isinstance(value, str) and value.startswith(("https://", "http://")) and value.isascii() and value.isprintable():
        return value
    raise LoginEnded(Ending.FAILED, "The login service answered with a link that cannot be shown. Start it again.")
