from pathlib import Path

import pytest

from gateway.accounts.sources.api_key import configured
from gateway.accounts.sources.source import Wanted
from gateway.errors import GatewayError

KEY = "ksk_invented0123456789"


def wanted(key: str | None) -> Wanted:
    return Wanted(None, None, None, "us-east-1", "eu-central-1", Path("/h"), Path("/s"), api_key=key)


def test_an_api_key_is_a_token_that_nothing_refreshes() -> None:
    source = configured(wanted(KEY))
    assert source is not None
    login = source.load()
    assert (login.kind, login.access_token, login.refresh_token) == ("api_key", KEY, "")
    assert (login.profile_arn, login.api_region, login.expires_at) == (None, "eu-central-1", None)
    source.prove_writable()
    source.save(login, login.tokens)
    assert source.load() == login


def test_no_word_of_the_source_shows_the_key() -> None:
    source = configured(wanted(KEY))
    assert source is not None
    assert KEY not in f"{source!r} {source.name} {source.key} {source.login_again} {source.rules(source.load())}"


@pytest.mark.parametrize("key", ["aoaAAAA", "ksk_with space", "ksk_cut..."])
def test_what_is_no_api_key_is_refused(key: str) -> None:
    with pytest.raises(GatewayError):
        configured(wanted(key))


def test_without_a_key_there_is_no_source() -> None:
    assert configured(wanted(None)) is None
