"""Blocks come back as they were written, whole and in parts."""

from dataclasses import replace
from functools import cache

import pytest
from eth_account import Account as Wallet
from eth_typing import Address, Hash32

from chain.answers import BlockOutline
from chain.block_store import (
    head,
    head_number,
    number_of,
    place_of,
    read_block,
    read_blooms,
    read_encoded_block,
    read_header,
    read_headers,
    read_outline,
    read_receipt,
    read_receipts,
    read_transaction,
    write_block,
)
from chain.blocks import EMPTY_OMMERS_HASH, EMPTY_TRIE_ROOT, ZERO_HASH, Block, Header, encode_block
from chain.engine import Log, Receipt, Withdrawal
from chain.key_value import MemoryStore
from chain.transactions import Transaction, decode_transaction

RECEIPT = Receipt(2, True, 21_000, 21_000, (), None, 10**9, 0, b"", None)
LOG = Log(Address(b"\x0a" * 20), (Hash32(b"\x0b" * 32),), b"data")
HEADER = Header(
    parent_hash=ZERO_HASH,
    ommers_hash=EMPTY_OMMERS_HASH,
    coinbase=Address(bytes(20)),
    state_root=EMPTY_TRIE_ROOT,
    transactions_root=EMPTY_TRIE_ROOT,
    receipts_root=EMPTY_TRIE_ROOT,
    bloom=bytes(range(256)),
    difficulty=0,
    number=0,
    gas_limit=36_000_000,
    gas_used=0,
    timestamp=1,
    extra_data=b"zerog",
    mix_hash=ZERO_HASH,
    nonce=bytes(8),
    base_fee=10**9,
    withdrawals_root=EMPTY_TRIE_ROOT,
)


@cache
def transactions(count: int) -> tuple[Transaction, ...]:
    """Legacy and EIP-1559 in turn, the third one large."""
    key = b"\x01" * 32
    signed = []
    for nonce in range(count):
        fields = {"nonce": nonce, "gas": 50_000, "to": "0x" + "11" * 20, "value": 1, "chainId": 1}
        fields["data"] = bytes(1000 if nonce == 2 else 0)
        fees = {"gasPrice": 7} if nonce % 2 == 0 else {"maxFeePerGas": 7, "maxPriorityFeePerGas": 1}
        signed.append(
            decode_transaction(bytes(Wallet.sign_transaction(fields | fees, key).raw_transaction))
        )
    return tuple(signed)


def block(number: int, count: int = 0) -> Block:
    header = replace(HEADER, number=number, bloom=bytes([number]) * 256)
    return Block(header, transactions(5)[:count], withdrawals=())


def receipts(count: int) -> list[Receipt]:
    return [replace(RECEIPT, gas_used=21_000 + i, logs=(LOG,) * i) for i in range(count)]


@pytest.fixture
def store() -> MemoryStore:
    """Blocks 0 to 3 with 0, 5, 1 and 0 transactions."""
    store = MemoryStore()
    for number, count in enumerate((0, 5, 1, 0)):
        with store.write() as batch:
            write_block(batch, block(number, count), receipts(count))
    return store


def test_an_empty_store_has_no_head() -> None:
    with MemoryStore().snapshot() as snapshot:
        assert head(snapshot) is None
        assert head_number(snapshot) is None


def test_the_block_written_last_is_the_head(store: MemoryStore) -> None:
    with store.snapshot() as snapshot:
        assert head(snapshot) == block(3).header
        assert head_number(snapshot) == 3


def test_a_block_comes_back_whole(store: MemoryStore) -> None:
    with store.snapshot() as snapshot:
        for number, count in enumerate((0, 5, 1, 0)):
            assert read_block(snapshot, number) == block(number, count)
            assert read_encoded_block(snapshot, number) == encode_block(block(number, count))
            assert read_header(snapshot, number) == block(number).header
        assert read_block(snapshot, 4) is None
        assert read_header(snapshot, 4) is None


def test_every_trailing_list_of_a_block_comes_back() -> None:
    ommer = replace(HEADER, number=8)
    entry = Withdrawal(1, 2, Address(bytes(20)), 3)
    store = MemoryStore()
    blocks = (
        Block(replace(HEADER, number=1), ommers=(ommer,)),
        Block(replace(HEADER, number=2), transactions(2), (ommer,), (entry,)),
        Block(replace(HEADER, number=3), withdrawals=(entry,), slashed=(entry, entry)),
    )
    with store.write() as batch:
        for written in blocks:
            write_block(batch, written, receipts(len(written.transactions)), encode_block(written))
    with store.snapshot() as snapshot:
        assert tuple(read_block(snapshot, number) for number in (1, 2, 3)) == blocks
        for written in blocks:
            assert read_outline(snapshot, written.header.number) == outline_of(written)


def outline_of(written: Block) -> BlockOutline:
    return BlockOutline(
        written.header,
        tuple(transaction.hash for transaction in written.transactions),
        written.ommers,
        written.withdrawals,
        written.slashed,
        len(encode_block(written)),
    )


def test_an_outline_has_all_but_the_transactions(store: MemoryStore) -> None:
    with store.snapshot() as snapshot:
        for number, count in enumerate((0, 5, 1, 0)):
            assert read_outline(snapshot, number) == outline_of(block(number, count))
        assert read_outline(snapshot, 4) is None


def test_blocks_are_found_by_hash(store: MemoryStore) -> None:
    with store.snapshot() as snapshot:
        assert [number_of(snapshot, block(n).header.hash) for n in range(4)] == [0, 1, 2, 3]
        assert number_of(snapshot, ZERO_HASH) is None


def test_transactions_are_found_by_hash_and_read_alone(store: MemoryStore) -> None:
    with store.snapshot() as snapshot:
        for index in range(1, 5):
            transaction = transactions(5)[index]
            assert place_of(snapshot, transaction.hash) == (1, index)
            assert read_transaction(snapshot, 1, index) == transaction
        assert place_of(snapshot, ZERO_HASH) is None
        for number, index in ((1, 5), (1, 6), (1, -1), (0, 0), (9, 0)):
            assert read_transaction(snapshot, number, index) is None


def test_receipts_are_read_by_block_and_alone(store: MemoryStore) -> None:
    with store.snapshot() as snapshot:
        assert list(read_receipts(snapshot, 1)) == receipts(5)
        assert list(read_receipts(snapshot, 2)) == receipts(1)
        assert read_receipts(snapshot, 3) == ()
        assert read_receipt(snapshot, 1, 4) == receipts(5)[4]
        assert read_receipt(snapshot, 1, 5) is None


def test_ranges_of_headers_and_blooms_leave_out_what_is_not_there(store: MemoryStore) -> None:
    with store.snapshot() as snapshot:
        assert [h.number for h in read_headers(snapshot, range(1, 3))] == [1, 2]
        assert [h.number for h in read_headers(snapshot, range(2, 9))] == [2, 3]
        assert list(read_blooms(snapshot, range(1, 9))) == [
            (n, bytes([n]) * 256) for n in (1, 2, 3)
        ]
