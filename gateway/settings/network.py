"""The settings of the network: where the gateway listens, the way to Kiro, the login."""

from dataclasses import dataclass
from typing import Final

from gateway.settings.facts import Form, setting
from gateway.settings.secret import Secret

ENDPOINT_NAMES: Final = ("kiro", "runtime", "codewhisperer", "ide", "amazonq", "q", "cli")
"""Kiro's endpoints by name and alias."""

API_REGIONS: Final = ("us-east-1", "eu-central-1", "us-gov-west-1", "us-gov-east-1")
"""Regions that have Kiro's hosts. There are no others."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where the gateway listens and who may use it."""

    host: str = setting(
        Form.HOST,
        "127.0.0.1",
        "Address to listen on. One that other machines can reach needs api_keys.",
        environment=("SERVER_HOST",),
        flag="--host",
    )
    port: int = setting(
        Form.WHOLE,
        8000,
        "Port to listen on; 0 takes a free one.",
        environment=("SERVER_PORT",),
        flag="--port",
        low=0,
        high=65535,
    )
    api_keys: tuple[Secret, ...] = setting(
        Form.KEYS,
        (),
        "Keys that clients may use, separated by commas in the environment. Without one, the first start makes one.",
        environment=("PROXY_API_KEY",),
        example=("<a key of at least 24 characters>",),
    )
    admin_keys: tuple[Secret, ...] = setting(
        Form.KEYS,
        (),
        "Keys for logins, accounts and usage, and for all that clients may do. Without one, the first start makes one.",
        environment=("PROXY_ADMIN_KEY",),
        example=("<another key of at least 24 characters>",),
    )
    max_body_bytes: int = setting(
        Form.WHOLE, 32 * 1024 * 1024, "Largest request body accepted.", unit="bytes", low=1024, high=2**31
    )
    drain_timeout: float = setting(
        Form.NUMBER,
        120.0,
        "How long answers in progress may take to finish at a stop; a second signal ends them at once.",
        unit="seconds",
        low=0,
        high=3600,
    )


@dataclass(frozen=True, slots=True)
class Upstream:
    """The way to Kiro."""

    region: str = setting(
        Form.REGION, "us-east-1", "Region of the login and its token servers.", environment=("KIRO_REGION",)
    )
    api_region: str | None = setting(
        Form.CHOICE,
        None,
        "Region of the model service, when it is not that of the profile or the login.",
        choices=API_REGIONS,
        environment=("KIRO_API_REGION",),
        example="eu-central-1",
    )
    preferred_endpoint: str | None = setting(
        Form.CHOICE,
        None,
        "Endpoint to try first.",
        choices=ENDPOINT_NAMES,
        environment=("KIRO_PREFERRED_ENDPOINT",),
        example="codewhisperer",
    )
    proxy_url: Secret | None = setting(  # noqa: RUF009 - it is dataclasses.field() with facts
        Form.PROXY_URL,
        None,
        "Proxy for everything sent to Kiro and its token servers: http, https or socks5, user and password allowed.",
        environment=("VPN_PROXY_URL",),
        example="http://127.0.0.1:7890",
    )
    base_url: str | None = setting(
        Form.LOOPBACK_URL,
        None,
        "Send all of Kiro's services to this one address of this machine: for simulators and tests.",
        environment=("KIRO_BASE_URL",),
        example="http://127.0.0.1:8001",
    )
    ca_file: str | None = setting(
        Form.CERTIFICATES,
        None,
        "PEM file with certificate authorities to trust in addition to the usual ones.",
        example="~/company-ca.pem",
    )
    connect_timeout: float = setting(
        Form.NUMBER, 10.0, "Time to connect, TLS included.", unit="seconds", low=0.1, high=600
    )
    read_timeout: float = setting(
        Form.NUMBER,
        300.0,
        "Longest silence inside an answer.",
        unit="seconds",
        environment=("STREAMING_READ_TIMEOUT",),
        low=0.1,
        high=3600,
    )
    first_token_timeout: float = setting(
        Form.NUMBER,
        300.0,
        "Time to the first sign of an answer. Slow models were seen to begin good answers after 140 s.",
        unit="seconds",
        environment=("FIRST_TOKEN_TIMEOUT",),
        low=0.1,
        high=3600,
    )
    first_token_timeout_per_100kb: float = setting(
        Form.NUMBER, 0.0, "Added to first_token_timeout for each 100 KB of request.", unit="seconds", low=0, high=3600
    )
    first_token_max_retries: int = setting(
        Form.WHOLE,
        0,
        "How often a request without an answer in that time is sent again. Each send may be billed.",
        environment=("FIRST_TOKEN_MAX_RETRIES",),
        low=0,
        high=5,
    )
    max_retries: int = setting(
        Form.WHOLE,
        3,
        "Sends per endpoint, the first included; six in all at most.",
        environment=("MAX_RETRIES",),
        low=1,
        high=6,
    )
    base_retry_delay: float = setting(
        Form.NUMBER,
        1.0,
        "First wait before sending again; doubled each time, with jitter.",
        unit="seconds",
        environment=("BASE_RETRY_DELAY",),
        low=0,
        high=60,
    )


@dataclass(frozen=True, slots=True)
class Credentials:
    """The Kiro login. With nothing here: the gateway's own logins, else that of kiro-cli, Amazon Q or the Kiro IDE."""

    database: str | None = setting(
        Form.FILE,
        None,
        "SQLite database of kiro-cli or Amazon Q.",
        environment=("KIRO_CLI_DB_FILE",),
        example="~/.local/share/kiro-cli/data.sqlite3",
    )
    database_read_only: bool = setting(
        Form.SWITCH,
        default=False,
        help="Never write to the database: a login of kiro-cli is then refreshed by kiro-cli alone; of Amazon Q's, new"
        " tokens are kept in the gateway's own folder.",
        environment=("SQLITE_READONLY",),
    )
    file: str | None = setting(
        Form.PLACE,
        None,
        "JSON file of the Kiro IDE, of AWS SSO or any other with a refreshToken; or a folder, for the first in it.",
        environment=("KIRO_CREDS_FILE",),
        example="~/.aws/sso/cache/kiro-auth-token.json",
    )
    refresh_token: Secret | None = setting(  # noqa: RUF009 - as above
        Form.HIDDEN, None, "Refresh token of a Kiro login.", environment=("REFRESH_TOKEN",), example="<refresh token>"
    )
    api_key: Secret | None = setting(  # noqa: RUF009 - as above
        Form.HIDDEN, None, "Kiro API key.", environment=("KIRO_API_KEY",), example="ksk_<key>"
    )
    profile_arn: str | None = setting(
        Form.ARN,
        None,
        "Profile to use, when the login does not name it.",
        environment=("PROFILE_ARN",),
        example="arn:aws:codewhisperer:us-east-1:123456789012:profile/EXAMPLE",
    )
    refresh_threshold: int = setting(
        Form.WHOLE,
        600,
        "A token is refreshed this long before it expires; one in kiro-cli's database always 210 seconds before, as"
        " kiro-cli does.",
        unit="seconds",
        environment=("TOKEN_REFRESH_THRESHOLD",),
        low=0,
        high=3000,
    )
