"""Blobs over slots (facts §1a, "Storage primitive")."""

from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Hash32
from hypothesis import given
from hypothesis import strategies as st

from precompiles.errors import CorruptStorage
from precompiles.storage import (
    BLOB_BYTES_MAX,
    as_int64,
    load_blob,
    load_uint64,
    slot_of,
    store_blob,
    store_uint64,
)

KEY = Hash32(b"\x05" * 32)


def _chunk_slot(index: int) -> int:
    return int.from_bytes(keccak(keccak(KEY) + index.to_bytes(8, "big")), "big")


@pytest.fixture
def storage(chain_of: Any) -> Any:
    return chain_of(None).storage


def test_a_blob_is_its_length_and_chunks_padded_on_the_right(storage: Any) -> None:
    store_blob(storage, KEY, b"a" * 33)
    assert storage.slots == {
        int.from_bytes(keccak(KEY), "big"): 33,
        _chunk_slot(0): int.from_bytes(b"a" * 32, "big"),
        _chunk_slot(1): int.from_bytes(b"a" + bytes(31), "big"),
    }


def test_a_shorter_blob_leaves_the_old_tail_in_storage(storage: Any) -> None:
    """§1a: shrinking a blob leaves stale tail chunks in the trie."""
    store_blob(storage, KEY, b"b" * 96)
    store_blob(storage, KEY, b"c")
    assert storage.load(_chunk_slot(0)) == int.from_bytes(b"c" + bytes(31), "big")
    assert storage.load(_chunk_slot(1)) == int.from_bytes(b"b" * 32, "big")
    assert storage.load(_chunk_slot(2)) == int.from_bytes(b"b" * 32, "big")
    assert load_blob(storage, KEY) == b"c"


@given(st.lists(st.binary(max_size=200), min_size=1))
def test_the_last_blob_stored_is_loaded(chain_of: Any, blobs: list[bytes]) -> None:
    storage = chain_of(None).storage
    for blob in blobs:
        store_blob(storage, KEY, blob)
    assert load_blob(storage, KEY) == blobs[-1]


def test_a_length_that_no_transaction_can_have_written_is_corrupt(storage: Any) -> None:
    storage.store(int.from_bytes(keccak(KEY), "big"), BLOB_BYTES_MAX + 1)
    with pytest.raises(CorruptStorage):
        load_blob(storage, KEY)


def test_a_word_is_read_by_its_low_64_bits(storage: Any) -> None:
    storage.store(slot_of(KEY), 2**64 + 5)
    assert load_uint64(storage, KEY) == 5


def test_a_uint64_is_stored_through_int64_and_its_magnitude(storage: Any) -> None:
    store_uint64(storage, KEY, 2**63 - 1)
    assert storage.load(slot_of(KEY)) == 2**63 - 1
    store_uint64(storage, KEY, 2**64 - 1)
    assert storage.load(slot_of(KEY)) == 1
    store_uint64(storage, KEY, 2**63)
    assert storage.load(slot_of(KEY)) == 2**63


def test_int64_has_its_sign_in_bit_63() -> None:
    assert [as_int64(value) for value in (0, 2**63 - 1, 2**63, 2**64 - 1, 2**64)] == [
        0,
        2**63 - 1,
        -(2**63),
        -1,
        0,
    ]
