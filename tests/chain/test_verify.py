"""A database is whole after every block and every crash, and what differs is named."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.block_store import head_number, write_block
from chain.blocks import EMPTY_OMMERS_HASH, EMPTY_TRIE_ROOT, ZERO_HASH, Block, Header
from chain.engine import Account, AccountChange, Receipt
from chain.key_value import KeyValueStore, MemoryStore, Table, WriteBatch
from chain.ordered_trie import ordered_trie_root
from chain.receipts import encode_receipt
from chain.state import prepare_update, write_update
from chain.verify import find_differences
from node.database import LmdbStore

ADDRESSES = [Address(keccak(bytes([n]))[:20]) for n in range(12)]
CODE = b"\x60\x00"
BLOCKS = 5


@dataclass(frozen=True)
class Written:
    """What one block writes."""

    block: Block
    receipts: tuple[Receipt, ...]
    changes: tuple[AccountChange, ...]

    def write(self, batch: WriteBatch) -> None:
        update = prepare_update(batch, self.changes)
        write_update(batch, self.block.header.number, update)
        write_block(batch, self.block, self.receipts)


def random_changes(random: Random) -> tuple[AccountChange, ...]:
    """Creations, payments, storage, self-destructs, re-creations."""
    changes = []
    for address in sorted(random.sample(ADDRESSES, 8)):
        kind = random.randrange(5)
        account = Account(random.randrange(9), random.randrange(10**20), Hash32(keccak(b"")))
        slots = tuple((slot, random.randrange(3)) for slot in range(6) if random.randrange(2))
        if kind == 0:
            changes.append(AccountChange(address, None))
        elif kind == 1:
            changes.append(AccountChange(address, account))
        else:
            account = replace(account, code_hash=Hash32(keccak(CODE)))
            changes.append(AccountChange(address, account, kind == 2, slots, CODE))
    return tuple(changes)


@pytest.fixture(scope="module")
def written(keys: list[Any]) -> list[Written]:
    """Block zero and five more, with right roots."""
    random, blocks, store = Random(7), list[Written](), MemoryStore()
    parent_hash = ZERO_HASH
    for number in range(BLOCKS + 1):
        transactions = tuple(keys[0].sign(number * 2 + i) for i in range(2 if number else 0))
        receipts = tuple(
            Receipt(2, True, 21_000, 21_000 * (i + 1), (), None, 1, 0, b"", None)
            for i in range(len(transactions))
        )
        changes = random_changes(random)
        with store.snapshot() as snapshot:
            root = prepare_update(snapshot, changes).state_root
        header = Header(
            parent_hash=parent_hash,
            ommers_hash=EMPTY_OMMERS_HASH,
            coinbase=Address(bytes(20)),
            state_root=root,
            transactions_root=ordered_trie_root([t.encoded for t in transactions]),
            receipts_root=ordered_trie_root([encode_receipt(r) for r in receipts]),
            bloom=bytes(256),
            difficulty=0,
            number=number,
            gas_limit=36_000_000,
            gas_used=0,
            timestamp=number,
            extra_data=b"",
            mix_hash=ZERO_HASH,
            nonce=bytes(8),
            base_fee=1,
            withdrawals_root=EMPTY_TRIE_ROOT,
        )
        blocks.append(Written(Block(header, transactions, withdrawals=()), receipts, changes))
        with store.write() as batch:
            blocks[-1].write(batch)
        parent_hash = header.hash
    return blocks


def write_all(store: KeyValueStore, blocks: Iterable[Written]) -> None:
    for written in blocks:
        with store.write() as batch:
            written.write(batch)


def differences(store: KeyValueStore) -> list[str]:
    with store.snapshot() as snapshot:
        return [str(difference) for difference in find_differences(snapshot)]


def head_of(store: KeyValueStore) -> int | None:
    with store.snapshot() as snapshot:
        return head_number(snapshot)


class Crash(Exception):
    pass


class CrashingBatch:
    """Passes everything on, until the write with the given number."""

    def __init__(self, batch: WriteBatch, crash_at: int, crash: Callable[[], None]) -> None:
        self._batch, self._left, self._crash = batch, crash_at, crash
        self.get, self.seek = batch.get, batch.seek
        self.scan, self.scan_back = batch.scan, batch.scan_back

    def put(self, table: Table, key: bytes, value: bytes) -> None:
        self._count()
        self._batch.put(table, key, value)

    def put_many(self, table: Table, entries: Iterable[tuple[bytes, bytes]]) -> None:
        def counted() -> Iterator[tuple[bytes, bytes]]:
            for entry in entries:
                self._count()
                yield entry

        self._batch.put_many(table, counted())

    def delete(self, table: Table, key: bytes) -> None:
        self._count()
        self._batch.delete(table, key)

    def _count(self) -> None:
        if self._left == 0:
            self._crash()
        self._left -= 1


@contextmanager
def crashing_write(
    store: KeyValueStore, crash_at: int, crash: Callable[[], None]
) -> Iterator[WriteBatch]:
    with store.write() as batch:
        yield CrashingBatch(batch, crash_at, crash)


def raise_crash() -> None:
    raise Crash


def write_with_crash(store: KeyValueStore, written: Written, crash_at: int) -> bool:
    """Whether the crash came before the end of the block."""
    try:
        with crashing_write(store, crash_at, raise_crash) as batch:
            written.write(batch)
    except Crash:
        return True
    return False


def test_a_chain_has_no_differences_after_any_block(written: list[Written]) -> None:
    store = MemoryStore()
    for block in written:
        write_all(store, [block])
        assert differences(store) == []


@pytest.mark.parametrize("kind", ["memory", "lmdb"])
def test_a_failure_at_any_write_of_a_block_leaves_the_block_before_whole(
    kind: str, written: list[Written], tmp_path: Path
) -> None:
    store: KeyValueStore = MemoryStore() if kind == "memory" else LmdbStore(tmp_path / "db")
    write_all(store, written[:-1])
    writes = 0
    while write_with_crash(store, written[-1], writes):
        assert head_of(store) == BLOCKS - 1
        assert differences(store) == []
        writes += 1
    assert writes > 40
    assert head_of(store) == BLOCKS
    assert differences(store) == []


def test_a_kill_at_any_write_of_a_block_leaves_the_block_before_whole(
    written: list[Written], tmp_path: Path
) -> None:
    path = tmp_path / "db"
    with LmdbStore(path) as store:
        write_all(store, written[:-1])
    writes, killed = 0, True
    while killed:
        pid = os.fork()
        if pid == 0:
            # The store is left open and the kernel does the rest, as after SIGKILL.
            store = LmdbStore(path)
            with crashing_write(store, writes, lambda: os.kill(os.getpid(), 9)) as batch:
                written[-1].write(batch)
            os._exit(0)
        killed = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -9
        with LmdbStore(path) as store:
            assert head_of(store) == BLOCKS - 1 + (not killed)
            assert differences(store) == []
        writes += 1
    assert writes > 40


def corrupted(written: list[Written], table: Table, change: Callable[[bytes], bytes | None]) -> str:
    """The first difference after the last row of a table was changed; None deletes it."""
    store = MemoryStore()
    write_all(store, written)
    with store.write() as batch:
        key, value = next(batch.scan_back(table, b"\xff" * 100))
        new = change(value)
        if new is None:
            batch.delete(table, key)
        else:
            batch.put(table, key, new)
    return differences(store)[0]


def flipped(value: bytes) -> bytes:
    return value[:-1] + bytes([value[-1] ^ 1]) if value else b"\x01"


@pytest.mark.parametrize(
    ("table", "what"),
    [
        (Table.ACCOUNTS, "state root in header 5: 0x"),
        (Table.SLOTS, r"storage_tries at b'.*: 0x.*, expected 0x"),
        (Table.STORAGE_TRIES, r"storage_tries at b'.*: 0x.*, expected 0x"),
        (Table.ACCOUNT_TRIE, r"account_trie at b'/.*: 0x.*, expected 0x"),
        (Table.CODES, "hash of code 0x"),
        (Table.ACCOUNT_HISTORY, "state root after undoing block|storage root of 0x.* before block"),
        (Table.SLOT_HISTORY, "storage root of 0x.* before block"),
        (Table.RECEIPTS, "receipts root of block 5: 0x"),
        (Table.BLOCK_NUMBERS, r"number of block \d: \d+, expected \d"),
        (Table.TRANSACTION_PLACES, r"place of transaction 0x.*: \(\d, \d\), expected \(\d, \d\)"),
    ],
)
def test_a_changed_row_is_named(written: list[Written], table: Table, what: str) -> None:
    def change(value: bytes) -> bytes:
        # A receipt's last item is empty; its second, after the type, says whether it succeeded.
        return (
            value.replace(b"\x02\x01", b"\x02\x80", 1)
            if table is Table.RECEIPTS
            else flipped(value)
        )

    assert re.search(what, corrupted(written, table, change))


@pytest.mark.parametrize(
    "table",
    [
        Table.ACCOUNTS,
        Table.SLOTS,
        Table.CODES,
        Table.ACCOUNT_TRIE,
        Table.STORAGE_TRIES,
        Table.HEADERS,
        Table.BODIES,
        Table.RECEIPTS,
        Table.BLOCK_NUMBERS,
        Table.TRANSACTION_PLACES,
    ],
)
def test_a_missing_row_is_named(written: list[Written], table: Table) -> None:
    assert corrupted(written, table, lambda _value: None)


def test_a_store_without_blocks_is_named() -> None:
    assert differences(MemoryStore()) == ["head: none, expected a block"]
