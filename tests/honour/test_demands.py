"""What a request demands, and the stages that makes."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.conversation import Conversation, Message, OutputFormat, Text, Tool, ToolChoice
from gateway.events import Stop, StopReason, Usage
from gateway.honour.demands import Demands, demands
from tests.honour.turns import END, USAGE, call, ended, passed, said, text

PLAIN = Conversation("m", (Message("user", (Text("hi"),)),), tools=(Tool("read", "", {}),))


def asked(*, told: int | None = None, most: int | None = None, **fields: Any) -> Demands:
    return demands(replace(PLAIN, **fields), told=told, most=most, thinking=False, input_estimate=7)


def test_nothing_demanded_is_no_demand() -> None:
    assert asked().none
    assert asked(tool_choice=ToolChoice("any")).none
    assert asked(parallel_tools=False, tools=()).none


@pytest.mark.parametrize(
    "fields", [{"stop": ("x",)}, {"parallel_tools": False}, {"max_tokens": 9}, {"output": OutputFormat()}]
)
def test_each_demand_is_one(fields: dict[str, Any]) -> None:
    assert not asked(**fields).none


@pytest.mark.parametrize(
    ("wanted", "told", "most", "limit"),
    [
        (None, None, 64_000, None),
        (500, None, None, 500),
        (500, None, 64_000, 500),
        (128_000, None, 64_000, 64_000),
        (5_000, 5_000, 64_000, None),
        (128_000, 64_000, 64_000, None),
        (500, 1_024, 64_000, 500),
    ],
)
def test_the_limit_is_kept_here_only_where_kiro_does_not_keep_it(
    wanted: int | None, told: int | None, most: int | None, limit: int | None
) -> None:
    assert asked(told=told, most=most, max_tokens=wanted).limit == limit


def test_all_stages_together_give_one_well_formed_turn() -> None:
    wanted = asked(stop=("END",), parallel_tools=False, max_tokens=100, output=OutputFormat())
    stages = wanted.stages(len)
    cut = passed(stages, ended(text(0, "```json\n{}\n", "``` EN", "D more"), call(1, "read")))
    assert said(cut) == "{}"
    assert cut[-2:] == [Usage(7, 15, estimated=True), Stop(StopReason.STOP_SEQUENCE, "END")]


def test_a_good_answer_passes_all_stages_with_kiros_own_usage() -> None:
    stages = asked(stop=("END",), parallel_tools=False, max_tokens=100, output=OutputFormat()).stages(len)
    assert passed(stages, ended(text(0, '{"a": 1}')))[-2:] == [USAGE, END]
