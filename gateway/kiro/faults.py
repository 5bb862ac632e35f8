"""What Kiro refuses, as an UpstreamError: kind, words for the client, and what the retry plan may do about it.

The first row of fault_rows.ROWS whose conditions hold gives the answer. The observed bodies come as
``{"message", "reason"}``, with ``__type`` on the RPC style and the type in ``x-amzn-errortype`` on the REST style.
An exception frame in a 200 is classified by the status its name would have had.
"""

from collections.abc import Mapping

from gateway.errors import UpstreamError
from gateway.kiro.fault_rows import RESTRICTED, ROWS, Row
from gateway.kiro.refusal import Refusal, read_exception, read_response


def http_fault(status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
    """The error for an answer that is no event stream, a 200 with an error body included.

    ``body`` may be cut, compressed, HTML or no text at all; nothing of HTML and no token is shown.
    """
    return _error(read_response(status, headers, body))


def exception_fault(name: str, payload: bytes) -> UpstreamError:
    """The error for an exception frame, an error frame, or an error payload inside a 200.

    ``name`` is ``:exception-type`` or ``:error-code``, empty when only the payload says it; ``payload`` is the JSON
    of the frame, or the plain text of ``:error-message``.
    """
    return _error(read_exception(name, payload))


def _error(refusal: Refusal) -> UpstreamError:
    row = next(row for row in ROWS if _matches(row, refusal))
    sequel = row.sequel
    return UpstreamError(
        row.kind,
        _message(row, refusal),
        retry=sequel.retry,
        elsewhere=sequel.elsewhere,
        expired=sequel.expired,
        profile=row.profile,
        unexplained=row.unexplained,
        trouble=sequel.trouble,
        reason=refusal.reason,
        upstream_status=refusal.sent_status,
        request_id=refusal.request_id,
        retry_after=_wait(row, refusal),
        should_retry=sequel.should_retry,
    )


def _wait(row: Row, refusal: Refusal) -> float | None:
    """Seconds that Kiro asks for, else the row's. Where Kiro investigates an account, the longer of the two."""
    if refusal.retry_after is None or row.wait is None:
        return row.wait if refusal.retry_after is None else refusal.retry_after
    return max(refusal.retry_after, row.wait) if row.sequel is RESTRICTED else refusal.retry_after


def _matches(row: Row, refusal: Refusal) -> bool:
    lowest, highest = row.statuses
    if not lowest <= refusal.status <= highest or (row.shapes and refusal.shape not in row.shapes):
        return False
    if row.any_reason and not refusal.reason:
        return False
    if not (row.reasons or row.types or row.words):
        return True
    return (
        refusal.reason in row.reasons
        or refusal.type in row.types
        or any(word in refusal.searched for word in row.words)
    )


def _message(row: Row, refusal: Refusal) -> str:
    if refusal.text:
        return f"{row.means} Kiro says: {refusal.text}"
    return f"{row.means} (HTTP {refusal.sent_status})"
