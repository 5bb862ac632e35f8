"""What is only worth a warning: names that are unknown or without effect."""

from pathlib import Path

import pytest

from gateway.settings import SettingsError, Surroundings, load


def warnings(tmp_path: Path, dotenv: str = "", **environment: str) -> tuple[str, ...]:
    (tmp_path / ".env").write_text(dotenv)
    return load(Surroundings(tmp_path, environment=environment)).warnings


def test_unknown_names_in_dotenv_are_told_and_do_no_harm(tmp_path: Path) -> None:
    assert warnings(tmp_path, "DATABASE=x\nSERVER_PROT=1\n") == (
        ".env:1: DATABASE is not known",
        '.env:2: SERVER_PROT is not known; did you mean "SERVER_PORT"?',
    )


def test_lines_that_are_no_variables_are_told_by_number_only(tmp_path: Path) -> None:
    assert warnings(tmp_path, "aorSECRET\n\nA B\n") == (".env: no NAME=value in line 1, 3",)


@pytest.mark.parametrize("source", ["environment", ".env:1"])
def test_an_old_name_without_effect_is_told_with_the_reason(source: str, tmp_path: Path) -> None:
    name = "FAKE_REASONING_INITIAL_BUFFER_SIZE"
    dotenv, environment = (f"{name}=20\n", {}) if source == ".env:1" else ("", {name: "20"})
    [told] = warnings(tmp_path, dotenv, **environment)
    assert told == f"{source}: {name} has no effect: tags are found without a fixed buffer"


def test_foreign_variables_are_no_concern_but_near_misses_are(tmp_path: Path) -> None:
    told = warnings(tmp_path, PATH="/bin", KIRO_REGOIN="x", KIRO_GATEWAY_URL="http://x", KIRO_ZZZ_QQQ_123="x")
    assert told == ('environment: KIRO_REGOIN is not known; did you mean "KIRO_REGION"?',)


def test_a_virtual_environment_named_dotenv_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert load(Surroundings(tmp_path)).warnings == ()


def test_a_secret_on_the_command_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="use the environment or a file") as caught:
        load(Surroundings(tmp_path, flags={"credentials.refresh_token": "aorSECRET"}))
    assert "aorSECRET" not in str(caught.value)


def test_a_flag_without_a_value_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"command line: log\.level has no value; write it as NAME=VALUE"):
        load(Surroundings(tmp_path, flags={"log.level": " "}))


def test_the_first_of_two_names_counts(tmp_path: Path) -> None:
    both = {"FAKE_REASONING_ENABLED": "true", "FAKE_REASONING": "false"}
    assert load(Surroundings(tmp_path, environment=both)).settings.thinking.default_on is False
