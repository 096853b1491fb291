"""Blocks and headers: bytes and back, recorded chains, garbage."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
import rlp
from eth_typing import Address, Hash32
from hypothesis import given
from hypothesis import strategies as st
from rlp.codec import consume_length_prefix

from chain.blocks import (
    EMPTY_BLOOM,
    EMPTY_OMMERS_HASH,
    EMPTY_TRIE_ROOT,
    NO_NONCE,
    ZERO_HASH,
    Block,
    Header,
    decode_block,
    decode_header,
    encode_block,
    encode_header,
    encode_withdrawal,
    ommers_hash,
)
from chain.engine import Withdrawal
from chain.errors import UndecodableBlock

SHARED = Path(os.environ.get("ZEROG_SHARED", Path(__file__).parents[2].parent / "shared"))
RECORDED_CHAIN = SHARED / "execution-apis" / "tests" / "chain.rlp"
HEADER = Header(
    parent_hash=ZERO_HASH,
    ommers_hash=EMPTY_OMMERS_HASH,
    coinbase=Address(bytes(20)),
    state_root=EMPTY_TRIE_ROOT,
    transactions_root=EMPTY_TRIE_ROOT,
    receipts_root=EMPTY_TRIE_ROOT,
    bloom=EMPTY_BLOOM,
    difficulty=0,
    number=1,
    gas_limit=30_000_000,
    gas_used=0,
    timestamp=5,
    extra_data=b"zerog",
    mix_hash=ZERO_HASH,
    nonce=NO_NONCE,
)
LONDON = replace(HEADER, base_fee=7)
PRAGUE = replace(
    LONDON,
    withdrawals_root=EMPTY_TRIE_ROOT,
    blob_gas_used=0,
    excess_blob_gas=1,
    parent_beacon_block_root=ZERO_HASH,
    requests_hash=ZERO_HASH,
)
ENTRY = Withdrawal(3, 2**64 - 1, Address(b"\x11" * 20), 2**64 - 1)


@pytest.mark.parametrize("header", [HEADER, LONDON, PRAGUE], ids=["first", "london", "prague"])
def test_a_header_comes_back_with_the_fields_of_its_fork(header: Header) -> None:
    assert decode_header(encode_header(header)) == header
    assert decode_header(encode_header(header)).hash == header.hash


def test_mainnets_genesis_header_has_its_hash() -> None:
    genesis = replace(
        HEADER,
        state_root=Hash32(
            bytes.fromhex("d7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544")
        ),
        difficulty=0x400000000,
        number=0,
        gas_limit=5_000,
        timestamp=0,
        extra_data=bytes.fromhex(
            "11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa"
        ),
        nonce=bytes.fromhex("0000000000000042"),
    )
    assert genesis.hash.hex() == "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"


@pytest.mark.parametrize(
    "block",
    [
        Block(HEADER),
        Block(HEADER, ommers=(HEADER, HEADER)),
        Block(PRAGUE, withdrawals=()),
        Block(PRAGUE, withdrawals=(ENTRY,), slashed=(ENTRY, ENTRY)),
    ],
)
def test_a_block_comes_back_with_its_optional_lists(block: Block) -> None:
    assert decode_block(encode_block(block)) == block


def test_slashed_entries_are_in_no_header_field() -> None:
    """Facts §1b: a trailing list after the withdrawals."""
    plain = encode_block(Block(PRAGUE, withdrawals=()))
    slashed = encode_block(Block(PRAGUE, withdrawals=(), slashed=(ENTRY,)))
    assert rlp.decode(slashed)[:4] == rlp.decode(plain)
    assert decode_block(slashed).header.hash == decode_block(plain).header.hash


def test_a_recorded_chain_comes_back_byte_for_byte() -> None:
    if not RECORDED_CHAIN.exists():
        pytest.skip(f"no recorded chain at {RECORDED_CHAIN}: set ZEROG_SHARED")
    raw, at, parent = RECORDED_CHAIN.read_bytes(), 0, None
    while at < len(raw):
        _, _, length, start = consume_length_prefix(raw, at)
        encoded, at = raw[at : start + length], start + length
        block = decode_block(encoded)
        assert encode_block(block) == encoded
        assert parent is None or block.header.parent_hash == parent.hash
        assert ommers_hash(block.ommers) == block.header.ommers_hash
        parent = block.header


def test_a_withdrawal_is_encoded_as_eip_4895_says() -> None:
    assert rlp.decode(encode_withdrawal(Withdrawal(1, 2, Address(b"\x11" * 20), 3))) == [
        b"\x01",
        b"\x02",
        b"\x11" * 20,
        b"\x03",
    ]


def _damaged(at: int, value: object) -> bytes:
    items = rlp.decode(encode_block(Block(PRAGUE, withdrawals=())))
    items[0][at] = value
    return bytes(rlp.encode(items))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "rlp"),
        (rlp.encode([]), "block of 0 items"),
        (rlp.encode([[], [], []]), "header of 0 fields"),
        (_damaged(0, b"short"), "parent_hash: 5 bytes, expected 32"),
        (_damaged(8, b"\0\1"), "number: not an integer of at most 64 bits"),
        (_damaged(9, b"\1" * 9), "gas_limit: not an integer of at most 64 bits"),
        (_damaged(12, []), "extra_data: expected a string"),
        (rlp.encode([rlp.decode(encode_header(HEADER)), [b"\x05"], []]), "transaction: "),
        (rlp.encode([rlp.decode(encode_header(HEADER)), [b"\xc0"], []]), "wrapped in a string"),
        (rlp.encode([rlp.decode(encode_header(HEADER)), b"", []]), "transactions: expected a list"),
        (rlp.encode([rlp.decode(encode_header(PRAGUE)), [], [], [], []]), "slashed: an empty list"),
    ],
)
def test_bytes_that_are_no_block_are_refused_by_name(raw: bytes, why: str) -> None:
    with pytest.raises(UndecodableBlock, match=why):
        decode_block(raw)


NESTED = st.recursive(
    st.binary(max_size=40), lambda inner: st.lists(inner, max_size=22), max_leaves=60
)


@given(st.one_of(st.binary(max_size=700), NESTED.map(rlp.encode)))
def test_any_bytes_are_a_block_or_one_named_error(raw: bytes) -> None:
    try:
        block = decode_block(raw)
    except UndecodableBlock:
        return
    assert encode_block(block) == raw


@given(st.data())
def test_a_damaged_block_is_read_or_refused_by_name(data: st.DataObject) -> None:
    raw = bytearray(encode_block(Block(PRAGUE, withdrawals=(ENTRY,), slashed=(ENTRY,))))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        block = decode_block(bytes(raw))
    except UndecodableBlock:
        return
    assert encode_block(block) == raw
