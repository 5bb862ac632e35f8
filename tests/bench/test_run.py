"""The whole benchmark in its smallest form: real processes, every byte checked, all its lines printed."""

import pytest

from tests.bench.__main__ import main


def test_the_smallest_run_prints_every_figure(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--quick"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines[2:]] == [
        "CPU per hello request",
        "CPU per 420 KB agent request",
        "CPU per 1,000 events in bulk, 8 clients",
        "CPU per 1,000 events, 20 streams of 50/s",
        "first text, added to the simulator's own",
        "memory, idle",
        "memory per open slow stream",
    ]
