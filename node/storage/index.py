"""What the storage node knows, in an LMDB environment of its own: submissions, segments, progress.

A batch is durable when it ends, whole or not at all. Numbers in keys are 8 bytes big-endian.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import lmdb
import orjson
from eth_typing import Hash32

from node.errors import InvalidFile, OperatorError
from node.storage.file_merkle import Proof
from node.storage.shards import Shard
from node.storage.submissions import Submission, from_record, to_record

SCHEMA_VERSION = 1
MAP_BYTES = 1 << 36
"""64 GiB of address space, not of disk: room for the proofs of some 40 TiB of files."""
HASH_BYTES = 32


class _Table(Enum):
    META = b"meta"
    SUBMISSIONS = b"submissions"
    """number → submission."""
    ROOTS = b"roots"
    """root ‖ number → nothing: each submission of that file."""
    UNFINISHED = b"unfinished"
    """number → nothing: this node lacks segments of its shard."""
    SEGMENTS = b"segments"
    """root ‖ index → the segment's root ‖ siblings of its proof; the data is on disk."""
    COUNTS = b"counts"
    """root ‖ index modulo the number of shards → how many such segments are there."""
    DAMAGED = b"damaged"
    """root ‖ index → nothing: the data on disk is not what it was."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which chain, which Flow and which shard a directory is for."""

    chain_id: int
    genesis_hash: str
    flow: str
    shard: Shard

    def as_json(self) -> dict[str, object]:
        return {
            "chain id": self.chain_id,
            "genesis block": self.genesis_hash,
            "Flow": self.flow,
            **{f"shard's {name}": value for name, value in self.shard.as_json().items()},
        }


class IdentityMismatch(OperatorError):
    """The directory was filled for another chain, Flow or shard."""

    def __init__(self, path: Path, what: str, stored: object, found: object) -> None:
        super().__init__(
            f"{path}: made for {what} {stored}, but this is {found}; choose another --datadir"
        )
        self.stored, self.found = stored, found


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """A stored segment's root, and that it belongs to its file."""

    root: Hash32
    proof: Proof


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the chain has been looked at."""

    block_number: int = -1
    block_hash: str = "0x" + "00" * HASH_BYTES


class IndexView:
    """Reads at one moment."""

    def __init__(
        self, transaction: "lmdb.Transaction[bytes]", tables: "dict[_Table, lmdb._Database]"
    ) -> None:
        self._transaction, self._tables = transaction, tables

    def submission(self, number: int) -> Submission | None:
        record = self._get(_Table.SUBMISSIONS, _number(number))
        return from_record(record) if record is not None else None

    def submissions_of(self, root: bytes) -> Iterator[int]:
        """Numbers of the submissions of that file, ascending."""
        for key, _ in self._under(_Table.ROOTS, root):
            yield int.from_bytes(key[HASH_BYTES:], "big")

    def next_submission(self) -> int:
        """One more than the highest number seen."""
        cursor = self._transaction.cursor(self._tables[_Table.SUBMISSIONS])
        return int.from_bytes(cursor.key(), "big") + 1 if cursor.last() else 0

    def unfinished(self, first: int, limit: int) -> list[int]:
        """Numbers from `first` on of submissions that this node lacks segments of."""
        cursor = self._transaction.cursor(self._tables[_Table.UNFINISHED])
        found: list[int] = []
        if cursor.set_range(_number(first)):
            for key in cursor.iternext(values=False):
                if len(found) == limit:
                    break
                found.append(int.from_bytes(key, "big"))
        return found

    def segment(self, root: bytes, index: int) -> SegmentRecord | None:
        record = self._get(_Table.SEGMENTS, root + _number(index))
        if record is None:
            return None
        hashes = [
            Hash32(record[place : place + HASH_BYTES])
            for place in range(0, len(record), HASH_BYTES)
        ]
        return SegmentRecord(hashes[0], Proof(tuple(hashes[1:])))

    def count(self, root: bytes, residue: int | None = None) -> int:
        """How many of the file's segments are there, or of those with that residue."""
        if residue is not None:
            return int.from_bytes(self._get(_Table.COUNTS, root + _number(residue)) or b"", "big")
        return sum(int.from_bytes(value, "big") for _, value in self._under(_Table.COUNTS, root))

    def is_finalized(self, submission: Submission, shard: Shard) -> bool:
        """Whether every segment of this node's shard is there."""
        expected = submission.expected_segments(shard)
        residue = shard.first(submission.start_segment)
        return expected == 0 or self.count(submission.root, residue) == expected

    def is_damaged(self, root: bytes, index: int) -> bool:
        return self._get(_Table.DAMAGED, root + _number(index)) is not None

    def damaged(self, limit: int) -> list[tuple[Hash32, int]]:
        """Root and index of segments whose data is not what it was."""
        cursor = self._transaction.cursor(self._tables[_Table.DAMAGED])
        found: list[tuple[Hash32, int]] = []
        for key in cursor.iternext(values=False):
            if len(found) == limit:
                break
            found.append((Hash32(key[:HASH_BYTES]), int.from_bytes(key[HASH_BYTES:], "big")))
        return found

    def next_segment(self, root: bytes, index: int) -> tuple[Hash32, int] | None:
        """The first stored segment at or after that one, in the order of roots."""
        cursor = self._transaction.cursor(self._tables[_Table.SEGMENTS])
        if not cursor.set_range(root + _number(index)):
            return None
        key = cursor.key()
        return Hash32(key[:HASH_BYTES]), int.from_bytes(key[HASH_BYTES:], "big")

    def entries(self) -> tuple[int, int]:
        """How many submissions, and how many of them are unfinished."""
        submissions, unfinished = (
            self._transaction.stat(self._tables[table])["entries"]
            for table in (_Table.SUBMISSIONS, _Table.UNFINISHED)
        )
        return submissions, unfinished

    def used_bytes(self) -> int:
        """Of segments' data."""
        return int(self._get(_Table.META, b"used") or 0)

    def progress(self) -> Progress:
        record = self._get(_Table.META, b"progress")
        return Progress(*orjson.loads(record)) if record else Progress()

    def identity(self) -> dict[str, object] | None:
        record = self._get(_Table.META, b"identity")
        return orjson.loads(record) if record else None

    def _get(self, table: _Table, key: bytes) -> bytes | None:
        return self._transaction.get(key, None, self._tables[table])

    def _under(self, table: _Table, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        cursor = self._transaction.cursor(self._tables[table])
        if cursor.set_range(prefix):
            for key, value in cursor:
                if not key.startswith(prefix):
                    return
                yield key, value


class IndexBatch(IndexView):
    """Reads its own writes."""

    def add_submission(self, submission: Submission, shard: Shard) -> None:
        """Known already: nothing changes."""
        key = _number(submission.sequence)
        self._put(_Table.SUBMISSIONS, key, to_record(submission))
        self._put(_Table.ROOTS, submission.root + key, b"")
        self._note_whether_finished(submission, shard)

    def add_segment(self, root: bytes, index: int, record: SegmentRecord, shard: Shard) -> None:
        """Its data is on disk and was not there before."""
        hashes = b"".join((record.root, *record.proof.siblings))
        self._put(_Table.SEGMENTS, root + _number(index), hashes)
        self._delete(_Table.DAMAGED, root + _number(index))
        self._change_count(root, index % shard.count, 1)

    def mark_damaged(self, root: bytes, index: int, shard: Shard) -> None:
        """It counts as missing from now on; nothing changes where it does already."""
        if self.segment(root, index) is None:
            return
        self._delete(_Table.SEGMENTS, root + _number(index))
        self._put(_Table.DAMAGED, root + _number(index), b"")
        self._change_count(root, index % shard.count, -1)
        self.note_finished(root, shard)

    def note_finished(self, root: bytes, shard: Shard) -> None:
        """After changes to a file's segments."""
        for number in list(self.submissions_of(root)):
            submission = self.submission(number)
            assert submission is not None
            self._note_whether_finished(submission, shard)

    def use(self, size: int) -> None:
        """So many bytes more of segments' data."""
        self._put(_Table.META, b"used", str(self.used_bytes() + size).encode())

    def set_progress(self, progress: Progress) -> None:
        content = [progress.block_number, progress.block_hash]
        self._put(_Table.META, b"progress", orjson.dumps(content))

    def set_identity(self, identity: Identity) -> None:
        self._put(_Table.META, b"identity", orjson.dumps(identity.as_json()))

    def _note_whether_finished(self, submission: Submission, shard: Shard) -> None:
        key = _number(submission.sequence)
        if self.is_finalized(submission, shard):
            self._delete(_Table.UNFINISHED, key)
        else:
            self._put(_Table.UNFINISHED, key, b"")

    def _change_count(self, root: bytes, residue: int, change: int) -> None:
        count = self.count(root, residue) + change
        self._put(_Table.COUNTS, root + _number(residue), _number(count))

    def _put(self, table: _Table, key: bytes, value: bytes) -> None:
        self._transaction.put(key, value, db=self._tables[table])

    def _delete(self, table: _Table, key: bytes) -> None:
        self._transaction.delete(key, db=self._tables[table])


class Index:
    """The environment; usable from every thread, in the process that opened it."""

    def __init__(self, path: Path) -> None:
        """Raises `InvalidFile` where something else lies there."""
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._environment = lmdb.open(
                str(path), map_size=MAP_BYTES, max_dbs=len(_Table), mode=0o600
            )
        except lmdb.Error as error:
            raise InvalidFile(path, f"cannot be used as an index: {error}") from None
        self._tables = {table: self._environment.open_db(table.value) for table in _Table}
        self._check_schema()

    def close(self) -> None:
        self._environment.close()

    @contextmanager
    def view(self) -> Iterator[IndexView]:
        """A snapshot."""
        with self._environment.begin() as transaction:
            yield IndexView(transaction, self._tables)

    @contextmanager
    def write(self) -> Iterator[IndexBatch]:
        """Raises `OSError` where disk or map have no more room."""
        try:
            with self._environment.begin(write=True) as transaction:
                yield IndexBatch(transaction, self._tables)
        except lmdb.MapFullError as error:
            raise OSError(errno.ENOSPC, f"the index has reached {MAP_BYTES} bytes") from error
        except lmdb.Error as error:
            if error.code == errno.ENOSPC:
                raise OSError(errno.ENOSPC, "no space left on the disk") from error
            raise

    def check_identity(self, identity: Identity) -> None:
        """The first to ask decides; raises `IdentityMismatch` for all others."""
        with self.write() as batch:
            stored = batch.identity()
            if stored is None:
                batch.set_identity(identity)
                return
        for what, found in identity.as_json().items():
            if stored.get(what) != found:
                raise IdentityMismatch(self.path.parent, what, stored.get(what), found)

    def _check_schema(self) -> None:
        version = str(SCHEMA_VERSION).encode()
        meta = self._tables[_Table.META]
        with self._environment.begin(write=True) as transaction:
            found = transaction.get(b"schema", None, meta)
            if found is None:
                transaction.put(b"schema", version, db=meta)
            elif found != version:
                raise InvalidFile(
                    self.path, f"schema version {found.decode()}, expected {SCHEMA_VERSION}"
                )


def _number(value: int) -> bytes:
    return value.to_bytes(8, "big")
