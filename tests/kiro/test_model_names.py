"""Every spelling of a model that was seen, and Kiro's own."""

import pytest

from gateway.kiro.model_names import Spelling, claude_name, family, readings, without_window


@pytest.mark.parametrize(
    ("client", "kiro"),
    [
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4.5"),
        ("claude-sonnet-4-5", "claude-sonnet-4.5"),
        ("claude-sonnet-4-5-latest", "claude-sonnet-4.5"),
        ("claude-sonnet-4.5", "claude-sonnet-4.5"),
        ("Claude-Opus-4-6", "claude-opus-4.6"),
        ("claude-haiku-4.5-20251001", "claude-haiku-4.5"),
        ("claude-sonnet-4-20250514", "claude-sonnet-4"),
        ("claude-sonnet-4", "claude-sonnet-4"),
        ("claude-opus-5", "claude-opus-5"),
        ("claude-fable-5", "claude-fable-5"),
        ("claude-3-7-sonnet-20250219", "claude-3.7-sonnet"),
        ("claude-3-5-haiku-latest", "claude-3.5-haiku"),
        ("claude-4.5-opus-high", "claude-opus-4.5"),
        ("kiro-o-4.8", "claude-opus-4.8"),
        ("kiro-s-4", "claude-sonnet-4"),
        ("kiro-h-4.5", "claude-haiku-4.5"),
        ("o-4", None),
        ("auto", None),
        ("gpt-5.6-sol", None),
        ("CLAUDE_SONNET_4_5_20250929_V1_0", None),
        ("claude-sonnet-4-5\n", None),
    ],
)
def test_a_claude_name_gets_kiros_spelling(client: str, kiro: str | None) -> None:
    assert claude_name(client) == kiro


@pytest.mark.parametrize(
    ("name", "kin"),
    [
        ("claude-opus-4-5", "opus"),
        ("CLAUDE_SONNET_4_20250514_V1_0", "sonnet"),
        ("claude-3-5-haiku", "haiku"),
        ("kiro-o-4.8", "opus"),
        ("gpt-4o", None),
        ("my-opusculum", None),
    ],
)
def test_the_family_is_read_from_any_spelling(name: str, kin: str | None) -> None:
    assert family(name) == kin


@pytest.mark.parametrize("name", ["glm-5[1m]", "glm-5[200K]", " glm-5 "])
def test_the_window_mark_is_taken_off(name: str) -> None:
    assert without_window(name) == "glm-5"


def test_readings_go_from_the_whole_name_to_the_bare_one() -> None:
    assert list(readings("kiro-auto-agentic-thinking")) == [
        Spelling("kiro-auto-agentic-thinking"),
        Spelling("auto-agentic-thinking"),
        Spelling("kiro-auto-agentic", thinking=True),
        Spelling("auto-agentic", thinking=True),
        Spelling("kiro-auto", thinking=True, agentic=True),
        Spelling("auto", thinking=True, agentic=True),
    ]


def test_the_amazonq_prefix_names_an_endpoint() -> None:
    assert list(readings("AmazonQ-auto"))[1] == Spelling("auto", preferred_endpoint="amazonq")


@pytest.mark.parametrize("name", ["", "-chat", "kiro-", "[1m]"])
def test_an_odd_name_is_read_as_it_is(name: str) -> None:
    assert next(readings(name)).base == without_window(name)
