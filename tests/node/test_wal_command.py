"""`zerog wal dump`: what it prints and how it exits."""

import json
from pathlib import Path
from typing import Any

import pytest

from consensus.journal_file import JOURNAL_NAME, Journal
from consensus.messages import Received, Started, TimeoutElapsed, ValueChecked
from consensus.signatures import public_key_of
from consensus.validators import ValidatorSet, address_of
from consensus.values import Height, Round, Step, Validator, ValueId, Vote, VoteKind
from node.cli import main
from node.consensus_journal import ConsensusJournal
from node.durable_files import DiskFiles

CHAIN = b"\x0c" * 32
KEY = public_key_of(b"\x07" * 32)
VALUE = ValueId(b"\xab" * 32)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Of height 7, two syncs."""
    written = ConsensusJournal(Journal(DiskFiles(tmp_path / "wal"), CHAIN))
    written.begin(7)
    height, round = Height(7), Round(0)
    written.persist((Started(height, ValidatorSet.of([Validator(KEY, 1)])),))
    vote = Vote(VoteKind.PREVOTE, height, round, None, address_of(KEY)).signed(bytes(65))
    written.persist(
        (
            ValueChecked(height, round, VALUE, True),
            TimeoutElapsed(height, round, Step.PROPOSE),
            Received(vote),
        )
    )
    return tmp_path / "wal" / JOURNAL_NAME


def dump(journal: Path, *flags: str) -> int:
    return main(["wal", "dump", "--datadir", str(journal.parents[1]), *flags])


def test_each_record_is_a_line_with_its_place_in_the_file(journal: Path, capsys: Any) -> None:
    assert dump(journal) == 0
    head, *lines, end = capsys.readouterr().out.splitlines()
    assert head == f"{journal}: height 7 of chain 0x{'0c' * 32}, {journal.stat().st_size} bytes"
    words = [" ".join(line.split()[1:]) for line in lines]
    assert words == [
        "started height 7 validators 1",
        f"checked height 7 round 0 value 0x{'ab' * 32} valid true",
        "elapsed height 7 round 0 step propose",
        f"prevote height 7 round 0 value nil validRound -1 validator 0x{address_of(KEY).hex()}",
    ]
    assert int(lines[1].split()[0]) > int(lines[0].split()[0])
    assert end.split(maxsplit=1) == [str(journal.stat().st_size), "end: every record is whole"]


def test_json_has_the_same_in_one_document(journal: Path, capsys: Any) -> None:
    assert dump(journal, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["chain"], said["height"], said["state"]) == ("0x" + "0c" * 32, 7, "whole")
    assert said["end"] == said["bytes"] == journal.stat().st_size
    kinds = [record["record"] for record in said["records"]]
    assert kinds == ["started", "checked", "elapsed", "prevote"]
    assert said["records"][3]["value"] is None


def test_a_torn_tail_is_shown_and_left_as_it_is(journal: Path, capsys: Any) -> None:
    torn = journal.read_bytes()[:-1]
    journal.write_bytes(torn)
    assert dump(journal) == 0
    end = capsys.readouterr().out.splitlines()[-1]
    assert "cut: the last" in end
    assert "bytes are no whole record" in end
    assert journal.read_bytes() == torn
    dump(journal, "--json")
    assert json.loads(capsys.readouterr().out)["state"] == "torn"


def test_damage_in_the_middle_is_shown_with_its_place_and_exit_code_one(
    journal: Path, capsys: Any
) -> None:
    whole = bytearray(journal.read_bytes())
    place = whole.index(b"ZGJ\x01", 1)
    whole[place + 20] ^= 1
    journal.write_bytes(whole)
    assert dump(journal) == 1
    said = capsys.readouterr()
    assert said.out.splitlines()[-1].split(maxsplit=2)[:2] == [str(place), "damaged:"]
    assert said.err == f"{journal}: damaged at byte {place}\n"
    assert journal.read_bytes() == bytes(whole)


def test_a_file_without_a_beginning_and_a_missing_one_are_named(journal: Path, capsys: Any) -> None:
    journal.write_bytes(b"nothing of ours")
    assert dump(journal) == 2
    assert capsys.readouterr().err == (
        f"zerog: {journal}: damaged at byte 0: the start record is not whole\n"
    )
    journal.unlink()
    assert dump(journal) == 2
    assert "the consensus journal is missing" in capsys.readouterr().err
