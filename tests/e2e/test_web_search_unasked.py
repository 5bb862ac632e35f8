"""``WEB_SEARCH_ENABLED``: the model is offered the search by the gateway."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest

from tests.e2e.conftest import Rig
from tests.processes import Simulator, gateway_environment, running

LOOK: Any = {"name": "look", "input_schema": {"type": "object", "properties": {}}}
ASKED: Any = {
    "model": "claude-sonnet-4.5",
    "max_tokens": 900,
    "messages": [{"role": "user", "content": "Use web_search with query=`kiro`"}],
}


@pytest.fixture(scope="module")
def searching(simulator: Simulator, authority: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    home = tmp_path_factory.mktemp("searching")
    settings = gateway_environment(home, simulator.url, authority, WEB_SEARCH_ENABLED="true")
    with running("serve", "--port", "0", environment=settings, log=home / "log") as process:
        yield Rig(process, simulator, authority)


@pytest.fixture
def rig(searching: Rig) -> Rig:
    searching.simulator.reset()
    return searching


def test_it_searches_where_the_client_offers_nothing(rig: Rig, claude: anthropic.Anthropic) -> None:
    message = claude.messages.create(**ASKED)
    assert [block.type for block in message.content] == ["text", "server_tool_use", "web_search_tool_result", "text"]
    assert len(rig.simulator.requests("mcp")) == 1


def test_a_demanded_call_is_one_of_the_clients_tools(rig: Rig, claude: anthropic.Anthropic) -> None:
    message = claude.messages.create(**ASKED, tools=[LOOK], tool_choice={"type": "any"})
    assert message.content[-1].type == "tool_use" and not rig.simulator.requests("mcp")
