"""What Kiro demands of a request body, as a table: one row a rule, with its evidence and the answer it earns.

The simulator refuses by these rules, and a 400 of the real service is explained by them. The numbers are fixed names.
On by default is what is refused somewhere; off is what only some client or some year was seen to avoid.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.kiro import rules_content as content
from gateway.kiro import rules_history as history
from gateway.kiro import rules_tools as tools
from gateway.kiro.body import Body, Finding, Object


@dataclass(frozen=True, slots=True)
class Answer:
    """The 400 that Kiro gives. explained: the finding stands behind the message."""

    message: str
    reason: str | None
    explained: bool = False


IMPROPER: Final = Answer("Improperly formed request.", "REQUEST_BODY_INVALID")
TOO_LONG: Final = Answer("Input is too long.", "CONTENT_LENGTH_EXCEEDS_THRESHOLD")
WRONG_MODEL: Final = Answer("Invalid model. Please select a different model to continue.", "INVALID_MODEL_ID")
WRONG_FIELDS: Final = Answer("Invalid additionalModelRequestFields: ", None, explained=True)


@dataclass(frozen=True, slots=True)
class Rule:
    """One demand. evidence: what was observed, and how far it is trusted. on: whether it holds by default."""

    number: int
    name: str
    find: Callable[[Body], Iterator[Finding]]
    evidence: str
    answer: Answer = IMPROPER
    on: bool = True


@dataclass(frozen=True, slots=True)
class Violation:
    """A breach. path: where in the body (empty: the whole). message: what to change. answer: what Kiro says to it."""

    number: int
    name: str
    path: str
    message: str
    answer: Answer = IMPROPER


RULES: Final = (
    Rule(1, "chat-trigger", history.chat_trigger, "Official enum; AUTO was answered with 400. High."),
    Rule(2, "current-message", history.current_message, "Official schema; no prefill of the assistant. High."),
    Rule(3, "alternation", history.alternation, "Two user turns in a row gave 400; the official CLI keeps it. Medium."),
    Rule(4, "user-content", history.user_content, "Captures show an empty text only beside results. High."),
    Rule(5, "assistant-content", history.assistant_content, "Captures show an empty text only beside calls. High."),
    Rule(6, "result-without-call", history.result_without_call, "All clients avoid orphans; 400 seen. High."),
    Rule(7, "call-without-result", history.call_without_result, "The official CLI adds cancelled results. High."),
    Rule(8, "duplicate-result", history.duplicate_result, "Two gateways drop doubles because of a 400. Medium."),
    Rule(9, "empty-list", history.empty_list, "An empty toolUses gave 400, an empty history passed once. Medium."),
    Rule(10, "tools-missing", history.tools_missing, "400 seen; every client declares placeholders. High."),
    Rule(11, "undeclared-tool", history.undeclared_tool, "The official CLI: a mismatch is a validation error. High."),
    Rule(12, "tool-name", tools.tool_name, "The official CLI's pattern and length; dots and slashes gave 400. High."),
    Rule(13, "tool-description", tools.tool_description, "The official CLI leaves such a tool out. Medium."),
    Rule(14, "tool-description-length", tools.tool_description_length, "Three gateways cut there. Medium."),
    Rule(15, "tool-count", tools.tool_count, "No limit is proven; more than 100 were slow. Low.", on=False),
    Rule(16, "tool-use-id", history.tool_use_id, "Two gateways rename other ids because of a 400. Medium."),
    Rule(17, "tool-use-input", history.tool_use_input, "Official schema; a text as input gave 400. High."),
    Rule(18, "result-content", content.result_content, "Placeholders everywhere; an empty text passed once. Medium."),
    Rule(19, "schema-shape", tools.schema_shape, "A null in required or properties gave 400. High."),
    Rule(20, "schema-empty-required", tools.schema_empty_required, "400 in some region or year, passes now. Low."),
    Rule(21, "schema-additional-properties", tools.schema_additional_properties, "As rule 20. Low."),
    Rule(22, "schema-type", tools.schema_type, "All clients send object. $schema and $ref pass. Medium."),
    Rule(23, "image", content.image, "Official schema: four formats, bare base64. High."),
    Rule(24, "image-limits", content.image_limits, "Constants of the official CLI. Medium."),
    Rule(26, "image-in-result", content.image_in_result, "The official schema has no such member. High."),
    Rule(27, "history-length", history.history_length, "A constant of the official CLI. Medium."),
    Rule(28, "user-length", content.user_length, "A service limit in the official CLI's comments. Medium."),
    Rule(29, "result-length", content.result_length, "A service limit in the official CLI's comments. Medium."),
    Rule(30, "directory-length", content.directory_length, "A constant of the official CLI. Medium."),
    Rule(
        31, "payload-weight", content.payload_weight, "Measured: 1,320,000 passes, 1,360,000 fails. Medium.", TOO_LONG
    ),
    Rule(31, "payload-tokens", content.payload_tokens, "Every client sees it at the model's window. High.", TOO_LONG),
    Rule(31, "payload-bytes", content.payload_bytes, "Older, contradicted by the measured weight. Low.", on=False),
    Rule(32, "unknown-model", content.unknown_model, "Seen by every client. High.", WRONG_MODEL),
    Rule(33, "model-fields", content.model_fields, "Published schemas forbid other members. High.", WRONG_FIELDS),
    Rule(34, "null-member", content.null_member, "profileArn and the context as null gave 400. Medium."),
    Rule(35, "duplicate-tool", tools.duplicate_tool, "Two gateways drop doubles. Medium."),
    Rule(36, "structured-content", content.structured_content, "400 until the official CLI 2.14.1 stopped. Medium."),
    Rule(37, "server-tool", tools.server_tool, "Not proven: some gateways rename such a tool. Low.", on=False),
    Rule(38, "operating-system", content.operating_system, "darwin and win32 gave 400. Medium."),
)
"""By number. 25 (images in history) is a permission and has no row; 38 was observed beside the numbered list."""


def check(
    payload: Mapping[str, Any],
    *,
    off: Collection[str] = (),
    on: Collection[str] = (),
    known_models: Collection[str] | Mapping[str, Object | None] | None = None,
    max_input_tokens: int | None = None,
) -> list[Violation]:
    """All breaches in a parsed request body, by rule number. Never raises, whatever the body's types are.

    off, on: names of rules switched against their default; off wins. known_models: the ids Kiro serves (rule 32), or
    a mapping of them to their ``additionalModelRequestFieldsSchema`` (rule 33 too). max_input_tokens: the window.
    """
    body = Body(payload, known_models, max_input_tokens)
    return [
        Violation(rule.number, rule.name, path, message, _answer(rule, message))
        for rule in RULES
        if (rule.on or rule.name in on) and rule.name not in off
        for path, message in rule.find(body)
    ]


def _answer(rule: Rule, finding: str) -> Answer:
    if not rule.answer.explained:
        return rule.answer
    return Answer(rule.answer.message + finding, rule.answer.reason)
