"""How many tokens a conversation is: counted for ``count_tokens``, estimated for everything that must not wait.

Kiro has no counting call. What it reports after a turn always comes before these figures.
"""

from collections.abc import Callable
from typing import Final

from gateway import jsontext
from gateway.conversation import Conversation, Image, RedactedThinking, Text, Thinking, ToolCall, ToolResult, attached
from gateway.kiro.tokens import TOKENS_PER_IMAGE, estimate

MESSAGE_TOKENS: Final = 4
"""Role and separators around each message and tool."""


def pieces(conversation: Conversation) -> list[str]:
    """Every text the model reads: prompt, messages, calls with their arguments, results, and the tools.

    Pictures are counted by their number: their base64 is not read as text.
    """
    found = [conversation.system]
    for message in conversation.messages:
        for block in message.blocks:
            if type(block) is Text or type(block) is Thinking:
                found.append(block.text)
            elif type(block) is ToolCall:
                found += (block.name, block.arguments)
            elif type(block) is ToolResult:
                found += [part.text for part in block.content if type(part) is Text]
            elif type(block) is RedactedThinking:
                found.append(block.data)
    for tool in conversation.tools:
        found += (tool.name, tool.description, jsontext.encode(tool.schema).decode())
    return found


def count_prompt(conversation: Conversation, count: Callable[[str], int]) -> int:
    """Input tokens by the tokenizer: about 0.2 µs a character, so not on the event loop."""
    texts = sum(count(piece) for piece in pieces(conversation) if piece)
    frames = MESSAGE_TOKENS * (len(conversation.messages) + len(conversation.tools))
    return texts + frames + TOKENS_PER_IMAGE * len(attached(conversation.messages, Image))


def estimate_prompt(conversation: Conversation) -> int:
    """Input tokens by length: for ``message_start``, which must not wait for a tokenizer."""
    return estimate(sum(map(len, pieces(conversation))), len(attached(conversation.messages, Image)))
