"""What the client APIs' tool lists have in common: hosted tools, the choice of a tool, broken arguments."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from gateway import jsontext
from gateway.conversation import Tool, ToolChoice
from gateway.errors import GatewayError, Kind

_HOSTED: Final = (
    "web_search",
    "web_fetch",
    "code_execution",
    "code_interpreter",
    "file_search",
    "image_generation",
    "tool_search",
    "text_editor",
    "bash",
    "computer",
    "memory",
    "mcp",
    "namespace",
    "custom",
    "apply_patch",
    "local_shell",
    "shell",
    "programmatic_tool_calling",
)
"""Tool types whose work another service's servers do, or that only its models know; longer spellings add a date."""


def ignored_name(tool_type: object) -> str:
    """How ``x-kiro-gateway-ignored`` names a tool that is left out; an unknown type is not shown back."""
    known = (name for name in _HOSTED if isinstance(tool_type, str) and tool_type.startswith(name))
    return f"tools.{next(known, 'other')}"


def settled(choice: ToolChoice, tools: Sequence[Tool], dropped: Collection[str]) -> ToolChoice:
    """The choice as far as the offered tools allow it. Raises INVALID_REQUEST when it names a tool nobody declared.

    dropped: names of declared tools that are not offered; a client that forces one gets an answer without it.
    """
    if not tools:
        return ToolChoice()
    if choice.mode != "named" or any(tool.name == choice.name for tool in tools):
        return choice
    if choice.name in dropped:
        return ToolChoice()
    message = "The tool that tool_choice names is not among the tools"
    raise GatewayError(Kind.INVALID_REQUEST, message, path="tool_choice")


def whole_input(arguments: str, *, cut: bool) -> dict[str, Any] | None:
    """A call's arguments as an object, or None when they are no whole one; ``cut`` says the turn ran out of tokens.

    A call that takes no input may come without any text; one that was cut before its first character looks the same.
    """
    if not arguments.strip():
        return None if cut else {}
    try:
        value = jsontext.decode(arguments)
    except jsontext.JsonError:
        return None
    return value if isinstance(value, dict) else None
