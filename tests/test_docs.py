"""What the documents say is so: every block of the README runs, every link leads somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.settings import markdown_table
from tests.commands.starting import gateway
from tests.readme import README, ROOT, Block, Reader, blocks, links, settings_table, stand_ins
from tests.standin import PROGRAMS, curl

KEY = "kg-9f8e7d6c5b4a39281706f5e4d3c2b1a0"
TEXT = README.read_text(encoding="utf-8")
DOCUMENTS = [README, ROOT / "CHANGELOG.md", ROOT / ".github" / "CONTRIBUTING.md"]
SHOWN = ("text",)
"""Languages of blocks that are pictures."""

TO_RUN = [block for block in blocks(TEXT) if block.language not in (*SHOWN, "sh")]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    home = tmp_path_factory.mktemp("reader")
    with gateway(home, PROXY_API_KEY=KEY) as running:
        yield Reader(running.url, KEY, home)


@pytest.mark.parametrize("block", TO_RUN, ids=str)
def test_a_block_of_the_readme_gives_an_answer(block: Block, reader: Reader) -> None:
    answer = reader.run(block)
    assert answer.strip()
    assert '"error"' not in answer


def test_there_are_blocks_to_run_and_each_says_its_language() -> None:
    assert len(TO_RUN) > 10
    assert not [str(block) for block in blocks(TEXT) if not block.language]


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    [block] = [block for block in blocks(TEXT) if block.language == "sh"]
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(r"^make ([a-z]+)", block.code, re.MULTILINE)
    assert named == ["run", "test"]
    assert set(re.findall(r"`make ([a-z]+)", TEXT)) | set(named) <= set(targets)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_to_one(document: Path) -> None:
    missing = [link for link in links(document.read_text(encoding="utf-8")) if not (document.parent / link).exists()]
    assert missing == []


def test_the_table_of_the_readme_is_what_the_settings_say() -> None:
    assert settings_table(TEXT) == markdown_table(), "write it anew: make docs"


def test_blocks_are_found_with_language_heading_and_line() -> None:
    text = "# A\n```bash\nx\n# no heading\n```\n## B\n````text\n```\n````\n```\nopen\n"
    assert blocks(text) == [Block("bash", "x\n# no heading\n", "A", 2), Block("text", "```\n", "B", 7)]


def test_a_block_that_fails_is_told_with_its_words(reader: Reader) -> None:
    wrong = Block("bash", 'echo so; echo "$NO_SUCH_VARIABLE"\n', "Here", 1)
    with pytest.raises(AssertionError, match="NO_SUCH_VARIABLE"):
        reader.run(wrong)


def test_a_request_that_is_refused_is_a_failure(reader: Reader) -> None:
    with pytest.raises(AssertionError, match="401"):
        reader.run(Block("bash", "curl -s -S http://127.0.0.1:8000/v1/models\n", "Here", 1))


def test_the_stand_in_for_curl_asks_as_curl_does(reader: Reader) -> None:
    listed = curl(["-s", f"{reader.url}/v1/models", "-H", f"x-api-key: {KEY}"])
    assert "claude-sonnet-4.5" in listed


def test_every_program_of_the_readme_is_the_real_one_or_stood_in_for(tmp_path: Path) -> None:
    made = {path.name for path in stand_ins(tmp_path / "bin").iterdir()}
    assert set(PROGRAMS) - made <= {"curl"}
