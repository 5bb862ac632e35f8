"""Rules over several settings: who may listen where, with which keys."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from gateway.settings.secret import Secret
from gateway.settings.table import Settings
from gateway.settings.values import is_loopback

LEAST_KEY_LENGTH: Final = 24
"""Characters of a key that others can try out over a network."""

_SAMPLES: Final = re.compile(
    r"<.*|my-super-secret-password-\d+|change[-_]?me.*|(admin|test)?(123)+(4|45|456)?\d{0,6}|(sk-)?x{3,}|sk-\.*"
    r"|(sk-)?(your|my|the|some)[-_]?(api|secret|proxy|gateway|super|kiro)[-_]?(secret|api)?[-_]?(key|token|password)"
    r"([-_]?here)?([-_]?\d+)?|(password|passwd|secret|admin|test|dummy|none|null|anything|sk-(test|dummy|none|1234\d*))",
    re.IGNORECASE,
)
"""Keys out of READMEs and examples: everybody knows them."""


def complaints(settings: Settings) -> Iterator[tuple[str, str]]:
    """(setting, what is wrong) for settings that are right each by itself but not together."""
    server = settings.server
    given = {"server.api_keys": _texts(server.api_keys), "server.admin_keys": _texts(server.admin_keys)}
    for name, keys in given.items():
        if any(_SAMPLES.fullmatch(key) for key in keys):
            yield name, "has a key out of a published example; choose one of your own"
    if set.intersection(*given.values()):
        yield "server.admin_keys", "has a key that clients use; whoever has that could change the logins"
    if is_loopback(server.host):
        return
    if not server.api_keys:
        yield "server.host", "lets other machines connect, so server.api_keys must have a key"
    for name, keys in given.items():
        if any(len(key) < LEAST_KEY_LENGTH for key in keys):
            yield (
                name,
                f"has a key of less than {LEAST_KEY_LENGTH} characters, too short where other machines can connect",
            )


def _texts(keys: Iterable[Secret]) -> set[str]:
    return {key.reveal() for key in keys}
