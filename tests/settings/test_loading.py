"""Which source wins, which file is read, and that all faults are told at once without a value."""

import os
from pathlib import Path

import pytest

from gateway.settings import SettingsError, Surroundings, load

LAYERS = ("config.toml", ".env", "environment", "command line")
PORTS = {"config.toml": 1001, ".env": 1002, "environment": 1003, "command line": 1004}


def given(folder: Path, layers: set[str]) -> Surroundings:
    """Each of the layers says another port."""
    if "config.toml" in layers:
        (folder / "config.toml").write_text("[server]\nport = 1001\n")
    if ".env" in layers:
        (folder / ".env").write_text("SERVER_PORT=1002\n")
    environment = {"SERVER_PORT": "1003"} if "environment" in layers else {}
    return Surroundings(
        folder, environment=environment, flags={"server.port": "1004"} if "command line" in layers else {}
    )


@pytest.mark.parametrize("number", range(16))
def test_the_strongest_source_wins(number: int, tmp_path: Path) -> None:
    layers = {layer for bit, layer in enumerate(LAYERS) if number >> bit & 1}
    port = load(given(tmp_path, layers)).settings.server.port
    assert port == max((PORTS[layer] for layer in layers), default=8000, key=lambda port: port)


def faults(around: Surroundings) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(around)
    return [str(problem) for problem in caught.value.problems]


def test_a_named_file_is_taken_instead_of_the_one_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[server]\nport = 1\n")
    (tmp_path / "mine.toml").write_text("[server]\nport = 2\n")
    assert load(Surroundings(tmp_path, config="mine.toml")).settings.server.port == 2


@pytest.mark.parametrize("source", ["environment", ".env"])
def test_a_variable_may_name_the_file(source: str, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[server]\nport = 2\n")
    if source == ".env":
        (tmp_path / ".env").write_text("KIRO_GATEWAY_CONFIG=mine.toml\n")
    environment = {"KIRO_GATEWAY_CONFIG": "mine.toml"} if source == "environment" else {}
    assert load(Surroundings(tmp_path, environment=environment)).settings.server.port == 2


def test_the_users_own_file_is_taken_when_the_folder_has_none(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "config.toml").write_text("[server]\nport = 3\n")
    assert load(Surroundings(tmp_path, user_folder=own)).settings.server.port == 3
    (tmp_path / "config.toml").write_text("")
    assert load(Surroundings(tmp_path, user_folder=own)).settings.server.port == 8000


def test_a_named_file_that_is_missing_is_a_fault(tmp_path: Path) -> None:
    assert faults(Surroundings(tmp_path, config="no.toml")) == [f"{tmp_path / 'no.toml'}: does not exist"]


def test_a_named_file_in_the_home_of_nobody_is_a_fault(tmp_path: Path) -> None:
    [fault] = faults(Surroundings(tmp_path, config="~no-such-user/config.toml"))
    assert fault == "~no-such-user/config.toml: begins with a home folder that is not known here"


def test_relative_paths_belong_to_the_file_that_names_them(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "creds.json").write_text("{}")
    (own / "config.toml").write_text('[credentials]\nfile = "creds.json"\n')
    assert load(Surroundings(tmp_path, user_folder=own)).settings.credentials.file == str(own / "creds.json")


def test_an_empty_variable_means_not_set(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[server]\nport = 1001\n")
    empty = {"SERVER_PORT": "", "VPN_PROXY_URL": " ", "DEBUG_MODE": ""}
    assert load(Surroundings(tmp_path, environment=empty)).settings.server.port == 1001


@pytest.mark.parametrize("text", ["", "   ", ","])
def test_an_empty_key_is_refused(text: str, tmp_path: Path) -> None:
    assert faults(Surroundings(tmp_path, environment={"PROXY_API_KEY": text})) == [
        "environment: PROXY_API_KEY is empty"
    ]


def test_all_faults_are_told_at_once_with_place_key_and_suggestion(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[server]\nprot = 1\nhost = 7\n[logs]\nlevel = "x"\n[debug]\nmode = "al"\n')
    (tmp_path / ".env").write_text("\nFAKE_REASONING=perhaps\nREFRESH_TOKEN='open\n")
    environment = {"SERVER_PORT": "70000", "KIRO_CREDS_FILE": "gone.json"}
    config = tmp_path / "config.toml"
    assert sorted(faults(Surroundings(tmp_path, environment=environment, flags={"log.lvel": "x"}))) == sorted(
        [
            f'{config}:2: server.prot is not known; did you mean "port"?',
            f"{config}:3: server.host must be a text, not a number",
            f'{config}:4: [logs] is no section; did you mean "log"?',
            f'{config}:7: debug.mode must be one of off, errors, all; did you mean "all"?',
            ".env:2: FAKE_REASONING must be true or false",
            ".env:3: REFRESH_TOKEN has a quote that is not closed",
            "environment: SERVER_PORT must be from 0 to 65,535",
            "environment: KIRO_CREDS_FILE names a file that does not exist",
            'command line: log.lvel is no setting; did you mean "log.level"?',
        ]
    )


SECRET = "aorVERYSECRETTOKEN0123456789"


@pytest.mark.parametrize("name", ["SERVER_HOST", "SERVER_PORT", "VPN_PROXY_URL", "PROFILE_ARN", "KIRO_REGION"])
def test_a_secret_in_the_wrong_line_is_not_printed(name: str, tmp_path: Path) -> None:
    told = faults(Surroundings(tmp_path, environment={name: f"ftp://{SECRET}${{X}}", "LOG_LEVEL": SECRET}))
    assert len(told) == 2
    assert SECRET[:8] not in " ".join(told)


FILES = {
    "bytes that are no text": (b"[server]\nport = \xff\n", "is not UTF-8 text"),
    "UTF-16": ("[server]\n".encode("utf-16"), "is UTF-16"),
    "JSON": (b'{"server": {"port": 1}}', "this looks like JSON"),
    "JSON with comments": (b"// mine\n{}", "is not valid TOML"),
    "a key twice": (b"[server]\nport = 1\nport = 2\n", "line 3"),
    "a section twice": (b"[server]\n[server]\n", "line 2"),
    "no value": (b"[server]\nport =\n", "line 2"),
    "a control character": (b'[server]\nhost = "\x00"\n', "line 2"),
    "a variable": (b'[server]\nhost = "${HOST}"\n', "variables are not expanded"),
    "a Windows path in double quotes": (b'[credentials]\nfile = "C:\\new"\n', "control character"),
    "a section that is a value": (b"server = 1\n", "is a section"),
    "a setting outside": (b"port = 1\n", 'did you mean "server.port"'),
    "an old name outside": (b'LOG_LEVEL = "INFO"\n', 'did you mean "log.level"'),
    "a setting in the wrong section": (b"[server]\nbase_url = 1\n", 'did you mean "upstream.base_url"'),
    "a list for a text": (b'[server]\nhost = ["x"]\n', "must be a text, not a list"),
    "a text for a list": (b'[server]\napi_keys = "x"\n', "must be a list of texts, not a text"),
    "a number in a list": (b"[server]\napi_keys = [1]\n", "must be a text, not a number"),
    "true for a number": (b"[server]\nport = true\n", "must be a whole number, not true or false"),
    "a float for a whole number": (b"[server]\nport = 1.5\n", "must be a whole number"),
    "infinity": (b"[stream]\nhold = inf\n", "must be a number"),
    "a date": (b"[server]\nport = 2026-01-01\n", "not a date or time"),
    "a text for true": (b'[thinking]\ndefault_on = "true"\n', "must be true or false, not a text"),
    "a table of numbers": (b"[models]\naliases = { a = 1 }\n", "must be a text, not a number"),
    "nesting without end": (b"a = " + b"[" * 100_000, "is not valid TOML"),
    "a megabyte": (b"#" * 2_000_000, "too large"),
}


@pytest.mark.parametrize(("content", "said"), FILES.values(), ids=FILES)
def test_a_bad_file_is_told_in_one_line(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(content)
    [told] = faults(Surroundings(tmp_path))
    assert said in told
    assert told.isprintable()


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf[server]\r\nport\t=\t8000\r\n", b"# only this\n"])
def test_marks_tabs_crlf_and_emptiness_do_no_harm(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(content)
    assert load(Surroundings(tmp_path)).settings.server.port == 8000


def test_a_folder_in_the_place_of_the_file_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    assert faults(Surroundings(tmp_path)) == [f"{tmp_path / 'config.toml'}: is not a regular file"]


def test_a_pipe_in_the_place_of_the_file_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "config.toml")
    os.mkfifo(tmp_path / ".env")
    assert len(faults(Surroundings(tmp_path))) == 2
