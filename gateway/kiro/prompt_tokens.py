"""How many tokens a conversation is: counted for ``count_tokens``, estimated for everything that must not wait.

Kiro has no counting call. What it reports after a turn always comes before these figures.
"""

from collections.abc import Callable, Iterator
from typing import Final

from gateway import jsontext
from gateway.conversation import Conversation, Image, Message, RedactedThinking, Text, Thinking, ToolCall, ToolResult
from gateway.kiro.tokens import TOKENS_PER_IMAGE, estimate

MESSAGE_TOKENS: Final = 4
"""Role and separators around each message and tool."""


def pieces(conversation: Conversation) -> Iterator[str]:
    """Every text the model reads: prompt, messages, calls with their arguments, results, and the tools."""
    yield conversation.system
    for message in conversation.messages:
        yield from _message_pieces(message)
    for tool in conversation.tools:
        yield tool.name
        yield tool.description
        yield jsontext.encode(tool.schema).decode()


def _message_pieces(message: Message) -> Iterator[str]:
    for block in message.blocks:
        match block:
            case Text(text) | Thinking(text):
                yield text
            case RedactedThinking(sealed):
                yield sealed
            case ToolCall(_, name, arguments):
                yield name
                yield arguments
            case ToolResult(_, content):
                for part in content:
                    if isinstance(part, Text):
                        yield part.text
            case Image():
                pass  # counted by ``images``: its base64 is not read as text


def images(conversation: Conversation) -> int:
    """Pictures in messages and in tool results."""
    return sum(
        isinstance(part, Image)
        for message in conversation.messages
        for block in message.blocks
        for part in (block.content if isinstance(block, ToolResult) else (block,))
    )


def count_prompt(conversation: Conversation, count: Callable[[str], int]) -> int:
    """Input tokens by the tokenizer: about 0.2 µs a character, so not on the event loop."""
    texts = sum(count(piece) for piece in pieces(conversation) if piece)
    frames = MESSAGE_TOKENS * (len(conversation.messages) + len(conversation.tools))
    return texts + frames + TOKENS_PER_IMAGE * images(conversation)


def estimate_prompt(conversation: Conversation) -> int:
    """Input tokens by length: for ``message_start``, which must not wait for a tokenizer."""
    return estimate(sum(map(len, pieces(conversation))), images(conversation))
