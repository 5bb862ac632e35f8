"""Canned answers: what the simulator says when no script tells it what to say.

The order of a turn is the real one: opening, reasoning, text, tool calls, metadata, context usage and metering.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gateway import jsontext
from gateway.simulator import arguments, events
from gateway.simulator.events import Message
from gateway.simulator.prompt import OfferedTool, Prompt, estimate
from gateway.simulator.prompt_cache import CACHED_PRICE

MAX_CALLS: Final = 5
QUOTED_RESULT: Final = 2000
"""Characters of the tools' results that the answer repeats."""

_DELTA: Final = 12
_SPLIT_TAGS: Final = 5
"""Delta length of an answer with thinking tags, shorter than a tag so that tags arrive in parts."""

_GREETING: Final = re.compile(
    r"\W*(?:hi|hello|hey|good (?:morning|day|evening)|bonjour|hallo|ciao|hola)\b", re.IGNORECASE
)
_GREETING_LENGTH: Final = 60
_ASKS_FOR_A_TOOL: Final = re.compile(r"\buse (?:\w+ ){0,3}tools?\b|\bcall\b|\btool call\b", re.IGNORECASE)
_REDACTED_ASKED: Final = re.compile(r"\[\[redacted\]\]|ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING")
_METERING_ASKED: Final = re.compile(r"\[\[metering ([1-9])\]\]")
"""``[[metering 3]]`` in the prompt: the credits come in three events, which are to be added up."""

_MAX_CREDITS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call to be made."""

    name: str
    arguments: dict[str, Any]
    id: str = field(default_factory=lambda: f"tooluse_{secrets.token_urlsafe(16)}")


def answer(prompt: Prompt, *, rpc: bool, utterance_id: str) -> Iterator[Message]:
    """The whole turn; ``rpc`` adds the opening frames of that style."""
    thoughts = _thoughts(prompt)
    calls = tool_calls(prompt)
    words = answer_text(prompt, calls)
    if rpc:
        yield from opening(prompt.conversation_id, utterance_id)
    yield from _native_reasoning(prompt, thoughts)
    tagged = prompt.tags and not prompt.native.keys() & {"thinking", "reasoning"}
    said = f"<thinking>{thoughts}</thinking>\n\n{words}" if tagged else words
    for delta in pieces(said, _SPLIT_TAGS if tagged else _DELTA):
        yield events.text(delta, prompt.model.id)
    for call in calls:
        yield from events.tool_use(call.name, call.id, pieces(jsontext.encode(call.arguments).decode(), _DELTA))
    output = estimate(len(said) + len(thoughts)) + sum(estimate(len(str(call.arguments))) for call in calls)
    asked = _METERING_ASKED.search(prompt.text)
    yield from completion(prompt, output, "TOOL_USE" if calls else "END_TURN", metered=int(asked[1]) if asked else 1)


def opening(conversation_id: str, utterance_id: str) -> Iterator[Message]:
    """What the RPC style sends before the answer."""
    yield events.initial_response()
    yield events.message_metadata(conversation_id, utterance_id)


def completion(prompt: Prompt, output_tokens: int, stop_reason: str, *, metered: int = 1) -> Iterator[Message]:
    """What ends the turn: counts of newer models, then context usage and metering in the order the family has them.

    metered: events over which the credits are spread.
    """
    model, input_tokens = prompt.model, prompt.input_tokens
    if not model.signals:
        return
    if model.metadata:
        yield events.metadata(stop_reason=stop_reason, uncached=input_tokens, output=output_tokens)
    total = input_tokens + output_tokens
    ends = [events.context_usage(round(100 * total / model.window, 6))]
    saved = (1 - CACHED_PRICE) * prompt.cached_tokens / input_tokens
    credits = (model.rate or 1.0) * min(0.02 + total / 100_000, _MAX_CREDITS) * (1 - saved)
    if model.double_above is not None and input_tokens > model.double_above:
        credits *= 2
    ends += [events.metering(round(credits / metered, 6))] * metered
    yield from ends if model.id.lower().startswith("claude") else reversed(ends)


def pieces(text: str, length: int) -> Sequence[str]:
    """The text in deltas of so many characters."""
    return [text[start : start + length] for start in range(0, len(text), length)]


def _native_reasoning(prompt: Prompt, thoughts: str) -> Iterator[Message]:
    """Reasoning in its own events: Claude as its ``thinking`` field asks, GPT unless its effort is none."""
    thinking = prompt.native.get("thinking") or {}
    if thinking.get("type") == "adaptive":
        if _REDACTED_ASKED.search(prompt.text):
            yield events.redacted(base64.b64encode(thoughts.encode()).decode())
            return
        if thinking.get("display") == "summarized":
            yield from (events.reasoning(delta) for delta in pieces(thoughts, _DELTA))
        yield events.signature(sign(thoughts))
    elif prompt.model.efforts and not prompt.model.thinking:
        effort = (prompt.native.get("reasoning") or {}).get("effort", "high")
        if effort != "none":
            yield from (events.reasoning(delta) for delta in pieces(thoughts, _DELTA))


def sign(thoughts: str) -> str:
    """A signature as the service's look: opaque, and different for every text."""
    return "EqQBCkYI" + base64.b64encode(hashlib.sha512(thoughts.encode()).digest()).decode()


def _thoughts(prompt: Prompt) -> str:
    if prompt.results:
        return f"The tools gave {len(prompt.results)} result(s); I shall pass them on. ✓"
    return f"The user sent {len(prompt.text)} characters. I shall answer briefly… 💭"


def tool_calls(prompt: Prompt) -> list[Call]:
    """The calls the prompt asks for: every mention of an offered tool's name, else the first tool when asked for one.

    With several mentions each takes its values from the words up to the next. None right after tool results.
    """
    if prompt.results or not prompt.tools:
        return []
    mentions = sorted(
        (found.start(), found.end(), tool.name)
        for tool in prompt.tools
        for found in _mention(tool).finditer(prompt.text)
    )[:MAX_CALLS]
    schemas = {tool.name: tool.schema for tool in prompt.tools}
    if not mentions:
        first = prompt.tools[0]
        asked = _ASKS_FOR_A_TOOL.search(prompt.text)
        return [Call(first.name, arguments.fill(first.schema, prompt.text))] if asked else []
    ends = [start for start, _, _ in mentions[1:]] + [len(prompt.text)]
    words = [prompt.text[after:end] for (_, after, _), end in zip(mentions, ends, strict=True)]
    if len(mentions) == 1:
        words[0] = f"{prompt.text[: mentions[0][0]]} {words[0]}"
    return [Call(name, arguments.fill(schemas[name], said)) for (_, _, name), said in zip(mentions, words, strict=True)]


def _mention(tool: OfferedTool) -> re.Pattern[str]:
    """The tool's name as a word, with the quotes around it: those are not a value."""
    return re.compile(rf"(?<![\w-])[`\"']?(?<![\w-]){re.escape(tool.name)}(?![\w-])[`\"']?")


def answer_text(prompt: Prompt, calls: Sequence[Call]) -> str:
    """The words of the answer, with characters of more than one byte; or the JSON that was asked for."""
    if prompt.results:
        return f"The tool answered — its words:\n\n{chr(10).join(prompt.results)[:QUOTED_RESULT]}"
    if calls:
        return f"I will call {', '.join(call.name for call in calls)} 🔧"
    if prompt.json is not None:
        return jsontext.encode(arguments.fill(prompt.json, prompt.text)).decode()
    if _GREETING.match(prompt.text) and len(prompt.text) <= _GREETING_LENGTH:
        return "Hello! 👋 I am the Kiro simulator: no model is behind me, but everything else is real. 你好!"
    return _echo(prompt)


def _echo(prompt: Prompt) -> str:
    beginning = " ".join(prompt.text.split()[:12])[:120]
    parts = [
        f"This is the Kiro simulator ⚙️ (model {prompt.model.id}); no model is behind it.",
        f"Your message has {len(prompt.text)} characters and begins: “{beginning}”.",
        f"The whole request is about {prompt.input_tokens} tokens.",
    ]
    if prompt.images:
        parts.append(f"It came with {prompt.images} image(s).")
    if prompt.tools:
        parts.append(f"You offer {len(prompt.tools)} tool(s); name one and I will call it: {prompt.tools[0].name}.")
    return " ".join(parts)
