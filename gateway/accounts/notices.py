"""What the log says of an account that cannot be used any more, once for each change of its state."""

from typing import Final

import structlog

from gateway.accounts.health import AccountFailure, AccountState, Health, Now, remaining
from gateway.kiro.fault_rows import SUPPORT_FORM

_log: Final = structlog.get_logger("gateway.accounts")


def log_failure_of(account: str, health: Health, failure: AccountFailure, now: Now) -> None:
    """The account's name, its health after the failure, and Kiro's text where only its support can help."""
    if health.state is AccountState.SUSPENDED:
        _log.error("account_suspended", account=account, reason=failure.message, support=SUPPORT_FORM)
        return
    reason = failure.message if health.state is AccountState.RESTRICTED else None
    seconds = round(remaining(health, now)) or None
    _log.warning("account_unavailable", account=account, state=health.state.value, seconds=seconds, reason=reason)
