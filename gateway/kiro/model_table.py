"""What is known of Kiro's models without asking it: the fallback for a list that does not load or is silent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

DEFAULT_WINDOW: Final = 200_000
"""Tokens assumed for a model nobody describes: the smallest window of Kiro's Claude models."""

_ADAPTIVE: Final = ("adaptive",)
_SWITCHABLE: Final = ("adaptive", "disabled")
_FOUR: Final = ("low", "medium", "high", "max")
_FIVE: Final = ("low", "medium", "high", "xhigh", "max")
_GPT: Final = ("none", "low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A row: window and output in tokens, rate in credits; None where no source tells.

    efforts: what the model's reasoning field takes; empty when it has none.
    thinking: values of ``thinking.type``; empty for GPT, whose field is ``reasoning.effort``.
    dated: spellings of real clients beside Kiro's own, shown in the model list.
    """

    id: str
    name: str
    window: int | None
    max_output: int | None
    rate: float | None
    efforts: tuple[str, ...] = ()
    thinking: tuple[str, ...] = ()
    dated: tuple[str, ...] = ()
    images: bool = True

    def fields_schema(self) -> Mapping[str, Any] | None:
        """The model's ``additionalModelRequestFieldsSchema``, as far as it was seen."""
        if not self.efforts:
            return None
        effort = {"effort": {"type": "string", "enum": list(self.efforts)}}
        if not self.thinking:
            return {"properties": {"reasoning": {"properties": effort}}}
        display = {"type": "string", "enum": ["summarized", "omitted"]}
        thinking = {"type": {"type": "string", "enum": list(self.thinking)}, "display": display}
        properties: dict[str, Any] = {
            "thinking": {"properties": thinking},
            "output_config": {"properties": effort},
        }
        if self.max_output:
            properties["max_tokens"] = {"type": "integer", "minimum": 1024, "maximum": self.max_output}
        return {"properties": properties}


KNOWN_MODELS: Final[tuple[KnownModel, ...]] = (
    KnownModel("auto", "Auto", 1_000_000, 64_000, 1.0),
    KnownModel("claude-opus-5.5", "Claude Opus 5.5", 1_000_000, None, None, _FIVE, _ADAPTIVE, ("claude-opus-5-5",)),
    KnownModel(
        "claude-sonnet-5.5", "Claude Sonnet 5.5", 1_000_000, None, None, _FIVE, _ADAPTIVE, ("claude-sonnet-5-5",)
    ),
    KnownModel("claude-opus-5", "Claude Opus 5", 1_000_000, 128_000, 2.2, _FIVE, _SWITCHABLE),
    KnownModel("claude-sonnet-5", "Claude Sonnet 5", 1_000_000, 64_000, 1.3, _FIVE, _SWITCHABLE),
    KnownModel("claude-fable-5", "Claude Fable 5", 1_000_000, 128_000, None, _FIVE, _SWITCHABLE),
    KnownModel("claude-opus-4.8", "Claude Opus 4.8", 1_000_000, 128_000, 2.2, _FIVE, _SWITCHABLE, ("claude-opus-4-8",)),
    KnownModel("claude-opus-4.7", "Claude Opus 4.7", 1_000_000, 64_000, 2.2, _FIVE, _SWITCHABLE, ("claude-opus-4-7",)),
    KnownModel("claude-opus-4.6", "Claude Opus 4.6", 1_000_000, 64_000, 2.2, _FOUR, _SWITCHABLE, ("claude-opus-4-6",)),
    KnownModel(
        "claude-sonnet-4.6",
        "Claude Sonnet 4.6",
        1_000_000,
        64_000,
        1.3,
        _FOUR,
        _SWITCHABLE,
        ("claude-sonnet-4-6",),
    ),
    KnownModel(
        "claude-opus-4.5",
        "Claude Opus 4.5",
        200_000,
        64_000,
        2.2,
        dated=("claude-opus-4-5", "claude-opus-4-5-20251101"),
    ),
    KnownModel(
        "claude-sonnet-4.5",
        "Claude Sonnet 4.5",
        200_000,
        64_000,
        1.3,
        dated=("claude-sonnet-4-5", "claude-sonnet-4-5-20250929"),
    ),
    KnownModel("claude-sonnet-4", "Claude Sonnet 4", 200_000, 64_000, 1.3, dated=("claude-sonnet-4-20250514",)),
    KnownModel(
        "claude-haiku-4.5",
        "Claude Haiku 4.5",
        200_000,
        64_000,
        0.4,
        dated=("claude-haiku-4-5", "claude-haiku-4-5-20251001"),
    ),
    KnownModel("deepseek-3.2", "DeepSeek 3.2", 164_000, None, 0.25, images=False),
    KnownModel("minimax-m2.5", "MiniMax M2.5", 196_000, None, 0.25, images=False),
    KnownModel("minimax-m2.1", "MiniMax M2.1", 196_000, None, 0.15, images=False),
    KnownModel("glm-5", "GLM 5", 200_000, None, 0.5, images=False),
    KnownModel("qwen3-coder-next", "Qwen3 Coder Next", 256_000, None, 0.05, images=False),
    KnownModel("gpt-5.6-sol", "GPT 5.6 Sol", None, None, None, efforts=_GPT),
    KnownModel("gpt-5.6-terra", "GPT 5.6 Terra", None, None, None, efforts=_GPT),
    KnownModel("gpt-5.6-luna", "GPT 5.6 Luna", None, None, None, efforts=_GPT),
)

FALLBACK_NAMES: Final = (
    "auto",
    "claude-opus-4.8",
    "claude-opus-4.7",
    "claude-opus-4.6",
    "claude-opus-4.5",
    "claude-sonnet-4.6",
    "claude-sonnet-4.5",
    "claude-sonnet-4",
    "claude-haiku-4.5",
    "deepseek-3.2",
    "glm-5",
    "minimax-m2.5",
    "minimax-m2.1",
    "qwen3-coder-next",
)
"""Shown and found when Kiro's list did not load; most plans have them."""

SILENT_MODELS: Final = frozenset({"claude-opus-4.6"})
"""Models seen to end an answer without metering, contextUsage or a stop reason."""


def known(model_id: str) -> KnownModel | None:
    """The row of an id."""
    return next((model for model in KNOWN_MODELS if model.id == model_id), None)
