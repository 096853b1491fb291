"""Reading quorums and aggregating keys (facts §1a-1, [O2])."""

from typing import Any

import pytest
from eth_typing import Address
from hypothesis import given
from hypothesis import strategies as st

from precompiles import message_pack
from precompiles.bn254_unchecked import P, sum_points
from precompiles.da_signers import records
from precompiles.da_signers.functions import da_signers
from precompiles.da_signers.signatures import public_keys
from precompiles.interface import Failed
from precompiles.storage import slot_of, store_blob

ALICE, BOB, CAROL = (Address(bytes([number]) * 20) for number in (1, 2, 3))
KEYS = {ALICE: public_keys(5)[0], BOB: public_keys(6)[0], CAROL: (P + 4, 0)}


def _give_quorum(chain: Any, rows: list[Address], *, epoch: int = 1, quorum_id: int = 0) -> None:
    storage = chain.storage
    store_blob(storage, records.quorum_key(epoch, quorum_id), records.encode_quorum(rows))
    storage.store(slot_of(records.quorum_count_key(epoch)), quorum_id + 1)
    storage.store(slot_of(records.epoch_number_key()), 1)


@pytest.fixture
def chain(chain_of: Any) -> Any:
    chain = chain_of(da_signers())
    for address, (x, y) in KEYS.items():
        signer = records.Signer(address, b"", records.G1Key(x, y), records.G2Key([0, 0], [0, 0]))
        records.store_signer(chain.storage, signer)
    return chain


def test_the_quorum_id_is_looked_at_before_the_epoch(chain: Any) -> None:
    """quorumCount(epoch) ≤ id → quorum-id error (checked first); epochNumber < epoch → epoch error."""
    _give_quorum(chain, [ALICE], epoch=2)
    assert chain.invoke("getQuorum", 2, 1) == Failed("quorum id out of bound")
    assert chain.invoke("getQuorum", 2, 0) == Failed("epoch out of bound")
    assert chain.invoke("getQuorum", 1, 0) == Failed("quorum id out of bound")


def test_epoch_and_quorum_id_are_cut_to_64_bits(chain: Any) -> None:
    """§1a: `big.Int.Uint64()`."""
    _give_quorum(chain, [ALICE, BOB])
    assert chain.invoke("getQuorum", 2**64 + 1, 2**255) == ((ALICE, BOB),)
    assert chain.invoke("getQuorumRow", 2**64 + 1, 2**64, 1) == (BOB,)
    assert chain.invoke("getAggPkG1", 2**64 + 1, 2**64, b"\x00") == ((0, 0), 2, 0)


def test_a_row_out_of_bounds_is_an_error(chain: Any) -> None:
    _give_quorum(chain, [ALICE, BOB])
    assert chain.invoke("getQuorumRow", 1, 0, 1) == (BOB,)
    assert chain.invoke("getQuorumRow", 1, 0, 2) == Failed("row id out of bound")
    assert chain.invoke("getQuorumRow", 1, 0, 2**32 - 1) == Failed("row id out of bound")


@pytest.mark.parametrize(("rows", "length"), [(0, 1), (8, 0), (8, 2), (9, 1), (9, 3)])
def test_a_bitmap_of_another_length_is_an_error(chain: Any, rows: int, length: int) -> None:
    """Bitmap length must be ceil(len/8)."""
    _give_quorum(chain, [ALICE] * rows)
    outcome = chain.invoke("getAggPkG1", 1, 0, bytes(length))
    assert outcome == Failed("quorum bitmap length mismatch")


def test_a_signer_that_is_in_counts_with_its_later_rows_whatever_their_bits(chain: Any) -> None:
    """Bit i = bitmap[i/8]>>(i%8)&1; a signer already added counts as hit regardless of its bit."""
    _give_quorum(chain, [ALICE, BOB, ALICE, BOB, ALICE, BOB, ALICE, ALICE, BOB])
    assert chain.invoke("getAggPkG1", 1, 0, b"\x04\x00") == (KEYS[ALICE], 9, 4)
    assert chain.invoke("getAggPkG1", 1, 0, b"\x00\x01") == (KEYS[BOB], 9, 1)
    both = sum_points([KEYS[ALICE], KEYS[BOB]])
    assert chain.invoke("getAggPkG1", 1, 0, b"\x01\xff") == (both, 9, 6)


def test_no_signers_sum_to_infinity(chain: Any) -> None:
    _give_quorum(chain, [ALICE])
    assert chain.invoke("getAggPkG1", 1, 0, b"\xfe") == ((0, 0), 1, 0)
    _give_quorum(chain, [])
    assert chain.invoke("getAggPkG1", 1, 0, b"") == ((0, 0), 0, 0)


def test_keys_off_the_curve_are_reduced_and_summed_all_the_same(chain: Any) -> None:
    """[O2]; (4, 0) alone stays what it is."""
    _give_quorum(chain, [CAROL, ALICE])
    assert chain.invoke("getAggPkG1", 1, 0, b"\x01") == ((4, 0), 2, 1)
    both = sum_points([(4, 0), KEYS[ALICE]])
    assert chain.invoke("getAggPkG1", 1, 0, b"\x03") == (both, 2, 2)


def test_a_row_without_a_signer_is_an_error_once_it_is_asked_for(chain: Any) -> None:
    _give_quorum(chain, [ALICE, Address(bytes(20))])
    assert chain.invoke("getAggPkG1", 1, 0, b"\x01") == (KEYS[ALICE], 2, 1)
    assert chain.invoke("getAggPkG1", 1, 0, b"\x03") == Failed("signer not found")


def test_a_quorum_that_was_never_stored_is_an_ordinary_error(chain: Any) -> None:
    chain.storage.store(slot_of(records.quorum_count_key(0)), 1)
    assert chain.invoke("getQuorum", 0, 0) == Failed("EOF")


@given(st.lists(st.binary(min_size=20, max_size=20), max_size=40))
def test_a_quorum_is_read_as_it_was_written(addresses: list[bytes]) -> None:
    rows = [Address(address) for address in addresses]
    assert records.decode_quorum(records.encode_quorum(rows)) == rows


def test_a_quorum_in_upper_case_or_in_strings_is_read_too() -> None:
    text = b"0X" + ALICE.hex().upper().encode()
    assert records.decode_quorum(b"\x91" + message_pack.encode_binary(text)) == [ALICE]
    assert records.decode_quorum(b"\x91\xd9\x2a" + text) == [ALICE]
