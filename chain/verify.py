"""Does the database agree with itself? Everything that can be worked out twice is.

The tries are built anew from the flat state and compared node by node; the newest blocks are undone
by the history and each root compared with its header; blocks, receipts and indexes are compared
with one another. A generator, so that a caller stops at the first difference or sees them all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.account_records import (
    EMPTY_CODE_HASH,
    decode_record,
    storage_root_of,
)
from chain.block_store import head, number_key, number_of, place_of, read_block, read_receipts
from chain.blocks import Header, decode_header
from chain.history import history_floor
from chain.key_value import Snapshot, Table
from chain.log_index import log_index_rows, log_index_start
from chain.merkle_trie import Change, update
from chain.ordered_trie import ordered_trie_root
from chain.receipts import encode_receipt
from chain.state_update import (
    ACCOUNT_TRIE_NAME,
    account_trie_change,
    slot_trie_change,
    state_root,
)
from chain.trie_nodes import EMPTY_ROOT
from chain.trie_overlay import TrieOverlay

UNDONE_BLOCKS_DEFAULT: Final = 128


@dataclass(frozen=True, slots=True)
class Difference:
    """Two places that disagree."""

    what: str
    """Names the row, e.g. `storage root of account 0x…`."""
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.what}: {self.got}, expected {self.expected}"


def find_differences(
    snapshot: Snapshot, undone_blocks: int = UNDONE_BLOCKS_DEFAULT
) -> Iterator[Difference]:
    """Nothing where all is well; `undone_blocks`: how far back the history is replayed."""
    newest = head(snapshot)
    if newest is None:
        yield Difference("head", "none", "a block")
        return
    tries_are_whole = True
    for difference in _state_differences(snapshot, newest):
        tries_are_whole = False
        yield difference
    yield from _code_differences(snapshot)
    yield from _block_differences(snapshot, newest)
    yield from _log_index_differences(snapshot, newest)
    if tries_are_whole:
        yield from _history_differences(snapshot, newest, undone_blocks)


def _state_differences(snapshot: Snapshot, newest: Header) -> Iterator[Difference]:
    roots, nodes = _rebuilt_storage(snapshot)
    yield from _table_differences(snapshot, Table.STORAGE_TRIES, nodes)
    entries: list[Change] = []
    for key, record in snapshot.scan(Table.ACCOUNTS, b""):
        address, stored = Address(key), storage_root_of(record)
        expected = roots.pop(address, EMPTY_ROOT)
        yield from _compared(f"storage root of account 0x{key.hex()}", stored, expected)
        entries.append(account_trie_change(address, record))
    for address in roots:
        yield Difference(f"slots of account 0x{address.hex()}", "there", "no such account")
    entries.sort()
    built = update(ACCOUNT_TRIE_NAME, entries, lambda _key: None)
    number = newest.number
    yield from _compared(f"state root in header {number}", newest.state_root, built.root)
    yield from _compared("state root kept beside the state", state_root(snapshot), built.root)
    yield from _table_differences(snapshot, Table.ACCOUNT_TRIE, built.puts)


def _rebuilt_storage(snapshot: Snapshot) -> tuple[dict[Address, Hash32], dict[bytes, bytes]]:
    """Root by account, and every node, from the flat slots."""
    changes: dict[Address, list[Change]] = {}
    for key, value in snapshot.scan(Table.SLOTS, b""):
        address = Address(key[:20])
        changes.setdefault(address, []).append(slot_trie_change(address, key[20:], value))
    roots, nodes = dict[Address, Hash32](), dict[bytes, bytes]()
    for address, entries in changes.items():
        built = update(address, sorted(entries), lambda _key: None)
        roots[address] = built.root
        nodes.update(built.puts)
    return roots, nodes


def _code_differences(snapshot: Snapshot) -> Iterator[Difference]:
    for key, code in snapshot.scan(Table.CODES, b""):
        yield from _compared(f"hash of code 0x{key.hex()}", keccak(code), key)
    for key, record in snapshot.scan(Table.ACCOUNTS, b""):
        code_hash = decode_record(record).code_hash
        if code_hash != EMPTY_CODE_HASH and snapshot.get(Table.CODES, code_hash) is None:
            yield Difference(f"code of account 0x{key.hex()}", "none", f"0x{code_hash.hex()}")


def _block_differences(snapshot: Snapshot, newest: Header) -> Iterator[Difference]:
    parent: Header | None = None
    for key, encoded in snapshot.scan(Table.HEADERS, b""):
        header = decode_header(encoded)
        number = int.from_bytes(key, "big")
        yield from _compared(f"number in header {number}", header.number, number)
        if parent is not None:
            yield from _compared(f"number after {parent.number}", number, parent.number + 1)
            yield from _compared(f"parent of block {number}", header.parent_hash, parent.hash)
        yield from _compared(f"number of block {number}", number_of(snapshot, header.hash), number)
        yield from _body_differences(snapshot, header)
        parent = header
    last = parent.number if parent else None
    yield from _compared("newest header", last, newest.number)
    beyond = number_key(newest.number + 1)
    for table in (Table.BODIES, Table.RECEIPTS):
        found = snapshot.seek(table, beyond)
        if found is not None:
            yield Difference(f"{table.value} beyond the head", f"0x{found[0].hex()}", "none")


def _log_index_differences(snapshot: Snapshot, newest: Header) -> Iterator[Difference]:
    """From the block on with which the index begins."""
    start = log_index_start(snapshot)
    expected_rows = 0
    for number in range(newest.number + 1 if start is None else start, newest.number + 1):
        for key, value in log_index_rows(number, read_receipts(snapshot, number)):
            expected_rows += 1
            what = f"log index row 0x{key.hex()}"
            yield from _compared(what, snapshot.get(Table.LOG_INDEX, key), value)
    rows = sum(1 for _ in snapshot.scan(Table.LOG_INDEX, b""))
    yield from _compared("rows of the log index", rows, expected_rows)


def _body_differences(snapshot: Snapshot, header: Header) -> Iterator[Difference]:
    number = header.number
    block = read_block(snapshot, number)
    if block is None:
        yield Difference(f"body of block {number}", "none", "there")
        return
    transactions_root = ordered_trie_root([t.encoded for t in block.transactions])
    yield from _compared(
        f"transactions root of block {number}", transactions_root, header.transactions_root
    )
    receipts = read_receipts(snapshot, number)
    receipts_root = ordered_trie_root([encode_receipt(receipt) for receipt in receipts])
    yield from _compared(f"receipts root of block {number}", receipts_root, header.receipts_root)
    for index, transaction in enumerate(block.transactions):
        what = f"place of transaction 0x{transaction.hash.hex()}"
        yield from _compared(what, place_of(snapshot, transaction.hash), (number, index))


def _history_differences(
    snapshot: Snapshot, newest: Header, undone_blocks: int
) -> Iterator[Difference]:
    """Undo block after block on an overlay of trie nodes; each root has to be the parent's."""
    first = max(newest.number - undone_blocks, history_floor(snapshot), 0) + 1
    accounts = _history_by_block(snapshot, Table.ACCOUNT_HISTORY, first)
    slots = _history_by_block(snapshot, Table.SLOT_HISTORY, first)
    for number in sorted({n for n in accounts.keys() | slots.keys() if n > newest.number}):
        yield Difference(f"history of block {number}", "there", f"none after {newest.number}")
    yield from _index_differences(snapshot, first, accounts, slots)
    nodes = TrieOverlay(snapshot)
    for number in range(newest.number, first - 1, -1):
        encoded = snapshot.get(Table.HEADERS, number_key(number - 1))
        if encoded is None:
            return
        before = accounts.get(number, {})
        for address, root in _undo_slots(nodes, slots.get(number, {})):
            what = f"storage root of 0x{address.hex()} before block {number}"
            yield from _compared(what, storage_root_of(before.get(address)), root)
        changes = sorted(account_trie_change(k, record) for k, record in before.items())
        root = nodes.apply(Table.ACCOUNT_TRIE, ACCOUNT_TRIE_NAME, changes)
        expected = decode_header(encoded).state_root
        yield from _compared(f"state root after undoing block {number}", root, expected)


def _history_by_block(
    snapshot: Snapshot, table: Table, first: int
) -> dict[int, dict[bytes, bytes]]:
    found: dict[int, dict[bytes, bytes]] = {}
    for key, value in snapshot.scan(table, b""):
        number = int.from_bytes(key[-8:], "big")
        if number >= first:
            found.setdefault(number, {})[key[:-8]] = value
    return found


def _index_differences(
    snapshot: Snapshot,
    first: int,
    accounts: dict[int, dict[bytes, bytes]],
    slots: dict[int, dict[bytes, bytes]],
) -> Iterator[Difference]:
    """The index of what each block changed, against the history itself."""
    expected = {
        number_key(number) + address: set[bytes]()
        for number, rows in accounts.items()
        for address in rows
    }
    for number, rows in slots.items():
        for key in rows:
            expected.setdefault(number_key(number) + key[:20], set()).add(key[20:])
    for key, encoded in snapshot.scan(Table.CHANGES, number_key(first)):
        found = {encoded[at : at + 32] for at in range(0, len(encoded), 32)}
        if found != expected.pop(key, None):
            number, address = int.from_bytes(key[:8], "big"), key[8:].hex()
            what = f"index of what block {number} changed of 0x{address}"
            yield Difference(what, f"{len(found)} slots", "what the history holds")
    for key in expected:
        number, address = int.from_bytes(key[:8], "big"), key[8:].hex()
        yield Difference(f"index of what block {number} changed of 0x{address}", "none", "a row")


def _undo_slots(nodes: TrieOverlay, before: dict[bytes, bytes]) -> Iterator[tuple[Address, Hash32]]:
    changes: dict[Address, list[Change]] = {}
    for key, value in before.items():
        address = Address(key[:20])
        changes.setdefault(address, []).append(slot_trie_change(address, key[20:], value))
    for address, entries in changes.items():
        yield address, nodes.apply(Table.STORAGE_TRIES, address, sorted(entries))


def _table_differences(
    snapshot: Snapshot, table: Table, expected: dict[bytes, bytes]
) -> Iterator[Difference]:
    for key, node in snapshot.scan(table, b""):
        yield from _compared(f"{table.value} at {key!r}", node, expected.pop(key, None))
    for key in sorted(expected):
        yield Difference(f"{table.value} at {key!r}", "none", "a node")


def _compared(what: str, got: object, expected: object) -> Iterator[Difference]:
    if got != expected:
        yield Difference(what, _shown(got), _shown(expected))


def _shown(value: object) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value).lower()
