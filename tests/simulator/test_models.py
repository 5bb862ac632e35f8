from gateway.simulator import models


def test_ids_are_unique_and_an_absent_one_means_auto() -> None:
    assert len({model.id for model in models.MODELS}) == len(models.MODELS)
    found = models.find(None)
    assert found is not None
    assert found.id == "auto"
    assert models.find("claude-9") is None


def test_a_described_model_has_the_members_of_the_real_list() -> None:
    listed = {model["modelId"]: model for model in models.listing()["models"]}
    assert listed["claude-sonnet-4.5"]["tokenLimits"] == {"maxInputTokens": 200_000, "maxOutputTokens": 64_000}
    assert listed["claude-haiku-4.5"]["rateMultiplier"] == 0.4
    assert listed["deepseek-3.2"]["supportedInputTypes"] == ["TEXT"]
    assert listed["deepseek-3.2"]["promptCaching"] == {"supportsPromptCaching": False}
    assert "additionalModelRequestFieldsSchema" not in listed["claude-sonnet-4.5"]
    assert "CLAUDE_SONNET_4_20250514_V1_0" not in listed


def test_reasoning_schemas_follow_the_family() -> None:
    schemas = models.schemas()
    opus, gpt = schemas["claude-opus-4.6"], schemas["gpt-5.6-sol"]
    assert opus is not None
    assert gpt is not None
    assert opus["properties"]["output_config"]["properties"]["effort"]["enum"] == ["low", "medium", "high", "max"]
    assert opus["properties"]["max_tokens"] == {"type": "integer", "minimum": 1024, "maximum": 64_000}
    assert list(gpt["properties"]) == ["reasoning"]
    assert schemas["auto"] is None


def test_pages_lead_to_each_other_and_end() -> None:
    first = models.listing(limit=5)
    second = models.listing(first=int(first["nextToken"]), limit=100)
    assert len(first["models"]) == 5
    assert first["models"] + second["models"] == models.listing()["models"]
    assert second["nextToken"] is None
