"""Scripted answers for the tests of what the gateway honours."""

from typing import Any

from tests.e2e.conftest import Rig

LONG = [f"word{number:04d} is one more " for number in range(300)]
"""Deltas of about 2,100 tokens in all."""

END = [
    {"event": "contextUsageEvent", "payload": {"contextUsagePercentage": 1.5}},
    {"event": "meteringEvent", "payload": {"unit": "credit", "unitPlural": "credits", "usage": 0.25}},
]


def text_frames(*pieces: str) -> list[dict[str, Any]]:
    """A whole turn that says this."""
    return [*({"event": "assistantResponseEvent", "payload": {"content": piece}} for piece in pieces), *END]


def call_frames(name: str, identity: str) -> list[dict[str, Any]]:
    """A tool call, without the turn's end."""
    call = {"name": name, "toolUseId": identity}
    payloads = [{**call, "input": "{}"}, {**call, "stop": True}]
    return [{"event": "toolUseEvent", "payload": payload} for payload in payloads]


def sent_text(rig: Rig) -> str:
    """The newest message that Kiro was sent last."""
    state = rig.simulator.requests()[-1]["body"]["conversationState"]
    return str(state["currentMessage"]["userInputMessage"]["content"])
