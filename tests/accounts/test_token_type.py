"""Which TokenType an Identity Center login's requests carry."""

from dataclasses import replace

import pytest

from gateway.accounts.token_type import TokenTypeMemory
from gateway.kiro.endpoints import Identity, LoginKind

PLAIN = Identity("token", "arn", "idc", "us-east-1", "m")
LABELLED = replace(PLAIN, token_type="SSO_OIDC")


def test_none_is_sent_first_and_the_other_one_tried_after_a_refusal() -> None:
    memory = TokenTypeMemory()
    assert memory.apply(PLAIN) is PLAIN
    assert memory.trial(PLAIN) == LABELLED


def test_what_worked_is_sent_from_then_on_and_nothing_is_tried_any_more() -> None:
    for worked in (PLAIN, LABELLED):
        memory = TokenTypeMemory()
        memory.worked(worked)
        assert memory.apply(PLAIN) == worked
        assert memory.trial(worked) is None


def test_a_request_that_was_sent_before_another_found_out_follows_it() -> None:
    memory = TokenTypeMemory()
    memory.worked(LABELLED)
    assert memory.trial(PLAIN) == LABELLED


def test_a_trial_that_failed_is_not_repeated_with_the_same_token() -> None:
    memory = TokenTypeMemory()
    memory.refused(LABELLED)
    assert memory.trial(PLAIN) is None
    renewed = replace(PLAIN, access_token="renewed")
    assert memory.trial(renewed) == replace(renewed, token_type="SSO_OIDC")


def test_a_listing_is_a_guess_that_a_request_may_correct() -> None:
    memory = TokenTypeMemory()
    memory.listed(LABELLED)
    assert memory.apply(PLAIN) == LABELLED
    assert memory.trial(LABELLED) == PLAIN
    memory.worked(PLAIN)
    memory.listed(LABELLED)
    assert memory.apply(PLAIN) is PLAIN


@pytest.mark.parametrize("kind", ["social", "builder_id", "external_idp", "api_key"])
def test_other_kinds_keep_what_they_have(kind: LoginKind) -> None:
    memory, other = TokenTypeMemory(), replace(PLAIN, kind=kind)
    assert memory.trial(other) is None
    memory.worked(replace(LABELLED, kind=kind))
    memory.listed(LABELLED)
    assert memory.apply(other) is other
