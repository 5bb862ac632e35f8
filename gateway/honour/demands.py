"""All that one request demands of its answer."""

from collections.abc import Callable

from msgspec import Struct

from gateway.conversation import Conversation, OutputFormat, ToolChoice
from gateway.honour.json_text import JsonText
from gateway.honour.length import Length
from gateway.honour.one_call import OneCall
from gateway.honour.stage import Stage, Stages
from gateway.honour.stop_sequences import StopSequences


class Demands(Struct, frozen=True):
    """What the events of an answer must be made to fit.

    limit: tokens, None when Kiro limits them itself or nobody does. thinking: it counts towards the limit.
    input_estimate: tokens of the prompt, for the usage of a turn that is ended early.
    """

    stop: tuple[str, ...]
    one_call: bool
    limit: int | None
    thinking: bool
    tool_choice: ToolChoice
    output: OutputFormat | None
    input_estimate: int

    @property
    def none(self) -> bool:
        """Whether the events may pass as they are. A missing call is seen when the answer is whole."""
        return not self.stop and not self.one_call and self.limit is None and self.output is None

    def stages(self, count: Callable[[str], int]) -> Stages:
        """Fresh stages for one answer. ``count``: tokens of a text."""
        stages: list[Stage] = []
        if self.one_call:
            stages.append(OneCall())
        if self.stop:
            stages.append(StopSequences(self.stop))
        if stages or self.limit is not None:
            length = Length(self.limit, count, input_estimate=self.input_estimate, thinking=self.thinking)
            stages.append(length)
        if self.output is not None:
            stages.append(JsonText())
        return Stages(stages)


def demands(
    conversation: Conversation, *, told: int | None, most: int | None, thinking: bool, input_estimate: int
) -> Demands:
    """The demands of a request.

    told: the ``max_tokens`` Kiro was sent, None when the model has no such field; it is enough unless it had to be
    larger than the client's. most: the model's own limit, which the client's never exceeds.
    """
    limit = conversation.max_tokens
    if limit is not None and told is not None and told <= limit:
        limit = None
    return Demands(
        stop=conversation.stop,
        one_call=not conversation.parallel_tools and bool(conversation.tools),
        limit=limit if limit is None or most is None else min(limit, most),
        thinking=thinking,
        tool_choice=conversation.tool_choice,
        output=conversation.output,
        input_estimate=input_estimate,
    )
