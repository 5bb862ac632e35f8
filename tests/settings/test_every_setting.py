"""Every setting from every one of its sources. A setting without a row in SAMPLES fails."""

from pathlib import Path
from typing import Any

import pytest

from gateway.settings import ROWS, Row, Secret, Settings, Surroundings, load

KEY = "a-key-of-more-than-24-characters"
ARN = "arn:aws:codewhisperer:eu-west-1:1:profile/P"
FILE = "FILE"
"""Stands for a file that exists; the test makes it."""

SAMPLES: dict[str, tuple[str, str, Any]] = {
    "server.host": ("::1", '"::1"', "::1"),
    "server.port": ("9000", "9000", 9000),
    "server.api_keys": (f"{KEY}, other-{KEY}", f'["{KEY}", "other-{KEY}"]', (Secret(KEY), Secret(f"other-{KEY}"))),
    "server.admin_keys": (f"admin-{KEY}", f'["admin-{KEY}"]', (Secret(f"admin-{KEY}"),)),
    "server.max_body_bytes": ("1048576", "1048576", 1048576),
    "server.drain_timeout": ("5", "5.0", 5.0),
    "upstream.region": ("eu-central-1", '"eu-central-1"', "eu-central-1"),
    "upstream.api_region": ("eu-central-1", '"eu-central-1"', "eu-central-1"),
    "upstream.preferred_endpoint": ("AmazonQ", '" Q "', ("amazonq", "q")),
    "upstream.proxy_url": ("10.0.0.1:3128", '"http://10.0.0.1:3128"', Secret("http://10.0.0.1:3128")),
    "upstream.base_url": ("http://127.0.0.1:8001/", '"http://127.0.0.1:8001"', "http://127.0.0.1:8001"),
    "upstream.ca_file": (FILE, f'"{FILE}"', FILE),
    "upstream.connect_timeout": ("2.5", "2.5", 2.5),
    "upstream.read_timeout": ("60", "60", 60.0),
    "upstream.first_token_timeout": ("15", "15", 15.0),
    "upstream.first_token_timeout_per_100kb": ("15", "15", 15.0),
    "upstream.first_token_max_retries": ("3", "3", 3),
    "upstream.max_retries": ("2", "2", 2),
    "upstream.base_retry_delay": ("0.5", "0.5", 0.5),
    "credentials.database": (FILE, f'"{FILE}"', FILE),
    "credentials.database_read_only": ("true", "true", True),
    "credentials.file": (FILE, f'"{FILE}"', FILE),
    "credentials.refresh_token": ("aorTOKEN", '"aorTOKEN"', Secret("aorTOKEN")),
    "credentials.api_key": ("ksk_KEY", '"ksk_KEY"', Secret("ksk_KEY")),
    "credentials.profile_arn": (ARN, f'"{ARN}"', ARN),
    "credentials.refresh_threshold": ("300", "300", 300),
    "pool.max_concurrent": ("4", "4", 4),
    "pool.max_concurrent_per_account": ("0", "0", 0),
    "pool.queue_timeout": ("30", "30", 30.0),
    "pool.min_interval": ("0.5", "0.5", 0.5),
    "pool.pause_after_429": ("20", "20", 20.0),
    "pool.recovery_timeout": ("0", "0", 0.0),
    "pool.max_backoff_multiplier": ("8", "8", 8.0),
    "pool.state_save_interval": ("1", "1", 1.0),
    "models.hidden": ("a=b, c=d", '{ a = "b", c = "d" }', {"a": "b", "c": "d"}),
    "models.aliases": ('{"x": "y"}', '{ x = "y" }', {"x": "y"}),
    "models.hidden_from_list": ("a, b", '["a", "b"]', ("a", "b")),
    "models.fallback": ('["m"]', '["m"]', ("m",)),
    "models.cache_ttl": ("60", "60", 60),
    "models.default_max_input_tokens": ("100000", "100_000", 100_000),
    "thinking.default_on": ("no", "false", False),
    "thinking.handling": ("remove", '"remove"', "remove"),
    "thinking.max_tokens": ("2000", "2000", 2000),
    "thinking.budget_cap": ("0", "0", 0),
    "tools.description_max_length": ("500", "500", 500),
    "tools.truncation_recovery": ("false", "false", False),
    "tools.parse_text_calls": ("yes", "true", True),
    "prompt.system_in_first_pair": ("off", "false", False),
    "prompt.strip_billing_header": ("no", "false", False),
    "stream.hold": ("1", "1", 1.0),
    "stream.ping_interval": ("2", "2.0", 2.0),
    "stream.buffered": ("yes", "true", True),
    "stream.usage_pings": ("1", "true", True),
    "honour.repair": ("on", "true", True),
    "web_search.enabled": ("on", "true", True),
    "responses.store": ("false", "false", False),
    "guard.max_payload_bytes": ("500000", "500_000", 500_000),
    "guard.auto_trim": ("true", "true", True),
    "guard.repeats": ("on", "true", True),
    "log.level": ("debug", '"DEBUG"', "DEBUG"),
    "log.format": ("json", '"json"', "json"),
    "debug.mode": ("errors", '"errors"', "errors"),
    "debug.folder": ("captures", '"captures"', "captures"),
}

PATHS = {"upstream.ca_file", "credentials.database", "credentials.file", "debug.folder"}
VARIABLES = [pytest.param(row, name, id=name) for row in ROWS for name in row.environment]
BY_KEY = [pytest.param(row, id=row.key) for row in ROWS]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / FILE).write_text("-----BEGIN CERTIFICATE-----")
    return tmp_path


def expected(row: Row, folder: Path, *, toml: bool = False) -> Any:
    value = SAMPLES[row.key][2]
    if row.key == "upstream.preferred_endpoint":
        return value[toml]
    return str(folder / value) if row.key in PATHS else value


def value(row: Row, around: Surroundings) -> Any:
    return row.of(load(around).settings)


def test_every_setting_has_a_sample_and_its_sample_is_not_the_default() -> None:
    assert [row.key for row in ROWS] == list(SAMPLES)
    assert not [row.key for row in ROWS if SAMPLES[row.key][2] == row.default]


@pytest.mark.parametrize("row", BY_KEY)
def test_without_a_source_a_setting_has_its_default(row: Row, tmp_path: Path) -> None:
    assert value(row, Surroundings(tmp_path)) == row.of(Settings()) == row.default


@pytest.mark.parametrize(("row", "name"), VARIABLES)
def test_the_environment_sets_it_under_each_of_its_names(row: Row, name: str, folder: Path) -> None:
    around = Surroundings(folder, environment={name: SAMPLES[row.key][0]})
    assert value(row, around) == expected(row, folder)
    assert load(around).origins == {row.key: f"environment {name}"}


@pytest.mark.parametrize(("row", "name"), VARIABLES)
def test_dotenv_sets_it_under_each_of_its_names(row: Row, name: str, folder: Path) -> None:
    (folder / ".env").write_text(f"# mine\nexport {name}='{SAMPLES[row.key][0]}'  # so\n")
    assert value(row, Surroundings(folder)) == expected(row, folder)
    assert load(Surroundings(folder)).origins == {row.key: f".env:2 {name}"}


@pytest.mark.parametrize("row", BY_KEY)
def test_config_toml_sets_it(row: Row, folder: Path) -> None:
    (folder / "config.toml").write_text(f"[{row.section}]\n{row.name} = {SAMPLES[row.key][1]}\n")
    assert value(row, Surroundings(folder)) == expected(row, folder, toml=True)
    assert load(Surroundings(folder)).origins == {row.key: f"{folder / 'config.toml'}:2"}


@pytest.mark.parametrize("row", [param for param in BY_KEY if not param.values[0].secret])
def test_the_command_line_sets_it(row: Row, folder: Path) -> None:
    assert value(row, Surroundings(folder, flags={row.key: SAMPLES[row.key][0]})) == expected(row, folder)


@pytest.mark.parametrize("row", [param for param in BY_KEY if param.values[0].secret])
def test_no_secret_is_shown_by_its_settings(row: Row, folder: Path) -> None:
    settings = load(Surroundings(folder, environment={row.environment[0]: SAMPLES[row.key][0]})).settings
    assert SAMPLES[row.key][0][:9] not in f"{settings!r} {settings} {row.of(settings)}"


def test_the_variables_of_two_settings_never_share_a_name() -> None:
    names = [name for row in ROWS for name in row.environment]
    assert len(names) == len(set(names))
