"""Blocks as they are kept: header, body and receipts apart, two indexes, and the head.

A block is canonical the moment it is written, and stays: finality is instant. Keys begin with the
block's number, 8 bytes big-endian, so that a range of blocks is one scan.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Final

from eth_hash.auto import keccak
from eth_typing import Hash32

from chain.answers import BlockOutline
from chain.blocks import (
    Block,
    Header,
    decode_block,
    decode_header,
    encode_block,
)
from chain.engine import Receipt
from chain.key_value import Snapshot, Table, WriteBatch
from chain.log_index import write_log_index
from chain.receipts import decode_stored_receipts, encode_stored_receipts
from chain.transactions import Transaction, decode_transaction

HEAD_KEY: Final = b"head"
"""In META: number of the newest block."""
HEADERS_REMEMBERED: Final = 256
"""The newest ones are asked for again and again."""
_NO_TRANSACTIONS: Final = b"\xc0"
_FIELDS_BEFORE_TIMESTAMP: Final = 11
_BLOOM_AT: Final = slice(192, 448)
"""Within an encoded header: every field before the bloom has a fixed size."""


def write_block(
    batch: WriteBatch, block: Block, receipts: Sequence[Receipt], encoded: bytes | None = None
) -> None:
    """Keep a block and make it the head. `encoded`: its `encode_block` form, where it is known."""
    assert len(receipts) == len(block.transactions), "one receipt for each transaction"
    key = number_key(block.header.number)
    if encoded is None:
        encoded = encode_block(block)
    header_at = _payload_start(encoded, 0)
    header_end = _item_end(encoded, header_at)
    batch.put(Table.HEADERS, key, encoded[header_at:header_end])
    batch.put(Table.BODIES, key, encoded[header_end:])
    batch.put(Table.BLOCK_NUMBERS, block.header.hash, key)
    batch.put_many(
        Table.RECEIPTS,
        [(key + _index_key(i), encode_stored_receipts((r,))) for i, r in enumerate(receipts)],
    )
    batch.put_many(
        Table.TRANSACTION_PLACES,
        sorted((t.hash, key + _index_key(i)) for i, t in enumerate(block.transactions)),
    )
    write_log_index(batch, block.header.number, receipts)
    batch.put(Table.META, HEAD_KEY, key)


def head_number(snapshot: Snapshot) -> int | None:
    """None where there is no block yet."""
    key = snapshot.get(Table.META, HEAD_KEY)
    return None if key is None else int.from_bytes(key, "big")


def head(snapshot: Snapshot) -> Header | None:
    """The newest block's header; None where there is no block yet."""
    number = head_number(snapshot)
    return None if number is None else read_header(snapshot, number)


def read_header(snapshot: Snapshot, number: int) -> Header | None:
    """None where there is no such block, as in all below."""
    encoded = snapshot.get(Table.HEADERS, number_key(number))
    return None if encoded is None else _header(encoded)


def read_headers(snapshot: Snapshot, numbers: range) -> Iterator[Header]:
    """Those that exist of an ascending range, ascending."""
    for _, encoded in _scan(snapshot, Table.HEADERS, numbers):
        yield _header(encoded)


def read_blooms(snapshot: Snapshot, numbers: range) -> Iterator[tuple[int, bytes]]:
    """Number and bloom of those that exist of an ascending range, without decoding headers."""
    for key, encoded in _scan(snapshot, Table.HEADERS, numbers):
        yield int.from_bytes(key, "big"), encoded[_BLOOM_AT]


def read_encoded_block(snapshot: Snapshot, number: int) -> bytes | None:
    """In `encode_block`'s form."""
    key = number_key(number)
    header, body = snapshot.get(Table.HEADERS, key), snapshot.get(Table.BODIES, key)
    if header is None or body is None:
        return None
    payload = header + body
    return _list_header(len(payload)) + payload


def read_block(snapshot: Snapshot, number: int) -> Block | None:
    """The whole block, decoded."""
    encoded = read_encoded_block(snapshot, number)
    if encoded is None:
        return None
    header = read_header(snapshot, number)
    assert header is not None
    return replace(decode_block(encoded), header=header)


def read_outline(snapshot: Snapshot, number: int) -> BlockOutline | None:
    """The block with its transactions' hashes alone, which takes a fortieth of decoding them."""
    key = number_key(number)
    header, body = read_header(snapshot, number), snapshot.get(Table.BODIES, key)
    encoded_header = snapshot.get(Table.HEADERS, key)
    if header is None or body is None or encoded_header is None:
        return None
    rest = encoded_header + _NO_TRANSACTIONS + body[_item_end(body, 0) :]
    without = decode_block(_list_header(len(rest)) + rest)
    size = len(encoded_header) + len(body)
    return BlockOutline(
        header=header,
        transaction_hashes=tuple(Hash32(keccak(item)) for item in _transaction_items(body)),
        ommers=without.ommers,
        withdrawals=without.withdrawals,
        slashed=without.slashed,
        size=size + len(_list_header(size)),
    )


def _transaction_items(body: bytes) -> Iterator[bytes]:
    """The transactions of a body, each in its binary form."""
    at, end = _payload_start(body, 0), _item_end(body, 0)
    while at < end:
        item_end = _item_end(body, at)
        is_legacy = body[at] >= 0xC0
        yield body[at if is_legacy else _payload_start(body, at) : item_end]
        at = item_end


def read_transaction(snapshot: Snapshot, number: int, index: int) -> Transaction | None:
    """One transaction, the others of its block left undecoded."""
    body = snapshot.get(Table.BODIES, number_key(number))
    if body is None or index < 0:
        return None
    at, end = _payload_start(body, 0), _item_end(body, 0)
    for _ in range(index):
        if at >= end:
            return None
        at = _item_end(body, at)
    if at >= end:
        return None
    is_legacy = body[at] >= 0xC0
    start = at if is_legacy else _payload_start(body, at)
    return decode_transaction(body[start : _item_end(body, at)])


def read_transaction_hash(snapshot: Snapshot, number: int, index: int) -> Hash32:
    """Of a transaction that is there."""
    body = snapshot.get(Table.BODIES, number_key(number))
    assert body is not None
    return Hash32(keccak(next(islice(_transaction_items(body), index, None))))


def read_hash_and_timestamp(snapshot: Snapshot, number: int) -> tuple[Hash32, int]:
    """Of a block that is there; its header is not decoded."""
    encoded = snapshot.get(Table.HEADERS, number_key(number))
    assert encoded is not None
    at = _payload_start(encoded, 0)
    for _ in range(_FIELDS_BEFORE_TIMESTAMP):
        at = _item_end(encoded, at)
    end = _item_end(encoded, at)
    # A number below 128 is its own encoding; zero is an empty string.
    digits = encoded[at:end] if encoded[at] < 0x80 else encoded[at + 1 : end]
    return Hash32(keccak(encoded)), int.from_bytes(digits, "big")


def read_receipts(snapshot: Snapshot, number: int) -> tuple[Receipt, ...]:
    """Of a whole block, in the order of its transactions."""
    return tuple(
        decode_stored_receipts(encoded)[0]
        for _, encoded in _scan(snapshot, Table.RECEIPTS, range(number, number + 1))
    )


def read_receipt(snapshot: Snapshot, number: int, index: int) -> Receipt | None:
    """Of one transaction."""
    encoded = snapshot.get(Table.RECEIPTS, number_key(number) + _index_key(index))
    return None if encoded is None else decode_stored_receipts(encoded)[0]


def number_of(snapshot: Snapshot, block_hash: Hash32) -> int | None:
    """The number of the block with this hash."""
    key = snapshot.get(Table.BLOCK_NUMBERS, block_hash)
    return None if key is None else int.from_bytes(key, "big")


def place_of(snapshot: Snapshot, transaction_hash: Hash32) -> tuple[int, int] | None:
    """Number of the block with this transaction, and its index there."""
    place = snapshot.get(Table.TRANSACTION_PLACES, transaction_hash)
    if place is None:
        return None
    return int.from_bytes(place[:8], "big"), int.from_bytes(place[8:], "big")


def number_key(number: int) -> bytes:
    """The key of a block's rows."""
    return number.to_bytes(8, "big")


@lru_cache(HEADERS_REMEMBERED)
def _header(encoded: bytes) -> Header:
    """Decoding costs ten reads; and a header that is remembered keeps its hash."""
    return decode_header(encoded)


def _index_key(index: int) -> bytes:
    return index.to_bytes(4, "big")


def _scan(snapshot: Snapshot, table: Table, numbers: range) -> Iterator[tuple[bytes, bytes]]:
    return snapshot.scan(table, number_key(numbers.start), number_key(numbers.stop))


def _list_header(size: int) -> bytes:
    if size < 56:
        return bytes([0xC0 + size])
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0xF7 + len(digits)]) + digits


def _payload_start(encoded: bytes, at: int) -> int:
    """Of the RLP item at `at`, a list or a string longer than one byte."""
    first = encoded[at]
    if first < 0xB8 or 0xC0 <= first < 0xF8:
        return at + 1
    return at + first - (0xB6 if first < 0xC0 else 0xF6)


def _item_end(encoded: bytes, at: int) -> int:
    first = encoded[at]
    if first < 0x80:
        return at + 1
    start = _payload_start(encoded, at)
    if start == at + 1:
        return start + first - (0x80 if first < 0xC0 else 0xC0)
    return start + int.from_bytes(encoded[at + 1 : start], "big")
