"""What a user was told is taken survives the end of the process, however it ends; a torn file too."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
import rlp
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from node.durable_files import DiskFiles
from node.transaction_journal import TransactionJournal

NAME = "transactions.rlp"
ROOT = Path(__file__).parents[2]
KEY = b"\x11" * 32
ROUNDS = 3
KILLED = """
import sys
from pathlib import Path
from node.durable_files import DiskFiles
from node.transaction_journal import TransactionJournal
journal = TransactionJournal(DiskFiles(Path(sys.argv[1])), "transactions.rlp")
known = journal.load()
for line in sys.stdin:
    transaction = bytes.fromhex(line)
    journal.append([transaction])
    known.append(transaction)
    print(len(known), flush=True)
    if len(known) % 7 == 0:
        journal.sync()
    if len(known) % 13 == 0:
        journal.rotate(known)
"""


def signed(nonce: int, is_legacy: bool = False, size: int = 0) -> bytes:
    fields: dict[str, Any] = {"chainId": 1, "nonce": nonce, "gas": 21_000, "value": 1}
    fees = {"gasPrice": 1} if is_legacy else {"maxFeePerGas": 1, "maxPriorityFeePerGas": 1}
    to = {"to": "0x" + "99" * 20, "data": b"\1" * size}
    return bytes(Account.from_key(KEY).sign_transaction(fields | fees | to).raw_transaction)


SIGNED = [signed(n, is_legacy=bool(n % 2), size=n % 3 * 200) for n in range(12)]


@pytest.fixture
def journal(tmp_path: Path) -> TransactionJournal:
    return TransactionJournal(DiskFiles(tmp_path), NAME)


def test_a_journal_holds_what_was_appended_or_written_anew(
    journal: TransactionJournal, tmp_path: Path
) -> None:
    assert journal.load() == []
    journal.append(SIGNED[:5])
    journal.append(SIGNED[5:7])
    journal.sync()
    assert journal.load() == SIGNED[:7]
    journal.rotate(SIGNED[3:5])
    journal.append(SIGNED[7:8])
    assert TransactionJournal(DiskFiles(tmp_path), NAME).load() == [*SIGNED[3:5], SIGNED[7]]


def test_the_file_is_a_stream_as_geth_writes_it(
    journal: TransactionJournal, tmp_path: Path
) -> None:
    journal.append(SIGNED[:4])
    content, items = (tmp_path / NAME).read_bytes(), []
    while content:
        item = rlp.decode(content, strict=False)
        items.append(item if isinstance(item, bytes) else rlp.encode(item))
        content = content[len(rlp.encode(item)) :]
    assert items == SIGNED[:4]


def test_a_file_torn_anywhere_gives_what_is_whole(
    journal: TransactionJournal, tmp_path: Path
) -> None:
    journal.append(SIGNED)
    whole, path = (tmp_path / NAME).read_bytes(), tmp_path / NAME
    counts = []
    for end in range(0, len(whole), 17):
        path.write_bytes(whole[:end])
        loaded = journal.load()
        assert loaded == SIGNED[: len(loaded)]
        counts.append(len(loaded))
    assert counts == sorted(counts)
    assert counts[-1] >= len(SIGNED) - 1


@settings(max_examples=200, deadline=None)
@given(garbage=st.binary(max_size=300))
def test_garbage_behind_the_transactions_costs_none_of_them(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    journal = TransactionJournal(DiskFiles(folder), NAME)
    journal.append(SIGNED[:3])
    with (folder / NAME).open("ab") as file:
        file.write(garbage)
    assert journal.load()[:3] == SIGNED[:3]


def test_an_append_that_fails_half_way_asks_for_a_new_file(tmp_path: Path) -> None:
    """What a full disk left behind would hide all that is appended after it."""

    class Full(DiskFiles):
        def append(self, name: str, data: bytes) -> None:
            super().append(name, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "no space left on the disk")

    journal = TransactionJournal(Full(tmp_path), NAME)
    assert not journal.is_to_be_rotated
    with pytest.raises(OSError, match="no space"):
        journal.append(SIGNED[:1])
    assert journal.is_to_be_rotated
    journal.rotate(SIGNED[:1])
    assert not journal.is_to_be_rotated
    assert journal.load() == SIGNED[:1]


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_killed_process_has_lost_nothing_that_it_told_of(seed: int, tmp_path: Path) -> None:
    random, told = Random(seed), 0
    journal = TransactionJournal(DiskFiles(tmp_path), NAME)
    for _ in range(4):
        command = [sys.executable, "-c", KILLED, str(tmp_path)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env=os.environ | {"ETH_HASH_BACKEND": "pysha3"},
        ) as process:  # fmt: skip
            assert process.stdin is not None
            assert process.stdout is not None
            lines = [SIGNED[n % len(SIGNED)].hex() + "\n" for n in range(told, told + 40)]
            process.stdin.writelines(lines)
            process.stdin.flush()
            for _ in range(random.randint(1, 30)):
                told = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            # What it told between our reading and its end counts as well.
            rest = process.stdout.read().split()
            told = int(rest[-1]) if rest else told
        loaded = journal.load()
        assert len(loaded) in (told, told + 1)
        assert loaded == [SIGNED[n % len(SIGNED)] for n in range(len(loaded))]
        told = len(loaded)
