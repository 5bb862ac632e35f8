"""Demands as words in the prompt: at the end of the newest message, so that all before it stays the same."""

from dataclasses import replace
from typing import Final

from gateway.conversation import Conversation, Message, OutputFormat, Text, ToolChoice
from gateway.honour.unmet import Unmet

ANY_TOOL: Final = "Answer with a call of one of the tools you are offered, not with text alone."
NAMED_TOOL: Final = "Answer with a call of the tool `{name}`, not with text alone."
JSON: Final = (
    "Answer with one JSON value alone: no words before or after it, no Markdown fence. "
    "It must be valid by this JSON Schema:\n<json_schema>{schema}</json_schema>"
)
AGAIN: Final = "{correction}\nGive the whole answer again."


def instructed(conversation: Conversation) -> Conversation:
    """The conversation with its demands in words, and with no tool but the one that must be called.

    Without messages it stays as it is: it cannot be sent, and the layout says so.
    """
    lines = [*_tool_line(conversation.tool_choice), *_json_line(conversation.output)]
    if not (lines and conversation.messages):
        return conversation
    return replace(
        conversation,
        messages=_with_line(conversation.messages, "\n\n".join(lines)),
        tools=tuple(tool for tool in conversation.tools if conversation.tool_choice.name in (None, tool.name)),
    )


def corrected(conversation: Conversation, unmet: Unmet) -> Conversation:
    """The conversation with the model's wrong answer and what was wrong with it; ``instructed`` adds the demand."""
    said = (Message("assistant", (Text(unmet.said),)),) if unmet.said.strip() else ()
    correction = Message("user", (Text(AGAIN.format(correction=unmet.correction)),))
    return replace(conversation, messages=(*conversation.messages, *said, correction))


def _tool_line(choice: ToolChoice) -> list[str]:
    match choice.mode:
        case "any":
            return [ANY_TOOL]
        case "named":
            return [NAMED_TOOL.format(name=choice.name)]
    return []


def _json_line(output: OutputFormat | None) -> list[str]:
    if output is None:
        return []
    schema = b'{"type":"object"}' if output.schema is None else output.schema
    return [JSON.format(schema=schema.decode())]


def _with_line(messages: tuple[Message, ...], line: str) -> tuple[Message, ...]:
    """The line as a text of its own in the last user message; after an assistant's (prefill) as one more message."""
    last = messages[-1]
    if last.role == "assistant":
        return (*messages, Message("user", (Text(line),)))
    return (*messages[:-1], Message("user", (*last.blocks, Text(line))))
