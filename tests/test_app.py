"""The composition root costs what it must and no more."""

import subprocess
import sys

HEAVY = ("pypdf", "cryptography", "tiktoken", "jsonschema", "segno", "aiohttp_socks", "openai", "anthropic")
"""Libraries that only some requests or commands need; each costs megabytes in every idle gateway."""


def test_an_idle_gateway_has_not_loaded_what_only_some_requests_need() -> None:
    program = f"import gateway.app, sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert loaded.stdout.strip() == "[]"
