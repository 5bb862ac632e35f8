"""A login service that answers what a test says, and a clock that only sleeping moves."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gateway.accounts.refresh.grant import TokenAnswer, TokenCall
from gateway.errors import UpstreamError
from gateway.jsontext import decode, encode

REGISTERED = {"clientId": "client-id", "clientSecret": "client-secret", "clientSecretExpiresAt": 1780099200}
BEGUN = {
    "deviceCode": "device-code",
    "userCode": "ABCD-EFGH",
    "verificationUri": "https://view.awsapps.com/start/#/device",
    "verificationUriComplete": "https://view.awsapps.com/start/#/device?user_code=ABCD-EFGH",
    "expiresIn": 600,
    "interval": 1,
}
TOKENS = {"accessToken": "aoaAAAAA", "refreshToken": "aorAAAAA", "expiresIn": 3600, "tokenType": "Bearer"}


def answer(status: int, body: Any) -> TokenAnswer:
    return TokenAnswer(status, body if isinstance(body, bytes) else encode(body))


def refusal(word: str) -> TokenAnswer:
    return answer(400, {"error": word, "error_description": None})


@dataclass
class Service:
    """Gives the answers in their order and keeps the calls; an exception among the answers is raised."""

    answers: list[TokenAnswer | UpstreamError]
    calls: list[TokenCall] = field(default_factory=list)

    async def __call__(self, call: TokenCall) -> TokenAnswer:
        self.calls.append(call)
        given = self.answers.pop(0)
        if isinstance(given, UpstreamError):
            raise given
        return given

    def body(self, number: int) -> Any:
        return decode(self.calls[number].body)

    def paths(self) -> list[str]:
        return ["/" + call.url.split("/", 3)[3] for call in self.calls]


def service(*answers: TokenAnswer | UpstreamError | Iterable[TokenAnswer | UpstreamError]) -> Service:
    flat: list[TokenAnswer | UpstreamError] = []
    for given in answers:
        flat += [given] if isinstance(given, TokenAnswer | UpstreamError) else list(given)
    return Service(flat)


@dataclass
class Time:
    """Both clocks and the sleep; ``slept`` are the spans."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1_000_000.0 + self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
