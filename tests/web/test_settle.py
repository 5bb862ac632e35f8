"""When a whole answer is asked for once more, and what is told of it."""

import pytest

from gateway.conversation import Conversation, Message, Text, ToolCall, ToolChoice
from gateway.errors import Kind, UpstreamError
from gateway.events import Stop, StopReason
from gateway.honour.unmet import Unmet
from gateway.reply import Reply
from gateway.web.record import Record
from gateway.web.settle import UNMET, Settle

ASKED = Conversation("m", (Message("user", (Text("hi"),)),))
ANY = ToolChoice("any")
WRONG = Unmet("It is no JSON.", said="Sure!", correction="It is no JSON.")


def reply(*called: str) -> Reply:
    made = Reply()
    made.blocks = [ToolCall(f"id_{name}", name, "{}") for name in called]
    made.stop = Stop(StopReason.END_TURN)
    return made


class Model:
    """Gives these answers in turn, and keeps what it was asked."""

    def __init__(self, *answers: Reply | Exception) -> None:
        self.asked: list[Conversation] = []
        self._answers = list(answers)

    async def ask(self, conversation: Conversation) -> Reply:
        self.asked.append(conversation)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def settled(
    *answers: Reply | Exception, choice: ToolChoice = ANY, repair: bool = True
) -> tuple[Reply, Record, Model]:
    record = Record("req_1")
    model = Model(*answers)
    return await Settle(model.ask, record, repair=repair).run(ASKED, choice), record, model


async def test_a_good_answer_is_asked_for_once() -> None:
    _, record, model = await settled(reply("read"))
    assert model.asked == [ASKED]
    assert not record.repaired and not record.told


async def test_a_missing_call_without_repair_is_told() -> None:
    _, record, model = await settled(reply(), repair=False)
    assert (len(model.asked), record.told) == (1, dict([UNMET]))


async def test_json_without_repair_is_the_error() -> None:
    with pytest.raises(Unmet):
        await settled(WRONG, repair=False)


@pytest.mark.parametrize("first", [WRONG, reply()])
async def test_a_repaired_answer_has_no_fault(first: Reply | Exception) -> None:
    answer, record, model = await settled(first, reply("read"))
    assert len(model.asked) == 2 and len(model.asked[1].messages) > 1
    assert answer.blocks and record.repaired and record.end is None and not record.told


async def test_a_call_that_is_missing_twice_is_told() -> None:
    _, record, model = await settled(reply(), reply())
    assert (len(model.asked), record.told) == (2, dict([UNMET]))


async def test_another_fault_is_never_repaired() -> None:
    with pytest.raises(UpstreamError):
        await settled(UpstreamError(Kind.UPSTREAM, "cut"))
