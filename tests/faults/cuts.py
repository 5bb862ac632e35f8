"""Streams that are cut, and what each cut must end as: for the tests by samples, for ``make prove`` all of it."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gateway.kiro.eventstream import FrameDecoder
from gateway.kiro.parts import ContextUsage, Metering, StopPart
from gateway.kiro.response import read
from gateway.simulator.sending import CUTS
from gateway.simulator.server import Simulator
from tests.corpus import STREAMS, Stream
from tests.faults.forms import Form
from tests.live import Live

PROPER = ("chunked-end", "close-delimited")
"""Ends that HTTP itself calls good: only frames and signals show that something is missing."""

STREAM_NAMES = ("text", "emoji and CJK", "one tool", "interleaved tools", "full order", "metering before context usage")
SEED = 20


@dataclass(frozen=True, slots=True)
class Cut:
    """A stream that ends after ``at`` bytes, in one of CUTS' ways."""

    stream: Stream
    at: int
    how: str

    @property
    def complete(self) -> bool:
        """Whether it is whole by all that can be known: a proper end, a frame's border, a signal before it."""
        ends, signal = borders(self.stream)
        return self.how in PROPER and self.at in ends and self.at >= signal


def borders(stream: Stream) -> tuple[set[int], float]:
    """Where frames end, and after how many bytes the first completion signal has come."""
    ends, position, signal = set[int](), 0, float("inf")
    for frame in stream.frames:
        position += len(frame)
        ends.add(position)
        [decoded] = FrameDecoder().feed(frame)
        if any(isinstance(part, ContextUsage | Metering | StopPart) for part in read(decoded)):
            signal = min(signal, position)
    return ends, signal


def at_borders(stream: Stream) -> list[int]:
    """Every border of a frame, one byte before it and one after."""
    ends, _ = borders(stream)
    near = {end + step for end in ends | {0} for step in (-1, 0, 1)}
    return sorted(at for at in near if 0 < at <= len(stream.body))


def at_random(stream: Stream, count: int, seed: int = SEED) -> list[int]:
    """Random places, the same ones each time."""
    return random.Random(f"{seed} {stream.name}").choices(range(1, len(stream.body)), k=count)


def cuts(names: Sequence[str], offsets: Iterable[str], *, randoms: int) -> Iterator[Cut]:
    """All cuts of these streams; ``offsets`` may name ``borders`` and ``random``."""
    wanted = set(offsets)
    for name in names:
        stream = STREAMS[name]
        places = at_borders(stream) if "borders" in wanted else []
        places = places + (at_random(stream, randoms) if "random" in wanted else [])
        yield from (Cut(stream, at, how) for at in places for how in CUTS)


async def wrong(live: Live, simulator: Simulator, form: Form, cut: Cut) -> str | None:
    """Send the cut stream through the gateway; what is wrong with what the client got, or None."""
    simulator.push({"hex": cut.stream.body.hex(), "cut_at": cut.at, "how": cut.how})
    outcome = await form.ask(live)
    if (outcome.error is None) is cut.complete:
        return None
    what = "taken for a good answer" if outcome.error is None else f"an error: {outcome.error}"
    return f"{cut.stream.name!r} cut after {cut.at} of {len(cut.stream.body)} bytes by {cut.how}, {form}: {what}"
