"""Reasoning there and back in ``encrypted_content``."""

import base64

import pytest

from gateway.conversation import RedactedThinking, Thinking
from gateway.dialects.openai_responses.sealed import seal, unseal


@pytest.mark.parametrize(
    "block", [Thinking("Let me 日本 😀 see.", "EqRkiro+/=="), Thinking("", "sig"), RedactedThinking("c2VjcmV0")]
)
def test_what_is_sealed_comes_back_unchanged(block: Thinking | RedactedThinking) -> None:
    content = seal(block)
    assert content is not None and content.startswith("kgr1.") and content.isascii()
    assert unseal(content) == block


@pytest.mark.parametrize("block", [Thinking("words"), Thinking("words", "")])
def test_thinking_without_a_signature_is_not_sealed(block: Thinking) -> None:
    assert seal(block) is None


def packed(text: bytes) -> str:
    return "kgr1." + base64.urlsafe_b64encode(text).decode()


@pytest.mark.parametrize(
    "foreign",
    [
        "gAAAAABo-fernet",
        "kgr1.",
        "kgr1.!!!!",
        "kgr1.日本",
        "kgr2.WyJyZWRhY3RlZCIsImEiXQ==",
        packed(b"\xff\xfe"),
        packed(b'{"redacted": "a"}'),
        packed(b'["redacted", 5]'),
        packed(b'["thinking", "a"]'),
    ],
)
def test_anything_foreign_is_dropped(foreign: str) -> None:
    assert unseal(foreign) is None
