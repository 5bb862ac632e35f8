"""Whether the model called the tool it had to call."""

from gateway.conversation import Text, ToolCall, ToolChoice
from gateway.events import StopReason
from gateway.honour.unmet import Unmet
from gateway.reply import Reply
from gateway.search.values import NAME, SearchCall


def missing_call(choice: ToolChoice, reply: Reply) -> Unmet | None:
    """What to say of a whole answer without the call that ``any`` or ``named`` demands; None when all is well.

    An answer that was cut or refused tells so in its stop reason and is no breach.
    """
    if choice.mode not in ("any", "named") or reply.stop.reason is not StopReason.END_TURN:
        return None
    called = [block.name for block in reply.blocks if isinstance(block, ToolCall)]
    called += [NAME for block in reply.blocks if isinstance(block, SearchCall)]
    if choice.name in called or (called and choice.name is None):
        return None
    said = "".join(block.text for block in reply.blocks if isinstance(block, Text))
    return Unmet("The model did not call the tool that was demanded.", said=said, correction="You called no tool.")
