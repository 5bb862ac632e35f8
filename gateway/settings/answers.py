"""The settings of what is asked and answered: models, thinking, tools, the stream; and what is written down of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.settings.facts import Form, setting


@dataclass(frozen=True, slots=True)
class Models:
    """Names of models. In the environment a table is written as name=id,name=id or as JSON."""

    hidden: Mapping[str, str] = setting(
        Form.TABLE,
        {},
        "Models that Kiro serves but does not list: name = Kiro's id.",
        environment=("HIDDEN_MODELS",),
        example={"claude-new-model-1.0": "claude-new-model-1.0"},
    )
    aliases: Mapping[str, str] = setting(
        Form.TABLE,
        {"auto-kiro": "auto"},
        "Other names for models: alias = model. Cursor keeps auto for itself, hence auto-kiro.",
        environment=("MODEL_ALIASES",),
    )
    hidden_from_list: tuple[str, ...] = setting(
        Form.NAMES,
        ("auto",),
        "Models that work but are not listed.",
        environment=("HIDDEN_FROM_LIST",),
    )
    fallback: tuple[str, ...] = setting(
        Form.NAMES,
        (),
        "Models listed while Kiro's own list cannot be fetched; empty for the built-in ones.",
        environment=("FALLBACK_MODELS",),
        example=("claude-sonnet-4.5", "claude-haiku-4.5"),
    )
    cache_ttl: int = setting(
        Form.WHOLE,
        3600,
        "Age at which Kiro's list is fetched again.",
        unit="seconds",
        environment=("MODEL_CACHE_TTL",),
        low=1,
        high=30 * 86400,
    )
    default_max_input_tokens: int = setting(
        Form.WHOLE,
        200_000,
        "Input window of a model whose window is not known.",
        unit="tokens",
        environment=("DEFAULT_MAX_INPUT_TOKENS",),
        low=1000,
        high=100_000_000,
    )


@dataclass(frozen=True, slots=True)
class Thinking:
    """Thinking (reasoning) on the OpenAI side; on /v1/messages the request alone decides."""

    default_on: bool = setting(
        Form.SWITCH,
        default=True,
        help="Ask for thinking when the request says nothing about it.",
        environment=("FAKE_REASONING", "FAKE_REASONING_ENABLED"),
    )
    handling: str = setting(
        Form.CHOICE,
        "as_reasoning_content",
        "How thinking is given to OpenAI clients: in its own field, not at all, with its tags, or as bare text.",
        choices=("as_reasoning_content", "remove", "pass", "strip_tags"),
        environment=("FAKE_REASONING_HANDLING",),
    )
    max_tokens: int = setting(
        Form.WHOLE,
        4000,
        "Thinking budget when the request names none.",
        unit="tokens",
        environment=("FAKE_REASONING_MAX_TOKENS",),
        low=1,
        high=1_000_000,
    )
    budget_cap: int = setting(
        Form.WHOLE,
        10_000,
        "Largest thinking budget passed on; 0 for no cap.",
        unit="tokens",
        environment=("FAKE_REASONING_BUDGET_CAP",),
        low=0,
        high=1_000_000,
    )


@dataclass(frozen=True, slots=True)
class Tools:
    """Tools that clients declare."""

    description_max_length: int = setting(
        Form.WHOLE,
        10_000,
        "Longer tool descriptions move to the system prompt.",
        unit="characters",
        environment=("TOOL_DESCRIPTION_MAX_LENGTH",),
        low=100,
        high=1_000_000,
    )
    truncation_recovery: bool = setting(
        Form.SWITCH,
        default=True,
        help="Tell the model when its tool call was cut off at the output limit, so that it writes smaller parts.",
        environment=("TRUNCATION_RECOVERY",),
    )
    parse_text_calls: bool = setting(
        Form.SWITCH,
        default=False,
        help="Turn tool calls that a model wrote as text, [Called NAME with args: {}] and the like, into real ones.",
    )


@dataclass(frozen=True, slots=True)
class Prompt:
    """The system prompt, for which Kiro has no place of its own."""

    system_in_first_pair: bool = setting(
        Form.SWITCH,
        default=True,
        help="Send it as a first exchange of the history, which keeps the prefix the same; else before the first turn.",
    )
    strip_billing_header: bool = setting(
        Form.SWITCH,
        default=True,
        help="Leave out the billing line of Claude Code's prompt: it changes with every turn and spoils prompt caches.",
        environment=("STRIP_BILLING_HEADER",),
    )


@dataclass(frozen=True, slots=True)
class Stream:
    """Streamed answers."""

    hold: float = setting(
        Form.NUMBER,
        15.0,
        "A fault within this time still becomes a proper HTTP status; after it the stream is opened and kept alive.",
        unit="seconds",
        low=0,
        high=300,
    )
    ping_interval: float = setting(
        Form.NUMBER, 15.0, "A silent stream gets a ping this often.", unit="seconds", low=0.05, high=300
    )
    buffered: bool = setting(
        Form.SWITCH,
        default=False,
        help="Hold streams of /v1/messages back until Kiro has reported their tokens, as /cc/v1/messages always does.",
    )
    usage_pings: bool = setting(
        Form.SWITCH,
        default=False,
        help="Put the tokens written so far into the pings of /v1/messages.",
    )


@dataclass(frozen=True, slots=True)
class Honour:
    """What clients demand of an answer and Kiro has no member for."""

    repair: bool = setting(
        Form.SWITCH,
        default=False,
        help="Ask again, once, when a whole answer is not the JSON or the call demanded; it costs a second request.",
    )


@dataclass(frozen=True, slots=True)
class WebSearch:
    """Web search through Kiro. It is always there for a client that offers its API's own search to the model."""

    enabled: bool = setting(
        Form.SWITCH,
        default=False,
        help="Offer it to the model even when the client does not; every search costs another turn of the model.",
        environment=("WEB_SEARCH_ENABLED",),
    )


@dataclass(frozen=True, slots=True)
class Responses:
    """OpenAI's Responses API."""

    store: bool = setting(
        Form.SWITCH,
        default=True,
        help="Keep answers in memory for an hour, for previous_response_id and GET /v1/responses/{id}.",
    )


@dataclass(frozen=True, slots=True)
class Log:
    """The log, on standard error."""

    level: str = setting(
        Form.CHOICE,
        "INFO",
        "The least that is logged. TRACE adds what the libraries say.",
        choices=("TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
        environment=("LOG_LEVEL",),
    )
    format: str = setting(
        Form.CHOICE,
        "auto",
        "console (colours) or json (one object a line); auto is console on a terminal.",
        choices=("auto", "console", "json"),
        environment=("LOG_FORMAT",),
    )


@dataclass(frozen=True, slots=True)
class Debug:
    """Capture of whole requests, for tracking down a fault. Captures hold your prompts."""

    mode: str = setting(
        Form.CHOICE,
        "off",
        "Capture nothing, failed requests, or all.",
        choices=("off", "errors", "all"),
        environment=("DEBUG_MODE",),
    )
    folder: str = setting(
        Form.FOLDER, "debug_logs", "Where captures go, a folder a request.", environment=("DEBUG_DIR",)
    )
