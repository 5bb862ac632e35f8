"""Which model a client means, and where each fact comes from."""

from typing import Any

import pytest

from gateway.kiro.models import (
    Catalogue,
    Model,
    NameRules,
    Resolved,
    alias_problems,
    describe,
    listing,
    resolve,
    suggestions,
)

RULES = NameRules()
CATALOGUE = Catalogue.fallback(RULES)
SCHEMA = {"properties": {"output_config": {"properties": {"effort": {"enum": ["low", "high"]}}}}}
ENTRY: dict[str, Any] = {
    "modelId": "claude-opus-4.6",
    "modelName": "Opus!",
    "rateMultiplier": 2.5,
    "supportedInputTypes": ["TEXT"],
    "tokenLimits": {"maxInputTokens": 500_000, "maxOutputTokens": None},
    "additionalModelRequestFieldsSchema": SCHEMA,
}


def found(name: str, names: NameRules = RULES) -> Resolved:
    return resolve(name, CATALOGUE, names)


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4.5"),
        ("claude-sonnet-4-5[1m]", "claude-sonnet-4.5"),
        ("claude-opus-4-5-20251101", "claude-opus-4.5"),
        ("kiro-claude-opus-4-5", "claude-opus-4.5"),
        ("amazonq-claude-haiku-4-5", "claude-haiku-4.5"),
        ("kiro-deepseek-3.2", "deepseek-3.2"),
        ("kiro-o-4.8", "claude-opus-4.8"),
        ("auto-kiro", "auto"),
        ("kiro-auto", "auto"),
        ("AUTO", "auto"),
        ("claude-4.5-opus-high-thinking", "claude-opus-4.5"),
        ("gpt-5.6-sol", "gpt-5.6-sol"),
        ("claude-sonnet-9-1-20300101", "claude-sonnet-9.1"),
        ("CLAUDE_SONNET_4_5_20250929_V1_0", "CLAUDE_SONNET_4_5_20250929_V1_0"),
        ("Some-New-Model", "Some-New-Model"),
        ("deepseek-chat", "deepseek-chat"),
        ("kiro-new-thinking", "kiro-new-thinking"),
    ],
)
def test_a_name_leads_to_its_id_and_an_unknown_one_to_itself(name: str, model_id: str) -> None:
    assert found(name).model.id == model_id


@pytest.mark.parametrize(
    ("name", "thinking", "agentic", "chat_only", "endpoint"),
    [
        ("claude-sonnet-4.5", False, False, False, None),
        ("claude-sonnet-4.5-thinking", True, False, False, None),
        ("claude-sonnet-9.1-agentic", False, True, False, None),
        ("claude-sonnet-4-5-20250929-chat", False, False, True, None),
        ("amazonq-auto-agentic-thinking[1m]", True, True, False, "amazonq"),
        ("claude-4.5-opus-high-thinking", True, False, False, None),
        ("auto-kiro-thinking", True, False, False, None),
    ],
)
def test_suffixes_and_prefixes_are_told_apart(
    name: str, thinking: bool, agentic: bool, chat_only: bool, endpoint: str | None
) -> None:
    seen = found(name)
    assert (seen.thinking, seen.agentic, seen.chat_only, seen.preferred_endpoint) == (
        thinking,
        agentic,
        chat_only,
        endpoint,
    )


def test_a_listed_model_keeps_a_name_that_ends_like_a_suffix() -> None:
    catalogue = Catalogue((Model("deepseek-chat", "x"),))
    assert resolve("deepseek-chat", catalogue, RULES) == Resolved(catalogue.models[0])


def test_an_alias_may_carry_suffixes_and_stand_for_another_makers_name() -> None:
    names = NameRules(aliases={"gpt-4o": "claude-sonnet-4-5-agentic"})
    seen = found("GPT-4o-thinking", names)
    assert (seen.model.id, seen.agentic, seen.thinking) == ("claude-sonnet-4.5", True, True)


def test_the_users_alias_goes_before_the_list_and_does_not_loop() -> None:
    names = NameRules(aliases={"claude-sonnet-4.5": "claude-sonnet-4.6", "claude-sonnet-4.6": "claude-sonnet-4.5"})
    assert found("claude-sonnet-4-5-20250929", names).model.id == "claude-sonnet-4.6"


def test_an_alias_into_another_family_is_reported_and_not_followed() -> None:
    aliases = {"claude-opus-4.5": "claude-haiku-4.5", "fast": "claude-haiku-4.5"}
    assert len(alias_problems(aliases)) == 1
    assert found("claude-opus-4.5", NameRules(aliases=aliases)).model.id == "claude-opus-4.5"


def test_a_hidden_model_is_found_under_its_name() -> None:
    names = NameRules(hidden={"claude-3.7-sonnet": "CLAUDE_3_7_SONNET_20250219_V1_0"})
    model = found("claude-3-7-sonnet-20250219", names).model
    assert (model.id, model.source) == ("CLAUDE_3_7_SONNET_20250219_V1_0", "configured")


@pytest.mark.parametrize(("name", "needed"), [("claude-opus-4.6", False), ("claude-opus-4.5", True)])
def test_only_silent_models_need_no_signal(name: str, needed: bool) -> None:
    assert found(name).model.needs_signal is needed


def test_facts_of_the_list_go_before_those_of_the_table() -> None:
    (model,) = Catalogue.from_upstream({"models": [ENTRY]}).models
    assert (model.name, model.window, model.rate, model.images) == ("Opus!", 500_000, 2.5, False)
    assert (model.max_output, model.efforts, model.fields_schema) == (64_000, ("low", "high"), SCHEMA)
    assert (model.sources["window"], model.sources["max_output"], model.source) == (
        "upstream",
        "fallback table",
        "upstream",
    )


def test_a_model_listed_without_a_schema_has_no_native_fields() -> None:
    (model,) = Catalogue.from_upstream({"models": [{"modelId": "claude-opus-4.6"}]}).models
    assert (model.fields_schema, model.efforts, model.window) == (None, (), 1_000_000)
    assert "fields_schema" not in model.sources


@pytest.mark.parametrize(
    ("answer", "ids", "default"),
    [
        ({}, [], "auto"),
        ({"models": None, "defaultModel": None}, [], "auto"),
        ({"models": [None, {}, {"modelId": 1}, {"modelId": "a"}], "defaultModel": "a"}, ["a"], "a"),
        ({"models": [{"modelId": "a", "tokenLimits": 7}], "defaultModel": {"modelId": "b"}}, ["a"], "b"),
        ({"models": [{"modelId": "a"}, {"modelId": "a"}]}, ["a"], "auto"),
    ],
)
def test_an_odd_list_gives_what_it_can(answer: dict[str, Any], ids: list[str], default: str) -> None:
    catalogue = Catalogue.from_upstream(answer)
    assert ([model.id for model in catalogue.models], catalogue.default) == (ids, default)


def test_a_model_nobody_describes_has_the_configured_window() -> None:
    (model,) = Catalogue.from_upstream({"models": [{"modelId": "new"}]}, window=123_456).models
    assert (model.window, model.sources["window"]) == (123_456, "assumed")
    assert describe("newer", "client").window == 200_000


def test_the_users_fallback_models_take_the_place_of_the_built_in_ones() -> None:
    catalogue = Catalogue.fallback(NameRules(fallback=("claude-opus-4.5", "mine")))
    assert [(model.id, model.source) for model in catalogue.models] == [
        ("claude-opus-4.5", "fallback table"),
        ("mine", "configured"),
    ]


def test_the_list_shows_a_hidden_model_with_the_window_it_is_served_with() -> None:
    names = NameRules(hidden={"secret": "S_1"}, window=64_000)
    entries = {entry.name: entry for entry in listing(CATALOGUE, names)}
    assert entries["secret"].model.window == found("secret", names).model.window == 64_000


def test_the_list_shows_models_hidden_ones_aliases_and_dated_spellings_once() -> None:
    names = NameRules(hidden={"secret": "S_1"}, aliases={"auto-kiro": "auto"}, hidden_from_list=frozenset({"Auto"}))
    entries = {entry.name: entry for entry in listing(CATALOGUE, names)}
    assert "auto" not in entries
    assert entries["auto-kiro"].alias_of == "auto"
    assert entries["secret"].alias_of == "S_1"
    assert entries["claude-sonnet-4.5"].alias_of is None
    assert entries["claude-sonnet-4-20250514"].alias_of == "claude-sonnet-4"
    assert entries["claude-haiku-4-5-20251001"].model.id == "claude-haiku-4.5"


def test_every_listed_name_is_found() -> None:
    assert all(found(entry.name).model.id == entry.model.id for entry in listing(CATALOGUE, RULES))


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("claude-sonet-4.5", "claude-sonnet-4.5"), ("claud-opus-4-8", "claude-opus-4.8"), ("deepseek", "deepseek-3.2")],
)
def test_a_misspelt_name_gets_suggestions(wrong: str, meant: str) -> None:
    assert meant in suggestions(wrong, CATALOGUE)


def test_suggestions_stay_in_the_family_and_may_be_none() -> None:
    assert all("haiku" in name for name in suggestions("claude-haiku-3", CATALOGUE) if "claude" in name)
    assert suggestions("zzz", CATALOGUE) == ()
