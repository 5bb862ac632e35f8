"""The models the simulator serves: its own list, so that it does not depend on the catalogue it tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

NO_EFFORTS: Final[tuple[str, ...]] = ()
CLAUDE_46: Final = ("low", "medium", "high", "max")
CLAUDE_47: Final = ("low", "medium", "high", "xhigh", "max")
GPT: Final = ("none", "low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One model. window and output in tokens; rate in credits; both None where no source tells.

    efforts: what its reasoning schema allows, empty for models without one.
    thinking: values of ``thinking.type``; empty for GPT, whose field is ``reasoning.effort``.
    metadata: whether it sends metadataEvent. signals: whether anything at all says that an answer is complete.
    listed: False for old ids that are served and not shown.
    double_above: input tokens above which the whole request costs double.
    """

    id: str
    name: str
    window: int
    output: int | None
    rate: float | None
    images: bool = True
    efforts: tuple[str, ...] = NO_EFFORTS
    thinking: tuple[str, ...] = ("adaptive", "disabled")
    cache_minimum: int = 1024
    metadata: bool = False
    signals: bool = True
    listed: bool = True
    double_above: int | None = None


def _claude(name: str, id: str, rate: float | None, output: int | None, **rest: Any) -> ServedModel:
    return ServedModel(id, name, 1_000_000, output, rate, metadata=True, cache_minimum=4096, **rest)


def _gpt(name: str, id: str, rate: float) -> ServedModel:
    """The window and the price are those of accounts that were raised from September 2026 on."""
    return ServedModel(id, name, 872_000, 128_000, rate, efforts=GPT, thinking=(), metadata=True, double_above=272_000)


MODELS: Final = (
    ServedModel("auto", "Auto", 1_000_000, 64_000, 1.0),
    _claude("Claude Opus 5", "claude-opus-5", 2.2, 128_000, efforts=CLAUDE_47),
    _claude("Claude Sonnet 5", "claude-sonnet-5", 1.3, 64_000, efforts=CLAUDE_47),
    _claude("Claude Fable 5", "claude-fable-5", None, 128_000, efforts=CLAUDE_47),
    _claude("Claude Opus 5.5", "claude-opus-5.5", None, None, efforts=CLAUDE_47, thinking=("adaptive",)),
    _claude("Claude Sonnet 5.5", "claude-sonnet-5.5", None, None, efforts=CLAUDE_47, thinking=("adaptive",)),
    _claude("Claude Opus 4.8", "claude-opus-4.8", 2.2, 128_000, efforts=CLAUDE_47),
    _claude("Claude Opus 4.7", "claude-opus-4.7", 2.2, 64_000, efforts=CLAUDE_47),
    ServedModel(
        "claude-opus-4.6",
        "Claude Opus 4.6",
        1_000_000,
        64_000,
        2.2,
        efforts=CLAUDE_46,
        cache_minimum=4096,
        signals=False,
    ),
    ServedModel("claude-sonnet-4.6", "Claude Sonnet 4.6", 1_000_000, 64_000, 1.3, efforts=CLAUDE_46, metadata=True),
    ServedModel("claude-opus-4.5", "Claude Opus 4.5", 200_000, 64_000, 2.2),
    ServedModel("claude-sonnet-4.5", "Claude Sonnet 4.5", 200_000, 64_000, 1.3),
    ServedModel("claude-sonnet-4", "Claude Sonnet 4", 200_000, 64_000, 1.3),
    ServedModel("claude-haiku-4.5", "Claude Haiku 4.5", 200_000, 64_000, 0.4),
    ServedModel("deepseek-3.2", "DeepSeek 3.2", 164_000, None, 0.25, images=False),
    ServedModel("minimax-m2.5", "MiniMax M2.5", 196_000, None, 0.25, images=False),
    ServedModel("minimax-m2.1", "MiniMax M2.1", 196_000, None, 0.15, images=False),
    ServedModel("glm-5", "GLM 5", 200_000, None, 0.5, images=False),
    ServedModel("qwen3-coder-next", "Qwen3 Coder Next", 256_000, None, 0.05, images=False),
    _gpt("GPT 5.6 Sol", "gpt-5.6-sol", 4.4),
    _gpt("GPT 5.6 Terra", "gpt-5.6-terra", 2.2),
    _gpt("GPT 5.6 Luna", "gpt-5.6-luna", 1.1),
    ServedModel("CLAUDE_SONNET_4_5_20250929_V1_0", "Claude Sonnet 4.5", 200_000, 64_000, 1.3, listed=False),
    ServedModel("CLAUDE_SONNET_4_20250514_V1_0", "Claude Sonnet 4", 200_000, 64_000, 1.3, listed=False),
    ServedModel("CLAUDE_3_7_SONNET_20250219_V1_0", "Claude 3.7 Sonnet", 200_000, 64_000, 1.3, listed=False),
    ServedModel("claude-sonnet-4.5-1m", "Claude Sonnet 4.5", 198_000, 64_000, 1.3, listed=False),
)


def find(model_id: str | None) -> ServedModel | None:
    """The model of that exact id; no id means ``auto``, as on the real service."""
    return next((model for model in MODELS if model.id == (model_id or "auto")), None)


def fields_schema(model: ServedModel) -> dict[str, Any] | None:
    """What the model publishes as ``additionalModelRequestFieldsSchema``; None for models without native fields."""
    if not model.efforts:
        return None
    effort = {"type": "string", "enum": list(model.efforts)}
    if not model.thinking:
        return _closed({"reasoning": _closed({"effort": effort})})
    display = {"type": "string", "enum": ["summarized", "omitted"]}
    limit = {"type": "integer", "minimum": 1024, "maximum": model.output or 64_000}
    thinking = _closed({"type": {"type": "string", "enum": list(model.thinking)}, "display": display})
    return _closed({"thinking": thinking, "output_config": _closed({"effort": effort}), "max_tokens": limit})


def schemas() -> dict[str, dict[str, Any] | None]:
    """Every id served, with its schema."""
    return {model.id: fields_schema(model) for model in MODELS}


def _closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": dict(properties)}


def describe(model: ServedModel) -> dict[str, Any]:
    """The model object of ListAvailableModels."""
    described: dict[str, Any] = {"modelId": model.id, "modelName": model.name, "description": model.name}
    if model.rate is not None:
        described |= {"rateMultiplier": model.rate, "rateUnit": "Credit"}
    described["supportedInputTypes"] = ["TEXT", "IMAGE"] if model.images else ["TEXT"]
    described["tokenLimits"] = {"maxInputTokens": model.window, "maxOutputTokens": model.output}
    described["promptCaching"] = _caching(model)
    schema = fields_schema(model)
    return described | ({"additionalModelRequestFieldsSchema": schema} if schema else {})


def _caching(model: ServedModel) -> dict[str, Any]:
    if not model.images:  # the open-weight models, which are the text-only ones
        return {"supportsPromptCaching": False}
    return {
        "supportsPromptCaching": True,
        "maximumCacheCheckpointsPerRequest": 4,
        "minimumTokensPerCacheCheckpoint": model.cache_minimum,
    }


def listing(*, first: int = 0, limit: int | None = None) -> dict[str, Any]:
    """The answer of ListAvailableModels, a page of it when ``limit`` is given; the next token is an offset."""
    shown = [model for model in MODELS if model.listed]
    last = len(shown) if limit is None else first + limit
    token = str(last) if last < len(shown) else None
    page = [describe(model) for model in shown[first:last]]
    return {"defaultModel": {"modelId": "auto"}, "models": page, "nextToken": token}
