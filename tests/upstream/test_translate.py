import ssl
from types import SimpleNamespace

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from gateway.errors import Kind
from gateway.upstream.translate import fault

KEY = ConnectionKey("10.1.2.3", 443, True, True, None, None, None)
REFUSED = OSError(111, "Connect call failed ('10.1.2.3', 443)")


@pytest.mark.parametrize(
    ("error", "words", "retry", "should_retry"),
    [
        (aiohttp.ConnectionTimeoutError("10.1.2.3"), "took too long", False, True),
        (aiohttp.ClientConnectorDNSError(KEY, REFUSED), "DNS", True, True),
        (aiohttp.ClientConnectorCertificateError(KEY, ssl.CertificateError("x")), "certificate", False, True),
        (ssl.SSLCertVerificationError(1, "10.1.2.3"), "certificate", False, True),
        (aiohttp.ClientConnectorSSLError(KEY, REFUSED), "handshake", True, True),
        (aiohttp.ClientProxyConnectionError(KEY, REFUSED), "outbound proxy", True, True),
        (aiohttp.ClientConnectorError(KEY, REFUSED), "Connecting to Kiro failed", True, True),
        (aiohttp.ServerDisconnectedError(), "broke before", False, False),
        (aiohttp.ClientOSError(104, "reset by 10.1.2.3"), "broke before", False, False),
        (ConnectionResetError(104, "reset by 10.1.2.3"), "broke before", False, False),
        (aiohttp.ClientPayloadError("10.1.2.3"), "cut off", False, False),
        (ssl.SSLError(1, "10.1.2.3"), "TLS connection to Kiro broke", False, False),
        (aiohttp.ClientResponseError(SimpleNamespace(real_url="10.1.2.3"), ()), "not HTTP", False, False),
        (TimeoutError(), "did not answer", False, False),
    ],
)
def test_each_exception_names_its_phase_and_whether_the_prompt_may_have_been_seen(
    error: Exception, words: str, retry: bool, should_retry: bool
) -> None:
    made = fault(error, "Kiro")
    assert words in made.message
    assert "10.1.2.3" not in made.message
    assert (made.retry, made.should_retry) == (retry, should_retry)


def test_a_time_out_is_a_time_out() -> None:
    assert fault(TimeoutError(), "Kiro").kind is Kind.TIMEOUT
