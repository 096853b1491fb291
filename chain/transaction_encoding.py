"""Transactions become bytes: the inverse of `decode_transaction`, also for those that nobody signed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from eth_hash.auto import keccak
from eth_typing import Hash32

from chain.rlp_items import Item, encode_item
from chain.transactions import (
    ACCESS_LIST,
    BLOB,
    DYNAMIC_FEE,
    LEGACY,
    SET_CODE,
    Transaction,
)


def with_encoding(transaction: Transaction, signature: tuple[int, int, int]) -> Transaction:
    """The transaction with `encoded`, `hash` and `signing_hash` of its other fields.

    `signature` holds v (the parity in typed transactions), r and s as they are to be encoded; zeros
    are what geth encodes of a transaction that is not signed.
    """
    body = _BODIES[transaction.type](transaction)
    prefix = bytes((transaction.type,)) if transaction.type else b""
    to_sign = body if transaction.type else [*body, transaction.chain_id or 0, 0, 0]
    encoded = prefix + encode_item([*body, *signature])
    return replace(
        transaction,
        encoded=encoded,
        hash=Hash32(keccak(encoded)),
        signing_hash=Hash32(keccak(prefix + encode_item(to_sign))),
    )


def _legacy(transaction: Transaction) -> list[Item]:
    return [transaction.nonce, transaction.gas_price, *_message(transaction)]


def _with_access_list(transaction: Transaction) -> list[Item]:
    return [transaction.chain_id or 0, *_legacy(transaction), _access_list(transaction)]


def _fee_market(transaction: Transaction) -> list[Item]:
    return [
        transaction.chain_id or 0,
        transaction.nonce,
        transaction.max_priority_fee_per_gas,
        transaction.max_fee_per_gas,
        *_message(transaction),
        _access_list(transaction),
    ]


def _blob(transaction: Transaction) -> list[Item]:
    hashes: list[Item] = [*transaction.blob_versioned_hashes]
    return [*_fee_market(transaction), transaction.max_fee_per_blob_gas, hashes]


def _set_code(transaction: Transaction) -> list[Item]:
    authorizations: list[Item] = [
        [item.chain_id, item.address, item.nonce, item.y_parity, item.r, item.s]
        for item in transaction.authorization_list
    ]
    return [*_fee_market(transaction), authorizations]


def _message(transaction: Transaction) -> list[Item]:
    return [
        transaction.gas_limit,
        transaction.to or b"",
        transaction.value,
        transaction.data,
    ]


def _access_list(transaction: Transaction) -> Item:
    return [
        [address, [slot.to_bytes(32, "big") for slot in slots]]
        for address, slots in transaction.access_list
    ]


_BODIES: Final[dict[int, Callable[[Transaction], list[Item]]]] = {
    LEGACY: _legacy,
    ACCESS_LIST: _with_access_list,
    DYNAMIC_FEE: _fee_market,
    BLOB: _blob,
    SET_CODE: _set_code,
}
