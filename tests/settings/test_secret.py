"""A secret is not shown by accident."""

import copy
import logging
import pickle

from gateway.settings import Secret


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret("hunter2")
    shown = f"{secret} {secret!r} {secret!s} {secret:>10} {[secret]} %s %r" % (secret, secret)
    assert "hunter2" not in shown
    assert secret.reveal() == "hunter2"


def test_a_copy_or_a_pickle_carries_no_secret() -> None:
    assert b"hunter2" not in pickle.dumps(Secret("hunter2"))
    assert copy.deepcopy(Secret("hunter2")).reveal() == "***"


def test_a_log_record_shows_no_secret() -> None:
    record = logging.makeLogRecord({"msg": "%s", "args": (Secret("hunter2"),)})
    assert record.getMessage() == "***"


def test_secrets_compare_by_their_text() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
