"""What every key-value store has to do; each test runs on every implementation."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain.key_value import KEY_BYTES_MAX, KeyValueStore, MemoryStore, Table
from node.database import LmdbStore

IMPLEMENTATIONS: dict[str, Callable[[Path], KeyValueStore]] = {
    "memory": lambda _path: MemoryStore(),
    "lmdb": LmdbStore,
}
KEYS = st.binary(min_size=1, max_size=3)


@pytest.fixture(params=IMPLEMENTATIONS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeyValueStore]:
    with ExitStack() as stack:
        store = IMPLEMENTATIONS[request.param](tmp_path / "db")
        if isinstance(store, LmdbStore):
            stack.enter_context(store)
        yield store


def contents(store: KeyValueStore, table: Table = Table.META) -> dict[bytes, bytes]:
    """Without the names a store keeps for itself."""
    with store.snapshot() as snapshot:
        return {k: v for k, v in snapshot.scan(table, b"") if k != b"schema version"}


def test_what_was_written_is_read(store: KeyValueStore) -> None:
    with store.write() as batch:
        batch.put(Table.ACCOUNTS, b"a", b"1")
        batch.put(Table.SLOTS, b"a", b"2")
    with store.snapshot() as snapshot:
        assert snapshot.get(Table.ACCOUNTS, b"a") == b"1"
        assert snapshot.get(Table.SLOTS, b"a") == b"2"
        assert snapshot.get(Table.CODES, b"a") is None


def test_an_empty_value_is_not_an_absent_one(store: KeyValueStore) -> None:
    with store.write() as batch:
        batch.put(Table.META, b"empty", b"")
    with store.snapshot() as snapshot:
        assert snapshot.get(Table.META, b"empty") == b""
        assert snapshot.get(Table.META, b"absent") is None


def test_a_batch_sees_its_own_writes(store: KeyValueStore) -> None:
    with store.write() as batch:
        batch.put(Table.META, b"b", b"1")
    with store.write() as batch:
        batch.put(Table.META, b"a", b"2")
        batch.delete(Table.META, b"b")
        assert batch.get(Table.META, b"a") == b"2"
        assert batch.get(Table.META, b"b") is None
        assert [k for k, _ in batch.scan(Table.META, b"a", b"c")] == [b"a"]


def test_an_exception_keeps_nothing_of_a_batch(store: KeyValueStore) -> None:
    def fail() -> None:
        with store.write() as batch:
            batch.put(Table.META, b"a", b"2")
            batch.delete(Table.META, b"b")
            batch.put_many(Table.SLOTS, [(b"x", b"y")])
            raise ZeroDivisionError

    with store.write() as batch:
        batch.put(Table.META, b"a", b"1")
        batch.put(Table.META, b"b", b"1")
    with pytest.raises(ZeroDivisionError):
        fail()
    assert contents(store) == {b"a": b"1", b"b": b"1"}
    assert contents(store, Table.SLOTS) == {}


def test_a_snapshot_does_not_see_later_writes(store: KeyValueStore) -> None:
    with store.write() as batch:
        batch.put(Table.META, b"a", b"1")
    with store.snapshot() as before:
        with store.write() as batch:
            batch.put(Table.META, b"a", b"2")
            batch.put(Table.META, b"b", b"2")
            assert before.get(Table.META, b"a") == b"1"
        assert before.get(Table.META, b"a") == b"1"
        assert [k for k, _ in before.scan(Table.META, b"a", b"c")] == [b"a"]
    assert contents(store) == {b"a": b"2", b"b": b"2"}


def test_snapshots_of_different_moments_stand_side_by_side(store: KeyValueStore) -> None:
    with ExitStack() as stack:
        snapshots = []
        for moment in range(5):
            with store.write() as batch:
                batch.put(Table.META, b"a", bytes([moment]))
            snapshots.append(stack.enter_context(store.snapshot()))
        assert [s.get(Table.META, b"a") for s in snapshots] == [bytes([n]) for n in range(5)]


def test_deleting_what_is_absent_does_nothing(store: KeyValueStore) -> None:
    with store.write() as batch:
        batch.put(Table.META, b"a", b"1")
        batch.delete(Table.META, b"b")
    assert contents(store) == {b"a": b"1"}


def test_an_empty_table_has_nothing_to_scan(store: KeyValueStore) -> None:
    with store.snapshot() as snapshot:
        assert list(snapshot.scan(Table.SLOTS, b"")) == []
        assert list(snapshot.scan(Table.SLOTS, b"a", b"b")) == []
        assert list(snapshot.scan_back(Table.SLOTS, b"\xff")) == []
        assert snapshot.seek(Table.SLOTS, b"") is None


@pytest.mark.parametrize("key", [b"", bytes(KEY_BYTES_MAX + 1)])
def test_keys_that_lmdb_cannot_hold_are_refused(store: KeyValueStore, key: bytes) -> None:
    def write() -> None:
        with store.write() as batch:
            batch.put(Table.META, key, b"")

    with pytest.raises(Exception, match=r"a key has|BAD_VALSIZE"):
        write()
    assert contents(store) == {}


def test_a_thread_cannot_begin_a_second_batch(store: KeyValueStore) -> None:
    def write() -> None:
        with store.write():
            pass

    with store.write() as batch:
        batch.put(Table.META, b"a", b"1")
        with pytest.raises(Exception, match="write"):
            write()
    assert contents(store) == {b"a": b"1"}


def test_another_thread_s_batch_waits_for_the_first(store: KeyValueStore) -> None:
    def append(value: bytes) -> None:
        with store.write() as batch:
            batch.put(Table.META, b"a", (batch.get(Table.META, b"a") or b"") + value)

    threads = [threading.Thread(target=append, args=(b"x",)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert contents(store) == {b"a": b"x" * 20}


def test_a_snapshot_moves_between_threads(store: KeyValueStore) -> None:
    found: list[bytes | None] = []
    with store.write() as batch:
        batch.put(Table.META, b"a", b"1")
    with store.snapshot() as snapshot:
        thread = threading.Thread(target=lambda: found.append(snapshot.get(Table.META, b"a")))
        thread.start()
        thread.join()
    assert found == [b"1"]


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    batches=st.lists(st.dictionaries(KEYS, st.none() | st.binary(max_size=4)), max_size=4),
    start=st.binary(max_size=3),
    stop=st.none() | st.binary(max_size=3),
)
def test_reads_agree_with_a_sorted_dict(
    store: KeyValueStore,
    batches: list[dict[bytes, bytes | None]],
    start: bytes,
    stop: bytes | None,
) -> None:
    with store.write() as batch:
        for key in [key for key, _ in batch.scan(Table.SLOTS, b"")]:
            batch.delete(Table.SLOTS, key)
    model: dict[bytes, bytes] = {}
    for changes in batches:
        with store.write() as batch:
            for key, value in changes.items():
                if value is None:
                    batch.delete(Table.SLOTS, key)
                    model.pop(key, None)
                else:
                    batch.put_many(Table.SLOTS, [(key, value)])
                    model[key] = value
    with store.snapshot() as snapshot:
        ascending = sorted(item for item in model.items() if item[0] >= start)
        assert snapshot.seek(Table.SLOTS, start) == next(iter(ascending), None)
        assert list(snapshot.scan(Table.SLOTS, start, stop)) == [
            item for item in ascending if stop is None or item[0] < stop
        ]
        assert list(snapshot.scan_back(Table.SLOTS, start)) == sorted(
            (item for item in model.items() if item[0] <= start), reverse=True
        )
        assert all(snapshot.get(Table.SLOTS, key) == value for key, value in model.items())
