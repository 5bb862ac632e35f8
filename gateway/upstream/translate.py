"""Foreign exceptions of the way out as UpstreamErrors: once, here, by name.

The words name the phase that failed and who was meant, never an address or a stack.
"""

from dataclasses import dataclass
from ssl import SSLCertVerificationError, SSLError

import aiohttp

from gateway.errors import Kind, Trouble, UpstreamError


@dataclass(frozen=True, slots=True)
class Cause:
    """What an exception means. sent: the request may have reached the other side, and been worked on."""

    words: str
    retry: bool = False
    sent: bool = False
    kind: Kind = Kind.UPSTREAM


class UnconnectedError(aiohttp.ClientError):
    """Whatever went wrong (its ``__cause__``), there was no connection yet, and nothing was sent."""


def fault(error: Exception, where: str, proxy: str | None = None) -> UpstreamError:
    """The UpstreamError for an exception of aiohttp, a socket or a SOCKS proxy. proxy: the host of the outbound one."""
    early = error.__cause__ if isinstance(error, UnconnectedError) else None
    seen = early or error
    if proxy is not None and isinstance(seen, aiohttp.ClientConnectorError) and seen.host == proxy:
        where = "the outbound proxy"
    cause = _unconnected(seen, where) or (_broken(error, where) if early is None else _early(early, where, proxy))
    trouble = Trouble.NONE if cause.sent else Trouble.FAILING
    return UpstreamError(cause.kind, cause.words, retry=cause.retry, should_retry=not cause.sent, trouble=trouble)


def _unconnected(error: BaseException, where: str) -> Cause | None:
    """Faults that only come before the request was sent."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return Cause(f"Connecting to {where} took too long.")  # its patience is spent; see the plan
        case aiohttp.ClientConnectorDNSError():
            return Cause(f"The name of {where} could not be resolved (DNS). Is the network up?", retry=True)
        case aiohttp.ClientConnectorCertificateError() | SSLCertVerificationError():  # bare through SOCKS
            return Cause(
                f"The TLS certificate of {where} was not accepted. Behind a company's TLS proxy, set upstream.ca_file."
            )
        case aiohttp.ClientConnectorSSLError() | aiohttp.ServerFingerprintMismatch():
            return Cause(f"The TLS handshake with {where} failed.", retry=True)
        case aiohttp.ClientHttpProxyError(status=status):
            return Cause(f"The outbound proxy refused the connection to {where} (HTTP {status}).")
        case aiohttp.ClientProxyConnectionError():
            return Cause("Connecting to the outbound proxy failed.", retry=True)
        case aiohttp.ClientConnectorError():
            return Cause(f"Connecting to {where} failed.", retry=True)
    # aiohttp_socks is only loaded where it is used, and its errors have no common base with aiohttp's.
    if type(error).__module__.startswith("aiohttp_socks"):
        return Cause(f"The SOCKS proxy did not connect to {where}.", retry=True)
    return None


def _early(error: BaseException, where: str, proxy: str | None) -> Cause:
    """Faults that may come at any time, and came before the request was sent: of a tunnel, of TLS within it."""
    if isinstance(error, SSLError):
        return Cause(f"The TLS handshake with {where} failed.", retry=True)
    way = "" if proxy is None else " through the outbound proxy"
    return Cause(f"Connecting to {where}{way} failed.", retry=True)


def _broken(error: Exception, where: str) -> Cause:
    """Faults once the request was on its way."""
    match error:
        case TimeoutError():
            return Cause(f"{_capital(where)} did not answer in time.", sent=True, kind=Kind.TIMEOUT)
        case aiohttp.ClientResponseError():
            return Cause(f"What {where} answered is not HTTP.", sent=True)
        case aiohttp.ClientPayloadError():
            return Cause(f"The answer of {where} was cut off.", sent=True)
        case SSLError():
            return Cause(f"The TLS connection to {where} broke.", sent=True)
        case _:
            return Cause(f"The connection to {where} broke before an answer came.", sent=True)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
