"""Reading a part of a record gives what reading all of it gives."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precompiles.da_signers import epochs, quorums, records
from precompiles.da_signers.functions import da_signers
from precompiles.errors import CorruptStorage, DomainError
from precompiles.storage import store_blob

ACCOUNT = b"\x77" * 20
NUMBERS = st.one_of(st.integers(0, 20), st.integers(0, 2**256 - 1))
SOCKETS = st.one_of(
    st.binary(max_size=40), st.sampled_from([b"s" * size for size in (31, 32, 255, 256, 70_000)])
)


@pytest.fixture(scope="module")
def storage_of(chain_of: Callable[..., Any]) -> Callable[[], Any]:
    """A new, empty storage."""
    return lambda: chain_of(da_signers()).storage


@given(socket=SOCKETS, x=NUMBERS, y=NUMBERS)
def test_a_key_read_by_itself_is_the_records(
    storage_of: Callable[[], Any], socket: bytes, x: int, y: int
) -> None:
    storage = storage_of()
    signer = records.Signer(ACCOUNT, socket, records.G1Key(x, y), records.G2Key([1, 2], [3, 4]))
    records.store_signer(storage, signer)
    whole = records.load_signer(storage, ACCOUNT)
    assert whole is not None
    assert records.load_key_g1(storage, ACCOUNT) == records.g1_point(whole.key_g1)


def test_a_key_is_read_in_a_few_slots_however_long_the_socket(
    storage_of: Callable[[], Any],
) -> None:
    storage = storage_of()
    key = records.G1Key(2**255, 2**255)
    records.store_signer(
        storage, records.Signer(ACCOUNT, b"s" * 70_000, key, records.G2Key([1, 2], [3, 4]))
    )
    read: list[int] = []

    class Counted:
        def load(self, slot: int) -> int:
            read.append(slot)
            return int(storage.load(slot))

    records.load_key_g1(Counted(), ACCOUNT)
    assert len(read) <= 8


def test_an_unknown_signer_has_no_key(storage_of: Callable[[], Any]) -> None:
    with pytest.raises(DomainError, match="signer not found"):
        records.load_key_g1(storage_of(), ACCOUNT)


@pytest.mark.parametrize(
    ("old", "new"), [(b"Socket", b"socket"), (b"\xa3abc", b"\xc3abc"), (b"PkG1", b"PkG3")]
)
def test_a_record_that_we_did_not_write_is_corrupt(
    storage_of: Callable[[], Any], old: bytes, new: bytes
) -> None:
    storage = storage_of()
    signer = records.Signer(ACCOUNT, b"abc", records.G1Key(1, 2), records.G2Key([1, 2], [3, 4]))
    blob = records.encode_signer(signer).replace(old, new)
    store_blob(storage, records.signer_key(ACCOUNT), blob)
    with pytest.raises(CorruptStorage):
        records.load_key_g1(storage, ACCOUNT)


def test_a_row_read_by_itself_is_the_quorums(storage_of: Callable[[], Any]) -> None:
    storage = storage_of()
    for number in range(3):
        address = bytes([number]) * 20
        epochs.register(storage, 1, address, address, 2)
    epochs.begin_epoch(storage, 1, 5)
    rows = quorums.load_quorum(storage, 1, 0)
    assert quorums.count_rows(storage, 1, 0) == len(rows) == 3_072
    assert [quorums.load_row(storage, 1, 0, row) for row in (0, 1, 2, 3_071)] == [
        rows[0], rows[1], rows[2], rows[3_071],
    ]  # fmt: skip
    with pytest.raises(DomainError, match="row id out of bound"):
        quorums.load_row(storage, 1, 0, 3_072)
    with pytest.raises(DomainError, match="quorum id out of bound"):
        quorums.load_row(storage, 1, 1, 0)
    assert quorums.count_rows(storage, 1, 1) == 0
