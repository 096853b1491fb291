"""The consensus journal survives torn writes and refuses damage."""

import logging
from pathlib import Path

import pytest

from consensus.journal_file import JOURNAL_NAME, DamagedJournal, Journal
from node.durable_files import DiskFiles


def journal_at(folder: Path) -> Journal:
    return Journal(DiskFiles(folder), salt=lambda count: b"s" * count)


def written(folder: Path) -> Path:
    """A journal of height 7 with two synced batches."""
    journal = journal_at(folder)
    journal.begin(7)
    journal.append(b"one")
    journal.append(b"two")
    journal.sync()
    journal.append(b"three")
    journal.sync()
    return folder / JOURNAL_NAME


def test_there_is_nothing_to_replay_at_first(tmp_path: Path) -> None:
    assert journal_at(tmp_path).replay() is None


def test_synced_entries_come_back_in_order(tmp_path: Path) -> None:
    written(tmp_path)
    replayed = journal_at(tmp_path).replay()
    assert replayed is not None
    assert (replayed.height, replayed.entries) == (7, (b"one", b"two", b"three"))


def test_an_entry_that_was_not_synced_is_not_there(tmp_path: Path) -> None:
    journal = journal_at(tmp_path)
    journal.begin(1)
    journal.append(b"lost")
    replayed = journal_at(tmp_path).replay()
    assert replayed is not None
    assert replayed.entries == ()


def test_a_new_height_forgets_the_old_one(tmp_path: Path) -> None:
    written(tmp_path)
    journal = journal_at(tmp_path)
    journal.begin(8)
    journal.append(b"eight")
    journal.sync()
    replayed = journal_at(tmp_path).replay()
    assert replayed is not None
    assert (replayed.height, replayed.entries) == (8, (b"eight",))


def test_every_torn_tail_is_cut_and_writing_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = written(tmp_path).read_bytes()
    last = whole.rindex(b"ZGJ\x01")
    for length in range(last + 1, len(whole)):
        caplog.clear()
        (tmp_path / JOURNAL_NAME).write_bytes(whole[:length])
        journal = journal_at(tmp_path)
        with caplog.at_level(logging.WARNING):
            replayed = journal.replay()
        assert replayed is not None
        assert replayed.entries == (b"one", b"two")
        assert "not written whole" in caplog.text
        journal.append(b"four")
        journal.sync()
        again = journal_at(tmp_path).replay()
        assert again is not None
        assert again.entries == (b"one", b"two", b"four")


def test_more_than_a_batch_holds_comes_back_whole_and_in_order(tmp_path: Path) -> None:
    """Four of the largest blocks come in before the first vote of a height, and a fifth, and votes."""
    journal = journal_at(tmp_path)
    journal.begin(7)
    entries = [bytes([i]) * size for i, size in enumerate([16 << 20] * 5 + [1, 1])]
    for entry in entries:
        journal.append(entry)
    journal.sync()
    replayed = journal_at(tmp_path).replay()
    assert replayed is not None
    assert replayed.entries == tuple(entries)


def test_a_tail_of_zeros_is_cut(tmp_path: Path) -> None:
    """A file system may extend a file before its data arrives."""
    path = written(tmp_path)
    path.write_bytes(path.read_bytes() + bytes(100))
    replayed = journal_at(tmp_path).replay()
    assert replayed is not None
    assert replayed.entries == (b"one", b"two", b"three")


def test_damage_in_the_middle_is_refused_and_named(tmp_path: Path) -> None:
    path = written(tmp_path)
    whole = path.read_bytes()
    first = whole.index(b"ZGJ\x01", 1)
    last = whole.rindex(b"ZGJ\x01")
    for position in range(first, last):
        damaged = bytearray(whole)
        damaged[position] ^= 0x55
        path.write_bytes(damaged)
        with pytest.raises(DamagedJournal, match=f"damaged at byte {first}"):
            journal_at(tmp_path).replay()
        assert path.read_bytes() == bytes(damaged), "the evidence is left as it is"


def test_a_damaged_start_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_bytes(b"x" + path.read_bytes()[1:])
    with pytest.raises(DamagedJournal, match="start record"):
        journal_at(tmp_path).replay()


def test_an_entry_that_looks_like_a_record_cannot_pass_for_one(tmp_path: Path) -> None:
    """Foreign bytes reach entries; in a torn tail they must not look like a later record."""
    other = Journal(DiskFiles(tmp_path / "other"), salt=lambda count: b"o" * count)
    other.begin(7)
    other.append(b"forged")
    other.sync()
    forged = (tmp_path / "other" / JOURNAL_NAME).read_bytes()
    journal = journal_at(tmp_path)
    journal.begin(7)
    journal.append(forged + b"the rest")
    journal.sync()
    path = tmp_path / JOURNAL_NAME
    path.write_bytes(path.read_bytes()[:-1])
    replayed = journal_at(tmp_path).replay()
    assert replayed is not None
    assert replayed.entries == ()
