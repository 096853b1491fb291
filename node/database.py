"""The key-value store over LMDB: one file, one writing process, readers in any number of processes.

Durable at the end of each batch (data, then the page that points to it, both synced), so a kill
at any moment leaves the last finished batch. LMDB's rules that shape this module: an environment
is opened once in a process and never used by a forked child; a write transaction stays on its
thread; a read transaction may move between threads, but holds back the reuse of pages.
"""

import errno
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import lmdb

from chain.key_value import Table
from node.errors import OperatorError

SCHEMA_VERSION = 4
UPGRADABLE_VERSIONS = (2, 3)
"""Written by programs whose tables mean the same, but that lacked some; those are made, empty."""
MAP_SIZE_DEFAULT = 1 << 38
"""256 GiB of address space, not of disk: the file grows as it is filled."""
READERS_MAX = 1024
"""Snapshots open at the same time, over all processes; fixed by the first that opens the file."""
MAP_ADOPTION_WAIT_S = 10
"""How long a reader waits for its own snapshots to end before it adopts a map another process enlarged."""

_FULL = {
    errno.ENOSPC: "no space left on the disk",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file has reached the size limit of this process (ulimit -f)",
    # LMDB's code for a write that was done in part: a full disk begins so.
    errno.EIO: "a write was cut short: the disk is full, or failing",
}
_UNWRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)
_SCHEMA_KEY = b"schema version"
_DATA_FILE = "data.mdb"
_LOCK_FILE = "lock.mdb"


class DatabaseError(OperatorError):
    """The database cannot be used; the message begins with its path."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path


class MissingDatabase(DatabaseError):
    """Nothing is there to read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "no database here; start the node on this directory first")


class ForeignDirectory(DatabaseError):
    """The directory or file is somebody else's; nothing in it was touched."""


class SchemaMismatch(DatabaseError):
    """The database was written by another version of this program."""

    def __init__(self, path: Path, found: str, expected: int) -> None:
        super().__init__(path, f"schema version {found}, this program reads version {expected}")
        self.found, self.expected = found, expected


class DatabaseInUse(DatabaseError):
    """This process, or the process it was forked from, has the database open."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "the database is open in this process already")


class DatabaseFull(DatabaseError):
    """A batch did not fit; nothing of it was kept."""


class TooManySnapshots(DatabaseError):
    """Every place for readers is taken."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, f"all {READERS_MAX} places for readers are taken")


class UsedAfterFork(RuntimeError):
    """A forked process used its parent's store; it has to open its own before the parent does."""


class LmdbStore:
    """A `KeyValueStore` in a directory of its own.

    Usable from every thread. Raises a `DatabaseError` that names the path where the directory is
    missing (read-only), foreign, of another schema, open in this process, or not accessible.
    """

    def __init__(
        self, path: Path, *, readonly: bool = False, map_size: int = MAP_SIZE_DEFAULT
    ) -> None:
        self.path = Path(path)
        self._pid = os.getpid()
        self._map_size = map_size
        self._open_snapshots = 0
        self._snapshots_changed = threading.Condition()
        _check_directory(self.path, readonly)
        self._environment = _open_environment(self.path, readonly, map_size)
        try:
            self._environment.reader_check()
            if not readonly:
                self._prepare_tables()
            self._handles = self._open_tables()
        except BaseException:
            self._environment.close()
            raise

    def close(self) -> None:
        """End everything that is still open; repeatable."""
        if os.getpid() == self._pid:
            self._environment.close()

    def __enter__(self) -> "LmdbStore":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def snapshot(self) -> "_SnapshotContext":
        """See `KeyValueStore`."""
        return _SnapshotContext(self)

    @contextmanager
    def write(self) -> Iterator["LmdbBatch"]:
        """See `KeyValueStore`; raises `DatabaseFull` where map or disk have no more room."""
        self._check_process()
        try:
            with self._environment.begin(write=True) as transaction:
                yield LmdbBatch(transaction, self._handles)
        except lmdb.MapFullError as error:
            raise DatabaseFull(
                self.path, f"the database has reached its limit of {self._map_size} bytes"
            ) from error
        except lmdb.Error as error:
            if error.code in _FULL:
                raise DatabaseFull(self.path, _FULL[error.code]) from error
            if error.code in _UNWRITABLE:
                why = f"cannot write: {os.strerror(error.code).lower()}"
                raise DatabaseError(self.path, why) from error
            raise

    def clear_stale_readers(self) -> int:
        """Free the places of readers that died; how many there were."""
        self._check_process()
        return self._environment.reader_check()

    def size_bytes(self) -> int:
        """Of the file's part that has ever been used."""
        info = self._environment.info()
        return (info["last_pgno"] + 1) * self._environment.stat()["psize"]

    def _prepare_tables(self) -> None:
        """Make every table of a new database, or those that an older one lacks, in one transaction."""
        with self._environment.begin(write=True) as transaction:
            if transaction.stat()["entries"] and not self._is_upgradable(transaction):
                return
            for table in Table:
                self._environment.open_db(table.value.encode(), txn=transaction)
            meta = self._environment.open_db(Table.META.value.encode(), txn=transaction)
            transaction.put(_SCHEMA_KEY, str(SCHEMA_VERSION).encode(), db=meta)

    def _is_upgradable(self, transaction: "lmdb.Transaction[bytes]") -> bool:
        name = Table.META.value.encode()
        if transaction.get(name) is None:
            return False
        meta = self._environment.open_db(name, txn=transaction, create=False)
        found = transaction.get(_SCHEMA_KEY, db=meta)
        return found in [str(version).encode() for version in UPGRADABLE_VERSIONS]

    def _open_tables(self) -> dict[Table, "lmdb._Database"]:
        with self._environment.begin() as transaction:
            if not transaction.stat()["entries"]:
                raise MissingDatabase(self.path)
            if transaction.get(Table.META.value.encode()) is None:
                raise ForeignDirectory(self.path, "an LMDB database, but not one of ours")
        meta = self._environment.open_db(Table.META.value.encode(), create=False)
        with self._environment.begin() as transaction:
            found = transaction.get(_SCHEMA_KEY, db=meta)
        if found is None:
            raise ForeignDirectory(self.path, "an LMDB database, but not one of ours")
        if found != str(SCHEMA_VERSION).encode():
            raise SchemaMismatch(self.path, found.decode(errors="replace"), SCHEMA_VERSION)
        # Each in a transaction of its own: a handle opened in a shared one ends with it.
        return {
            table: self._environment.open_db(table.value.encode(), create=False) for table in Table
        }

    def _begin_snapshot(self) -> "lmdb.Transaction[bytes]":
        self._check_process()
        with self._snapshots_changed:
            try:
                transaction = self._environment.begin()
            except lmdb.ReadersFullError:
                self._environment.reader_check()
                try:
                    transaction = self._environment.begin()
                except lmdb.ReadersFullError as error:
                    raise TooManySnapshots(self.path) from error
            except lmdb.MapResizedError:
                self._adopt_map_size()
                transaction = self._environment.begin()
            self._open_snapshots += 1
        return transaction

    def _end_snapshot(self, transaction: "lmdb.Transaction[bytes]") -> None:
        with self._snapshots_changed:
            transaction.abort()
            self._open_snapshots -= 1
            self._snapshots_changed.notify_all()

    def _adopt_map_size(self) -> None:
        """Another process made the file larger than our map; remapping would end our snapshots."""
        if not self._snapshots_changed.wait_for(
            lambda: self._open_snapshots == 0, MAP_ADOPTION_WAIT_S
        ):
            raise DatabaseError(
                self.path,
                f"enlarged by another process while a snapshot was open for {MAP_ADOPTION_WAIT_S} s",
            )
        self._environment.set_mapsize(0)

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise UsedAfterFork(f"{self.path}: opened by process {self._pid}")


class LmdbSnapshot:
    """See `chain.key_value.Snapshot`."""

    __slots__ = ("_handles", "_transaction")

    def __init__(
        self, transaction: "lmdb.Transaction[bytes]", handles: dict[Table, "lmdb._Database"]
    ) -> None:
        self._transaction = transaction
        self._handles = handles

    def get(self, table: Table, key: bytes) -> bytes | None:
        return self._transaction.get(key, None, self._handles[table])

    def seek(self, table: Table, key: bytes) -> tuple[bytes, bytes] | None:
        cursor = self._transaction.cursor(self._handles[table])
        found = cursor.set_range(key) if key else cursor.first()
        return cursor.item() if found else None

    def scan(
        self, table: Table, start: bytes, stop: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        cursor = self._transaction.cursor(self._handles[table])
        found = cursor.set_range(start) if start else cursor.first()
        if not found:
            return
        for key, value in cursor:
            if stop is not None and key >= stop:
                return
            yield key, value

    def scan_back(self, table: Table, start: bytes) -> Iterator[tuple[bytes, bytes]]:
        cursor = self._transaction.cursor(self._handles[table])
        if not start:
            return
        is_past = cursor.set_range(start)  # At the first entry at or after `start`.
        if cursor.key() == start or (cursor.prev() if is_past else cursor.last()):
            yield from cursor.iterprev()


class LmdbBatch(LmdbSnapshot):
    """See `chain.key_value.WriteBatch`."""

    __slots__ = ()

    def put(self, table: Table, key: bytes, value: bytes) -> None:
        self._transaction.put(key, value, db=self._handles[table])

    def put_many(self, table: Table, entries: Iterable[tuple[bytes, bytes]]) -> None:
        self._transaction.cursor(self._handles[table]).putmulti(entries)

    def delete(self, table: Table, key: bytes) -> None:
        self._transaction.delete(key, db=self._handles[table])


class _SnapshotContext:
    """As a class: a generator's context costs more than a read."""

    __slots__ = ("_store", "_transaction")

    def __init__(self, store: LmdbStore) -> None:
        self._store = store

    def __enter__(self) -> LmdbSnapshot:
        self._transaction = self._store._begin_snapshot()
        return LmdbSnapshot(self._transaction, self._store._handles)

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._store._end_snapshot(self._transaction)


def _check_directory(path: Path, readonly: bool) -> None:
    """Refuse what is not ours before LMDB puts its files there."""
    if not path.exists():
        if readonly:
            raise MissingDatabase(path)
        return
    if not path.is_dir():
        raise ForeignDirectory(path, "expected a directory, found a file")
    names = set(os.listdir(path))
    if _DATA_FILE in names:
        return
    if readonly:
        raise MissingDatabase(path)
    if names - {_LOCK_FILE}:
        raise ForeignDirectory(path, f"not a database; the directory holds {min(names)}")


def _open_environment(path: Path, readonly: bool, map_size: int) -> lmdb.Environment:
    try:
        if not readonly:
            path.mkdir(parents=True, exist_ok=True)
        return lmdb.open(
            str(path),
            map_size=map_size,
            max_dbs=len(Table),
            max_readers=READERS_MAX,
            readonly=readonly,
            create=False,
            mode=0o700,
        )
    except (lmdb.InvalidError, lmdb.VersionMismatchError, lmdb.CorruptedError) as error:
        raise ForeignDirectory(path, f"{_DATA_FILE} is not a database of ours: {error}") from error
    except lmdb.Error as error:
        if "already open" in str(error):
            raise DatabaseInUse(path) from error
        raise DatabaseError(path, f"cannot open the database: {error}") from error
    except OSError as error:
        raise DatabaseError(path, f"cannot open the database: {error.strerror}") from error
