"""What only the store over LMDB does: files, processes, limits."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import lmdb
import pytest

from chain.key_value import Table
from node import database
from node.database import (
    DatabaseFull,
    DatabaseInUse,
    ForeignDirectory,
    LmdbStore,
    MissingDatabase,
    SchemaMismatch,
    UsedAfterFork,
)

OTHER_PROCESS = """
import os, sys
from pathlib import Path
from chain.key_value import Table
from node.database import LmdbStore
"""


def run_in_another_process(code: str, path: Path) -> str:
    program = OTHER_PROCESS + f"path = Path({str(path)!r})\n" + code
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=60
    )
    return done.stdout + done.stderr


def in_forked_child(action: Callable[[], None]) -> str:
    """What `action` raised in a fork of this process: the class and the message."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            action()
            os.write(writing, b"nothing")
        except Exception as error:
            os.write(writing, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read().decode()
    os.waitpid(pid, 0)
    return answer


def put(store: LmdbStore, key: bytes, value: bytes) -> None:
    with store.write() as batch:
        batch.put(Table.META, key, value)


def get(store: LmdbStore, key: bytes) -> bytes | None:
    with store.snapshot() as snapshot:
        return snapshot.get(Table.META, key)


def test_data_survives_closing_and_opening(tmp_path: Path) -> None:
    with LmdbStore(tmp_path / "db") as store:
        put(store, b"a", b"1")
    with LmdbStore(tmp_path / "db") as store:
        assert get(store, b"a") == b"1"


def test_another_process_reads_while_this_one_writes(tmp_path: Path) -> None:
    read = (
        "store = LmdbStore(path, readonly=True)\n"
        "with store.snapshot() as s: print(s.get(Table.META, b'a'))"
    )
    with LmdbStore(tmp_path / "db") as store:
        put(store, b"a", b"1")
        with store.write() as batch:
            batch.put(Table.META, b"a", b"2")
            assert run_in_another_process(read, tmp_path / "db") == "b'1'\n"
        assert run_in_another_process(read, tmp_path / "db") == "b'2'\n"


def test_a_process_killed_in_a_batch_leaves_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "db"
    crash = (
        "with LmdbStore(path).write() as b:\n"
        "    b.put(Table.META, b'a', b'2')\n"
        "    os.kill(os.getpid(), 9)"
    )
    with LmdbStore(path) as store:
        put(store, b"a", b"1")
    run_in_another_process(crash, path)
    with LmdbStore(path) as store:
        assert get(store, b"a") == b"1"
        put(store, b"a", b"3")
        assert get(store, b"a") == b"3"


def test_places_of_readers_that_were_killed_are_freed(tmp_path: Path) -> None:
    path = tmp_path / "db"
    crash = "store = LmdbStore(path, readonly=True)\nwith store.snapshot():\n    os.kill(os.getpid(), 9)"
    with LmdbStore(path) as store:
        run_in_another_process(crash, path)
        assert store.clear_stale_readers() == 1
        assert store.clear_stale_readers() == 0


def test_a_reader_needs_a_database_that_is_there(tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(MissingDatabase, match=str(path)):
            LmdbStore(path, readonly=True)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_of_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ForeignDirectory, match="thesis"):
        LmdbStore(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_place_of_the_directory_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("text")
    with pytest.raises(ForeignDirectory, match="found a file"):
        LmdbStore(tmp_path / "db")


def test_a_file_that_only_has_the_name_is_named(tmp_path: Path) -> None:
    (tmp_path / "data.mdb").write_bytes(b"no database at all" * 1000)
    with pytest.raises(ForeignDirectory, match=r"data\.mdb"):
        LmdbStore(tmp_path)


def test_somebody_else_s_lmdb_is_left_alone(tmp_path: Path) -> None:
    with lmdb.open(str(tmp_path), max_dbs=1) as environment:
        table = environment.open_db(b"poems")
        with environment.begin(write=True) as transaction:
            transaction.put(b"a", b"1", db=table)
    for readonly in (False, True):
        with pytest.raises(ForeignDirectory, match="not one of ours"):
            LmdbStore(tmp_path, readonly=readonly)


def test_another_schema_version_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    LmdbStore(tmp_path / "db").close()
    monkeypatch.setattr(database, "SCHEMA_VERSION", 7)
    with pytest.raises(SchemaMismatch, match="version 4, this program reads version 7"):
        LmdbStore(tmp_path / "db")


def test_a_database_that_lacks_newer_tables_gets_them(tmp_path: Path) -> None:
    """As the version before this one left it."""
    with lmdb.open(str(tmp_path / "db"), max_dbs=len(Table)) as environment:
        for table in Table:
            if table is not Table.LOG_INDEX:
                environment.open_db(table.value.encode())
        meta = environment.open_db(Table.META.value.encode())
        with environment.begin(write=True) as transaction:
            transaction.put(b"schema version", b"2", db=meta)
            transaction.put(b"kept", b"1", db=meta)
    with pytest.raises(SchemaMismatch, match="version 2"):
        LmdbStore(tmp_path / "db", readonly=True)
    for _ in range(2):
        with LmdbStore(tmp_path / "db") as store:
            with store.snapshot() as snapshot:
                assert snapshot.get(Table.META, b"kept") == b"1"
            with store.write() as batch:
                batch.put(Table.LOG_INDEX, b"a", b"1")


def test_a_database_without_tables_yet_is_begun_anew(tmp_path: Path) -> None:
    """As a kill between making the file and making its tables leaves it."""
    lmdb.open(str(tmp_path / "db")).close()
    with pytest.raises(MissingDatabase):
        LmdbStore(tmp_path / "db", readonly=True)
    with LmdbStore(tmp_path / "db") as store:
        put(store, b"a", b"1")
        assert get(store, b"a") == b"1"


def test_a_full_map_is_an_error_that_names_the_path_and_a_larger_one_helps(tmp_path: Path) -> None:
    path = tmp_path / "db"
    with LmdbStore(path, map_size=1 << 20) as store:
        put(store, b"a", b"1")
        with pytest.raises(DatabaseFull, match=rf"{path}.*1048576 bytes"):
            put(store, b"b", bytes(2 << 20))
        assert (get(store, b"a"), get(store, b"b")) == (b"1", None)
        put(store, b"a", b"2")
    with LmdbStore(path, map_size=8 << 20) as store:
        put(store, b"b", bytes(2 << 20))
        assert get(store, b"a") == b"2"


def test_a_reader_follows_when_another_process_enlarges_the_map(tmp_path: Path) -> None:
    path = tmp_path / "db"
    LmdbStore(path, map_size=1 << 20).close()
    grow = (
        "store = LmdbStore(path, map_size=1 << 24)\n"
        "with store.write() as b: b.put(Table.META, b'a', bytes(4 << 20))\n"
    )
    with LmdbStore(path, readonly=True, map_size=1 << 20) as reader:
        assert get(reader, b"a") is None
        assert run_in_another_process(grow, path) == ""
        assert get(reader, b"a") == bytes(4 << 20)


def test_a_process_opens_a_database_once(tmp_path: Path) -> None:
    with LmdbStore(tmp_path / "db") as store:
        for readonly in (False, True):
            with pytest.raises(DatabaseInUse, match="db"):
                LmdbStore(tmp_path / "db", readonly=readonly)
        put(store, b"a", b"1")
    LmdbStore(tmp_path / "db").close()


def test_a_forked_child_cannot_use_its_parent_s_store(tmp_path: Path) -> None:
    with LmdbStore(tmp_path / "db") as store:
        put(store, b"a", b"1")
        assert in_forked_child(lambda: put(store, b"a", b"2")).startswith(UsedAfterFork.__name__)
        assert in_forked_child(lambda: print(get(store, b"a"))).startswith(UsedAfterFork.__name__)
        assert in_forked_child(lambda: print(LmdbStore(tmp_path / "db"))).startswith(
            DatabaseInUse.__name__
        )
        assert in_forked_child(store.close) == "nothing"
        put(store, b"a", b"3")
        assert get(store, b"a") == b"3"


def test_many_threads_read_while_one_writes(tmp_path: Path) -> None:
    """Two entries are always written together, so every snapshot has them equal."""
    done = threading.Event()
    unequal: list[tuple[bytes | None, bytes | None]] = []
    with LmdbStore(tmp_path / "db") as store:

        def read() -> None:
            while not done.is_set():
                with store.snapshot() as snapshot:
                    pair = snapshot.get(Table.META, b"a"), snapshot.get(Table.META, b"b")
                    if pair[0] != pair[1]:
                        unequal.append(pair)

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(100):
            with store.write() as batch:
                batch.put(Table.META, b"a", bytes([number]))
                batch.put(Table.META, b"b", bytes([number]))
        done.set()
        for thread in threads:
            thread.join()
    assert unequal == []
