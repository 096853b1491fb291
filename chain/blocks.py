"""Blocks and headers: their fields, their RLP form, their hash.

One header class serves every fork: the fields that later forks appended are None where absent. A block
carries 0G's slashed entries as a trailing optional list after the withdrawals (facts §1b).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Final

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.engine import Withdrawal
from chain.errors import UndecodableBlock, UndecodableTransaction
from chain.rlp_items import Decoded, Item, NotRlp, decode_item, encode_item
from chain.transactions import Transaction, decode_transaction

EMPTY_OMMERS_HASH: Final = Hash32(keccak(encode_item([])))
EMPTY_TRIE_ROOT: Final = Hash32(keccak(encode_item(b"")))
EMPTY_BLOOM: Final = bytes(256)
NO_NONCE: Final = bytes(8)
ZERO_HASH: Final = Hash32(bytes(32))
MANDATORY_FIELD_COUNT: Final = 15


KnownTransaction = Callable[[Hash32], Transaction | None]
"""A transaction that is decoded already, by hash."""


def _nothing_known(_hash: Hash32) -> None:
    return None


@dataclass(frozen=True)
class Header:
    """An execution block's header, fields in the order of their encoding."""

    parent_hash: Hash32
    ommers_hash: Hash32
    coinbase: Address
    state_root: Hash32
    transactions_root: Hash32
    receipts_root: Hash32
    bloom: bytes
    difficulty: int
    number: int
    gas_limit: int
    gas_used: int
    timestamp: int
    """Seconds."""
    extra_data: bytes
    mix_hash: Hash32
    """prevRandao from Paris on."""
    nonce: bytes
    base_fee: int | None = None
    """Wei; London (EIP-1559)."""
    withdrawals_root: Hash32 | None = None
    """Shanghai (EIP-4895)."""
    blob_gas_used: int | None = None
    """Cancun (EIP-4844)."""
    excess_blob_gas: int | None = None
    """Cancun (EIP-4844)."""
    parent_beacon_block_root: Hash32 | None = None
    """Cancun (EIP-4788)."""
    requests_hash: Hash32 | None = None
    """Prague (EIP-7685)."""

    @cached_property
    def hash(self) -> Hash32:
        return Hash32(keccak(encode_header(self)))


@dataclass(frozen=True, slots=True)
class Block:
    header: Header
    transactions: tuple[Transaction, ...] = ()
    ommers: tuple[Header, ...] = ()
    withdrawals: tuple[Withdrawal, ...] | None = None
    """None before Shanghai."""
    slashed: tuple[Withdrawal, ...] = ()
    """0G's list; in no header field."""


def encode_header(header: Header) -> bytes:
    return encode_item(_header_items(header))


def decode_header(encoded: bytes) -> Header:
    """Raises `UndecodableBlock`."""
    return _header(_decoded(encoded))


def encode_block(block: Block) -> bytes:
    """RLP of [header, transactions, ommers, withdrawals?, slashed?]; typed transactions as strings."""
    items: list[Item] = [
        _header_items(block.header),
        [_transaction_item(transaction) for transaction in block.transactions],
        [_header_items(ommer) for ommer in block.ommers],
    ]
    if block.withdrawals is not None:
        items.append([_withdrawal_item(withdrawal) for withdrawal in block.withdrawals])
    if block.slashed:
        assert block.withdrawals is not None, "slashed entries stand after the withdrawals"
        items.append([_withdrawal_item(entry) for entry in block.slashed])
    return encode_item(items)


def decode_block(encoded: bytes, known: KnownTransaction = _nothing_known) -> Block:
    """Raises `UndecodableBlock`, also where a transaction inside is undecodable.

    `known` may have decoded some of the transactions before.
    """
    items = _list("block", _decoded(encoded))
    if not 3 <= len(items) <= 5:
        raise UndecodableBlock(f"block of {len(items)} items, expected 3 to 5")
    return Block(
        header=_header(items[0]),
        transactions=tuple(_transaction(item, known) for item in _list("transactions", items[1])),
        ommers=tuple(_header(item) for item in _list("ommers", items[2])),
        withdrawals=_withdrawals(items[3]) if len(items) > 3 else None,
        slashed=_slashed(items[4]) if len(items) > 4 else (),
    )


def encode_withdrawal(withdrawal: Withdrawal) -> bytes:
    """EIP-4895's form, the items of the withdrawals trie."""
    return encode_item(_withdrawal_item(withdrawal))


def ommers_hash(ommers: Sequence[Header]) -> Hash32:
    """keccak of the RLP list of the ommers' headers."""
    if not ommers:
        return EMPTY_OMMERS_HASH
    return Hash32(keccak(encode_item([_header_items(ommer) for ommer in ommers])))


def _header_items(header: Header) -> list[Item]:
    values = [getattr(header, field.name) for field in fields(header)]
    while values[-1] is None:
        values.pop()
    assert None not in values, "a later fork's header field without an earlier one's"
    return values


def _withdrawal_item(withdrawal: Withdrawal) -> list[Item]:
    return [withdrawal.index, withdrawal.validator_index, withdrawal.address, withdrawal.amount]


def _transaction_item(transaction: Transaction) -> Decoded:
    # A legacy transaction stands in the body as the list itself, not as a string around it.
    return decode_item(transaction.encoded) if transaction.type == 0 else transaction.encoded


def _decoded(encoded: bytes) -> Decoded:
    try:
        return decode_item(encoded)
    except NotRlp as error:
        raise UndecodableBlock(f"rlp: {error}") from None


def _transaction(item: Decoded, known: KnownTransaction) -> Transaction:
    if isinstance(item, bytes) and item[:1] >= b"\xc0":
        raise UndecodableBlock("a legacy transaction wrapped in a string")
    try:
        encoded = item if isinstance(item, bytes) else encode_item(item)
        return known(Hash32(keccak(encoded))) or decode_transaction(encoded)
    except UndecodableTransaction as error:
        raise UndecodableBlock(f"transaction: {error}") from error


def _withdrawals(item: Decoded) -> tuple[Withdrawal, ...]:
    return tuple(_withdrawal(entry) for entry in _list("withdrawals", item))


def _slashed(item: Decoded) -> tuple[Withdrawal, ...]:
    # One block has one encoding: without entries the list is left out.
    entries = _withdrawals(item)
    if not entries:
        raise UndecodableBlock("slashed: an empty list")
    return entries


def _withdrawal(item: Decoded) -> Withdrawal:
    entry = _list("withdrawal", item)
    if len(entry) != 4:
        raise UndecodableBlock(f"withdrawal of {len(entry)} fields, expected 4")
    return Withdrawal(
        index=_integer("withdrawal index", entry[0], 64),
        validator_index=_integer("validator index", entry[1], 64),
        address=Address(_sized("withdrawal address", entry[2], 20)),
        amount=_integer("withdrawal amount", entry[3], 64),
    )


def _header(item: Decoded) -> Header:
    items = _list("header", item)
    if not MANDATORY_FIELD_COUNT <= len(items) <= len(_HEADER_READERS):
        raise UndecodableBlock(f"header of {len(items)} fields")
    values: dict[str, Any] = {
        name: read(name, value) for (name, read), value in zip(_HEADER_READERS, items, strict=False)
    }
    return Header(**values)


def _list(name: str, item: Decoded) -> list[Decoded]:
    if not isinstance(item, list):
        raise UndecodableBlock(f"{name}: expected a list")
    return item


def _bytes(name: str, item: Decoded) -> bytes:
    if not isinstance(item, bytes):
        raise UndecodableBlock(f"{name}: expected a string")
    return item


def _sized(name: str, item: Decoded, size: int) -> bytes:
    value = _bytes(name, item)
    if len(value) != size:
        raise UndecodableBlock(f"{name}: {len(value)} bytes, expected {size}")
    return value


def _integer(name: str, item: Decoded, bits: int) -> int:
    digits = _bytes(name, item)
    if digits[:1] == b"\0" or len(digits) * 8 > bits:
        raise UndecodableBlock(f"{name}: not an integer of at most {bits} bits")
    return int.from_bytes(digits, "big")


def _hash(name: str, item: Decoded) -> Hash32:
    return Hash32(_sized(name, item, 32))


def _uint64(name: str, item: Decoded) -> int:
    return _integer(name, item, 64)


def _uint256(name: str, item: Decoded) -> int:
    return _integer(name, item, 256)


_HEADER_READERS: Final[tuple[tuple[str, Callable[[str, Decoded], Any]], ...]] = (
    ("parent_hash", _hash),
    ("ommers_hash", _hash),
    ("coinbase", lambda name, item: Address(_sized(name, item, 20))),
    ("state_root", _hash),
    ("transactions_root", _hash),
    ("receipts_root", _hash),
    ("bloom", lambda name, item: _sized(name, item, 256)),
    ("difficulty", _uint256),
    ("number", _uint64),
    ("gas_limit", _uint64),
    ("gas_used", _uint64),
    ("timestamp", _uint64),
    ("extra_data", _bytes),
    ("mix_hash", _hash),
    ("nonce", lambda name, item: _sized(name, item, 8)),
    ("base_fee", _uint256),
    ("withdrawals_root", _hash),
    ("blob_gas_used", _uint64),
    ("excess_blob_gas", _uint64),
    ("parent_beacon_block_root", _hash),
    ("requests_hash", _hash),
)
