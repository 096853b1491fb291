"""The consensus journal survives torn writes and refuses damage."""

import logging
from pathlib import Path

import pytest

from consensus.journal_file import JOURNAL_NAME, DamagedJournal, Journal, _record, inspect
from consensus.recursive_length_prefix import encode
from node.durable_files import DiskFiles

CHAIN = b"\x0c" * 32


def journal_at(folder: Path) -> Journal:
    return Journal(DiskFiles(folder), CHAIN, salt=lambda count: b"s" * count)


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
    other = Journal(DiskFiles(tmp_path / "other"), CHAIN, salt=lambda count: b"o" * count)
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


def test_another_chain_s_journal_is_refused_with_both_named(tmp_path: Path) -> None:
    """T16: its votes are not ours, and what is in it must not be taken for this chain's."""
    path = written(tmp_path)
    kept = path.read_bytes()
    other = Journal(DiskFiles(tmp_path), b"\x0d" * 32)
    with pytest.raises(
        DamagedJournal, match=f"of chain 0x{'0c' * 32}, this node's is 0x{'0d' * 32}"
    ):
        other.replay()
    assert path.read_bytes() == kept


def test_an_older_format_is_refused_by_its_number(tmp_path: Path) -> None:
    journal = tmp_path / JOURNAL_NAME
    payload = encode([b"\x02", b"\x07", b"salt"])
    journal.write_bytes(_record(payload, b""))
    with pytest.raises(DamagedJournal, match="format 2, this version reads 3"):
        journal_at(tmp_path).replay()


def test_what_is_inspected_is_told_apart_and_not_changed(tmp_path: Path) -> None:
    path = written(tmp_path)
    whole = path.read_bytes()
    found = inspect(whole)
    assert (found.chain_identity, found.height) == (CHAIN, 7)
    assert [batch.entries for batch in found.batches] == [(b"one", b"two"), (b"three",)]
    assert (found.end, found.whole_again_at) == (len(whole), None)
    first, last = (batch.offset for batch in found.batches)
    torn = inspect(whole[:-1])
    assert (torn.end, torn.whole_again_at) == (last, None)
    damaged = inspect(whole[:first] + b"?" + whole[first + 1 :])
    assert (damaged.end, damaged.whole_again_at) == (first, last)
