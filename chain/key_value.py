"""The small seam below everything that is kept: ordered tables, snapshot reads, atomic batches.

`node/database.py` has it over LMDB; `MemoryStore` here has it over sorted dicts, for tests.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import Enum
from threading import RLock
from typing import Protocol

KEY_BYTES_MAX = 511
"""LMDB's limit; keys are never empty either."""


class Table(Enum):
    """Every table there is; the value is its name on disk. Numbers in keys are 8 bytes big-endian."""

    ACCOUNTS = "accounts"
    """address → nonce, balance, code hash, storage root (latest)."""
    SLOTS = "slots"
    """address ‖ slot → value (latest)."""
    CODES = "codes"
    """code hash → code."""
    ACCOUNT_TRIE = "account_trie"
    """path → node of the latest account trie."""
    STORAGE_TRIES = "storage_tries"
    """address ‖ path → node of the latest storage tries."""
    ACCOUNT_HISTORY = "account_history"
    """address ‖ block → account before that block."""
    SLOT_HISTORY = "slot_history"
    """address ‖ slot ‖ block → value before that block."""
    CHANGES = "changes"
    """block ‖ address → the slots of it that the block changed, 32 bytes each."""
    HEADERS = "headers"
    """number → execution header."""
    BODIES = "bodies"
    """number → transactions, ommers, withdrawals, slashed."""
    RECEIPTS = "receipts"
    """number ‖ index (4 bytes) → receipt of that transaction."""
    BLOCK_NUMBERS = "block_numbers"
    """execution block hash → number."""
    TRANSACTION_PLACES = "transaction_places"
    """transaction hash → number, index."""
    LOG_INDEX = "log_index"
    """term (8 bytes) ‖ number → transactions with a log of that address or topic (`log_index.py`)."""
    ADDRESS_INDEX = "address_index"
    """address ‖ number → transactions that concern it beyond the other tables (`address_index.py`)."""
    CONSENSUS_HEADERS = "consensus_headers"
    """height → consensus header, the block's evidence and last certificate."""
    CERTIFICATES = "certificates"
    """height → commit certificate of that height."""
    META = "meta"
    """Names → head, schema version, chain identity."""

    # Enum hashes names in Python; a table is looked up with every read.
    __hash__ = object.__hash__


class Snapshot(Protocol):
    """A consistent view that later writes do not change.

    It belongs to one thread at a time, but may move from one to another. Short lives: a store
    over a file cannot reuse the pages that an open snapshot sees.
    """

    def get(self, table: Table, key: bytes) -> bytes | None: ...

    def seek(self, table: Table, key: bytes) -> tuple[bytes, bytes] | None:
        """The first entry at or after `key`."""

    def scan(
        self, table: Table, start: bytes, stop: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Entries with start ≤ key < stop, ascending; `stop` None is the table's end.

        `start` may be empty. The table is not to be written while the iteration runs.
        """

    def scan_back(self, table: Table, start: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Entries with key ≤ start, descending."""


class WriteBatch(Snapshot, Protocol):
    """A snapshot that sees its own writes; all of them or none are kept.

    It stays on the thread that began it.
    """

    def put(self, table: Table, key: bytes, value: bytes) -> None: ...

    def put_many(self, table: Table, entries: Iterable[tuple[bytes, bytes]]) -> None:
        """As `put` for each; ascending keys are fastest."""

    def delete(self, table: Table, key: bytes) -> None:
        """Remove a key; nothing happens where it is absent."""


class KeyValueStore(Protocol):
    """One writer at a time, any number of snapshots."""

    def snapshot(self) -> AbstractContextManager[Snapshot]: ...

    def write(self) -> AbstractContextManager[WriteBatch]:
        """Durable when the context ends without an exception; nothing is kept otherwise.

        A second writer waits for the first; the same thread cannot begin a second.
        """


class MemoryStore:
    """A `KeyValueStore` that keeps nothing beyond its own life."""

    def __init__(self) -> None:
        self._tables = {table: _SortedTable({}) for table in Table}
        self._writer = RLock()
        self._is_writing = False

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """See `KeyValueStore`; tables are never changed once they are visible here."""
        yield _MemorySnapshot(dict(self._tables))

    @contextmanager
    def write(self) -> Iterator[WriteBatch]:
        """See `KeyValueStore`."""
        with self._writer:
            if self._is_writing:
                raise RuntimeError("this thread has a write batch already")
            self._is_writing = True
            try:
                batch = _MemoryBatch(dict(self._tables))
                yield batch
                self._tables = batch.tables
            finally:
                self._is_writing = False


class _SortedTable:
    """A dict, and its keys in order once somebody asks for them."""

    def __init__(self, entries: dict[bytes, bytes]) -> None:
        self.entries = entries
        self._keys: list[bytes] | None = None

    def keys(self) -> list[bytes]:
        if self._keys is None:
            self._keys = sorted(self.entries)
        return self._keys

    def put(self, key: bytes, value: bytes) -> None:
        if not 0 < len(key) <= KEY_BYTES_MAX:
            raise ValueError(f"a key has 1 to {KEY_BYTES_MAX} bytes, this one {len(key)}")
        if key not in self.entries:
            self._keys = None
        self.entries[key] = value

    def delete(self, key: bytes) -> None:
        if self.entries.pop(key, None) is not None:
            self._keys = None


class _MemorySnapshot:
    def __init__(self, tables: dict[Table, _SortedTable]) -> None:
        self.tables = tables

    def get(self, table: Table, key: bytes) -> bytes | None:
        return self.tables[table].entries.get(key)

    def seek(self, table: Table, key: bytes) -> tuple[bytes, bytes] | None:
        return next(self.scan(table, key), None)

    def scan(
        self, table: Table, start: bytes, stop: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        entries, keys = self.tables[table].entries, self.tables[table].keys()
        end = len(keys) if stop is None else bisect_left(keys, stop)
        for position in range(bisect_left(keys, start), end):
            yield keys[position], entries[keys[position]]

    def scan_back(self, table: Table, start: bytes) -> Iterator[tuple[bytes, bytes]]:
        entries, keys = self.tables[table].entries, self.tables[table].keys()
        for position in range(bisect_right(keys, start) - 1, -1, -1):
            yield keys[position], entries[keys[position]]


class _MemoryBatch(_MemorySnapshot):
    """Copies a table at its first change, so that snapshots keep the old one."""

    def __init__(self, tables: dict[Table, _SortedTable]) -> None:
        super().__init__(tables)
        self._own: set[Table] = set()

    def put(self, table: Table, key: bytes, value: bytes) -> None:
        self._writable(table).put(key, value)

    def put_many(self, table: Table, entries: Iterable[tuple[bytes, bytes]]) -> None:
        target = self._writable(table)
        for key, value in entries:
            target.put(key, value)

    def delete(self, table: Table, key: bytes) -> None:
        self._writable(table).delete(key)

    def _writable(self, table: Table) -> _SortedTable:
        if table not in self._own:
            self.tables[table] = _SortedTable(dict(self.tables[table].entries))
            self._own.add(table)
        return self.tables[table]
