"""What is known of one request; its last word is the access log's one line."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field

from aiohttp import web

from gateway.accounts.queue import PoolRequest
from gateway.errors import GatewayError
from gateway.events import Stop, Usage
from gateway.kiro.answer import Answer
from gateway.kiro.circumstances import Circumstances
from gateway.kiro.signed_reasoning import Reasoning
from gateway.kiro.usage import CREDIT_DIGITS
from gateway.upstream.attempts import Trace, total
from gateway.web.capture import NO_CAPTURE, Capture


@dataclass(slots=True)
class Record:
    """One request, from its id to its end.

    owner: a digest of the key that let the request in. pool_request: the same request as the accounts' queue sees it.
    calls: a trace of each upstream call; with a web search, or a repair, an answer takes several.
    effort: as it was sent, None where the model's default holds.
    answer: the decoder, for what it noticed on its way. decoders: those of all attempts of all calls.
    warnings: what the owner of the account should know, by topic, for the header of warnings.
    double_price: it was logged that the input was above its model's threshold.
    told: other headers of the answer that are known from the request. around: what a fault of Kiro's is completed with.
    cut: told the ids of calls that the output limit cut off. reasoned: told the ids of calls and the signed reasoning.
    abort: set once the answer has begun; ends it with a failure in the client's own protocol, since a status can no
    longer be sent. end: how a streamed answer ended, where the HTTP status says nothing: ``failed`` or ``client_left``.
    ending: the last bytes of a streamed answer are on their way, so that nothing may follow them.
    repaired: the model was asked a second time, since its first answer was not what the client demanded.
    """

    request_id: str
    owner: bytes = b""
    dialect: str | None = None
    model: str | None = None
    upstream_model: str | None = None
    effort: str | None = None
    stream: bool = False
    pool_request: PoolRequest = field(default_factory=PoolRequest)
    calls: list[Trace] = field(default_factory=list)
    capture: Capture = NO_CAPTURE
    usage: Usage | None = None
    stop: Stop | None = None
    error: GatewayError | None = None
    end: str | None = None
    ending: bool = False
    repaired: bool = False
    answer: Answer | None = None
    decoders: list[Answer] = field(default_factory=list)
    warnings: dict[str, str] = field(default_factory=dict)
    double_price: bool = False
    told: dict[str, str] = field(default_factory=dict)
    around: Circumstances | None = None
    cut: Callable[[Sequence[str]], None] | None = None
    reasoned: Callable[[Collection[str], Reasoning], None] | None = None
    abort: Callable[[GatewayError], Awaitable[web.StreamResponse]] | None = None

    @property
    def trace(self) -> Trace:
        """All upstream calls of the request together."""
        return total(self.calls)

    @property
    def credits(self) -> float | None:
        """What all upstream calls have cost as far as Kiro has said it, failed ones included."""
        known = [decoder.credits for decoder in self.decoders if decoder.credits is not None]
        return round(sum(known), CREDIT_DIGITS) if known else None

    def model_of(self, answer: Answer) -> str:
        """The model that gave an answer: by Kiro's word, else the one that was asked."""
        return answer.model or self.upstream_model or ""

    def decoding(self, answer: Answer) -> Answer:
        """The decoder of one more attempt."""
        self.decoders.append(answer)
        return answer

    def next_call(self) -> Trace:
        """The trace of one more upstream call."""
        self.calls.append(Trace())
        return self.calls[-1]


RECORD = web.RequestKey("record", Record)
