"""The settings of limits that only the user knows: what is refused, and what is left out rather than refused."""

from dataclasses import dataclass

from gateway.settings.facts import Form, setting


@dataclass(frozen=True, slots=True)
class Guard:
    """Limits of your own. None is on by default: Kiro itself judges the size of a request."""

    max_payload_bytes: int | None = setting(
        Form.WHOLE,
        None,
        "A request that is larger than this as sent to Kiro is refused, or trimmed with auto_trim.",
        unit="bytes",
        environment=("KIRO_MAX_PAYLOAD_BYTES",),
        low=1024,
        high=2**31,
        example=600_000,
    )
    auto_trim: bool = setting(
        Form.SWITCH,
        default=False,
        help="Drop the oldest turns of a request above max_payload_bytes (600000 where that is not set), and say so.",
        environment=("AUTO_TRIM_PAYLOAD",),
    )
    repeats: bool = setting(
        Form.SWITCH,
        default=False,
        help="Refuse a request whose model has made the same failing tool call five times in a row; else only warn.",
    )
