"""What the gateway writes down of an exchange, and what it makes of it after a crash at any point."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.accounts import journal
from gateway.accounts.credentials import Credentials
from gateway.accounts.journal import Journal, Unkept

OLD = Credentials("social", "aorOld", "aoaOld", expires_at=1000.0)
NEW = replace(OLD, refresh_token="aorNew", access_token="aoaNew", expires_at=2000.0)
NEWER = replace(OLD, refresh_token="aorNewer", access_token="aoaNewer", expires_at=3000.0)


@pytest.fixture
def kept(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "state", "a source")


def exchange(kept: Journal, before: Credentials, after: Credentials) -> None:
    entry = kept.reserve(before.refresh_token)
    entry.write(after)
    entry.sync()
    entry.close()


def test_what_was_exchanged_is_found_by_the_token_it_replaces(kept: Journal) -> None:
    exchange(kept, OLD, NEW)
    assert kept.over(OLD) == NEW
    assert kept.over(NEWER) == NEWER


def test_exchanges_in_a_row_are_followed_to_the_newest(kept: Journal) -> None:
    exchange(kept, OLD, NEW)
    exchange(kept, NEW, NEWER)
    assert kept.over(OLD) == NEWER


def test_room_made_ready_holds_nothing_and_only_its_owner_reads_it(kept: Journal) -> None:
    entry = kept.reserve("aorOld")
    path = kept.path("aorOld")
    assert (path.stat().st_size, path.stat().st_mode & 0o777) == (journal.ROOM, 0o600)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert kept.over(OLD) == OLD
    entry.close()
    assert list(kept.folder.iterdir()) == []


def test_an_entry_made_ready_again_keeps_its_content_until_the_next_answer(kept: Journal) -> None:
    exchange(kept, OLD, NEW)
    kept.reserve("aorOld").close()
    assert kept.over(OLD) == NEW
    exchange(kept, OLD, NEWER)
    assert kept.over(OLD) == NEWER


@pytest.mark.parametrize("length", range(0, 120, 7))
def test_a_write_that_the_power_cut_short_counts_for_nothing(kept: Journal, length: int) -> None:
    exchange(kept, OLD, NEW)
    whole = kept.path("aorOld").read_bytes()
    kept.path("aorOld").write_bytes(whole[:length].ljust(journal.ROOM))
    assert kept.over(OLD) in (OLD, NEW)
    assert (kept.over(OLD) == NEW) == (whole[:length].strip() == whole.strip())


@pytest.mark.parametrize(("theirs", "wins"), [(1500.0, False), (2500.0, True), (None, False)])
def test_of_a_token_exchanged_for_itself_the_longer_life_is_the_newer(
    kept: Journal, theirs: float | None, wins: bool
) -> None:
    mine = replace(NEW, refresh_token="aorOld")
    exchange(kept, OLD, mine)
    source = replace(OLD, access_token="aoaTheirs", expires_at=theirs)
    assert kept.over(source) == (source if wins else mine)


def test_what_is_kept_for_good_is_one_file_however_often_it_is_exchanged(kept: Journal) -> None:
    exchange(kept, OLD, NEW)
    exchange(kept, NEW, NEWER)
    kept.keep("aorOld", NEWER)
    assert [path.name for path in kept.folder.iterdir()] == [kept.path("aorOld").name]
    assert kept.over(OLD) == NEWER


def test_what_is_forgotten_leaves_nothing_behind(kept: Journal) -> None:
    exchange(kept, OLD, NEW)
    exchange(kept, NEW, NEWER)
    kept.forget("aorOld", "aorNewer")
    assert list(kept.folder.iterdir()) == []


def test_what_a_crash_left_of_the_way_to_the_token_in_force_is_removed_later(kept: Journal) -> None:
    exchange(kept, OLD, NEW)
    kept.forget("aorNew", "aorNew")  # the source holds the new token, and nothing leads from it anywhere
    assert list(kept.folder.iterdir()) == []


def test_the_way_of_another_source_to_the_same_token_stays(kept: Journal) -> None:
    exchange(kept, OLD, NEW)
    Journal(kept.folder, "another source").forget("aorNew", "aorNew")
    assert kept.over(OLD) == NEW


def test_a_crash_while_it_is_kept_for_good_leaves_one_file_too(kept: Journal) -> None:
    exchange(kept, NEW, NEWER)
    kept.keep("aorOld", NEWER)
    assert [path.name for path in kept.folder.iterdir()] == [kept.path("aorOld").name]


def test_tokens_that_lead_back_to_themselves_are_no_trap(kept: Journal) -> None:
    exchange(kept, OLD, NEW)
    exchange(kept, NEW, OLD)
    assert kept.over(OLD).refresh_token in ("aorOld", "aorNew")
    kept.forget("aorOld", "aorNewer")
    assert list(kept.folder.iterdir()) == []


def test_a_link_planted_in_its_place_is_not_followed(kept: Journal, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    kept.path("aorOld").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=r"symbolic|loop"):
        kept.reserve("aorOld")


def test_without_a_journal_nothing_is_kept() -> None:
    entry = Unkept()
    entry.write(NEW)
    entry.sync()
    entry.close()
