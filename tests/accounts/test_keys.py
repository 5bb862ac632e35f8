"""The gateway's own key: made once, kept from others, never a weak one."""

import base64
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.accounts.keys import NAME, KeyFileError, read_or_make


def test_the_first_start_makes_a_key_and_the_next_reads_it(tmp_path: Path) -> None:
    first = read_or_make(tmp_path / "own")
    second = read_or_make(tmp_path / "own")
    assert (first.new, second.new) == (True, False)
    assert first.text == second.text


def test_a_key_has_256_bits_and_two_keys_differ(tmp_path: Path) -> None:
    keys = {read_or_make(tmp_path / str(number)).text for number in range(5)}
    assert len(keys) == 5
    assert {len(base64.urlsafe_b64decode(key.removeprefix("kg-") + "=")) for key in keys} == {32}


def test_file_and_folder_are_for_their_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        key = read_or_make(tmp_path / "own")
    finally:
        os.umask(before)
    assert stat.S_IMODE(key.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.path.parent.stat().st_mode) == 0o700


def test_a_file_that_others_could_read_is_closed_again(tmp_path: Path) -> None:
    key = read_or_make(tmp_path)
    key.path.chmod(0o644)
    assert read_or_make(tmp_path).text == key.text
    assert stat.S_IMODE(key.path.stat().st_mode) == 0o600


def test_two_starts_at_once_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(read_or_make, [tmp_path / "own"] * 8))
    assert len({key.text for key in keys}) == 1
    assert sum(key.new for key in keys) == 1


def test_an_empty_file_of_a_full_disk_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("")
    assert read_or_make(tmp_path).new


@pytest.mark.parametrize("content", [b"short", b"a key with spaces in its text", b"\xff" * 40, b"k" * 30 + b"\x07"])
def test_a_file_that_holds_no_key_of_ours_is_refused_and_kept(content: bytes, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(KeyFileError) as caught:
        read_or_make(tmp_path)
    assert (tmp_path / NAME).read_bytes() == content
    assert content.decode("latin-1") not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_told_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("a file")
    with pytest.raises(KeyFileError, match="PROXY_API_KEY"):
        read_or_make(tmp_path / "own")


def test_the_key_does_not_show_itself(tmp_path: Path) -> None:
    key = read_or_make(tmp_path)
    assert key.text not in f"{key} {key!r}"
