"""Names that other Kiro gateways read and this one does not: told once, so that nobody waits for an effect."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_ACCOUNTS: Final = "several accounts are listed as [[accounts]] in config.toml"
_NO_POOL: Final = "connections are opened as they are needed, without a limit"
_NOT_THERE: Final = "this version does not do that"

UNUSED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "FAKE_REASONING_INITIAL_BUFFER_SIZE": "tags are found without a fixed buffer",
        "FAKE_REASONING_OPEN_TAGS": "the known spellings of the tags are built in",
        "TOKEN_ESTIMATE_CORRECTION": "Kiro's own counts are used",
        "HTTP_MAX_CONNECTIONS": _NO_POOL,
        "HTTP_MAX_KEEPALIVE_CONNECTIONS": _NO_POOL,
        "HTTP_KEEPALIVE_EXPIRY": _NO_POOL,
        "HTTP_POOL_TIMEOUT": _NO_POOL,
        "KIRO_API_HOST_TEMPLATE": "the hosts follow from the region; KIRO_BASE_URL takes an address of this machine",
        "KIRO_START_URL": "a login names its own: kiro-gateway login --start-url URL",
        "KIRO_LOGIN_REGION": "a login names its own: kiro-gateway login --region REGION",
        "ACCOUNT_SYSTEM": _ACCOUNTS,
        "ACCOUNTS_CONFIG_FILE": _ACCOUNTS,
        "ACCOUNTS_STATE_FILE": "the state is kept in the gateway's own folder",
        "ACCOUNT_PROBABILISTIC_RETRY_CHANCE": "an account whose rest is over is tried by one request",
        "ACCOUNT_CACHE_TTL": "models are cached as models.cache_ttl says",
    }
)
