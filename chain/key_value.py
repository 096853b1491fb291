"""The small seam below everything that is kept: ordered tables, snapshot reads, atomic batches.

`node/database.py` has it over LMDB; `MemoryStore` here has it over sorted dicts, for tests.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from enum import Enum
from typing import Protocol


class Table(Enum):
    """Every table there is; the value is its name on disk."""

    ACCOUNTS = "accounts"
    """address → nonce, balance, code hash (latest)."""
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
    HEADERS = "headers"
    """number → execution header."""
    BODIES = "bodies"
    """number → transactions, ommers, withdrawals, slashed."""
    RECEIPTS = "receipts"
    """number → receipts."""
    BLOCK_NUMBERS = "block_numbers"
    """execution block hash → number."""
    TRANSACTION_PLACES = "transaction_places"
    """transaction hash → number, index."""
    CONSENSUS_HEADERS = "consensus_headers"
    """height → consensus header, the block's evidence and last certificate."""
    CERTIFICATES = "certificates"
    """height → commit certificate of that height."""
    META = "meta"
    """Names → head, schema version, chain identity."""


class Snapshot(Protocol):
    """A consistent view that later writes do not change."""

    def get(self, table: Table, key: bytes) -> bytes | None: ...

    def scan(
        self, table: Table, start: bytes, stop: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Entries with start ≤ key < stop, ascending; `stop` None is the table's end."""

    def scan_back(self, table: Table, start: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Entries with key ≤ start, descending."""


class WriteBatch(Snapshot, Protocol):
    """A snapshot that sees its own writes; all of them or none are kept."""

    def put(self, table: Table, key: bytes, value: bytes) -> None: ...

    def delete(self, table: Table, key: bytes) -> None:
        """Remove a key; nothing happens where it is absent."""


class KeyValueStore(Protocol):
    """One writer at a time, any number of snapshots."""

    def snapshot(self) -> AbstractContextManager[Snapshot]: ...

    def write(self) -> AbstractContextManager[WriteBatch]:
        """Durable when the context ends without an exception; nothing is kept otherwise."""
