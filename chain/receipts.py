"""Receipts and logs: consensus encoding, bloom filter, stored form, requests hash."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, Final, cast

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.engine import Log, Receipt
from chain.rlp_items import Item, decode_item, encode_item, encode_list_of

_NO_LOGS: Final = encode_item(bytes(256)) + encode_item([])
"""Bloom and logs, encoded: what most receipts end with."""


def bloom_of(logs: Iterable[Log]) -> bytes:
    """The 256-byte filter over the addresses and topics of `logs` (Yellow Paper 4.3.1)."""
    bits = 0
    for log in logs:
        bits |= bloom_bits(log.address)
        for topic in log.topics:
            bits |= bloom_bits(topic)
    return bits.to_bytes(256, "big")


def bloom_bits(value: bytes) -> int:
    """The three bits of one address or topic, as a number of 2048 bits."""
    digest = keccak(value)
    return (
        1 << ((digest[0] << 8 | digest[1]) & 2047)
        | 1 << ((digest[2] << 8 | digest[3]) & 2047)
        | 1 << ((digest[4] << 8 | digest[5]) & 2047)
    )


def encode_receipt(receipt: Receipt) -> bytes:
    """The consensus form: type byte unless legacy ‖ RLP of [status or root, gas, bloom, logs] (EIP-2718)."""
    outcome = receipt.post_state if receipt.post_state is not None else receipt.succeeded
    logs = _NO_LOGS
    if receipt.logs:
        logs = encode_item(bloom_of(receipt.logs))
        logs += encode_item([_log_item(log) for log in receipt.logs])
    first = encode_item(int(outcome) if isinstance(outcome, bool) else outcome)
    body = encode_list_of(first + encode_item(receipt.cumulative_gas_used) + logs)
    return bytes((receipt.type,)) + body if receipt.type else body


def requests_hash(requests: Sequence[bytes]) -> Hash32:
    """EIP-7685: sha256 over the sha256 of each request that has data, type byte first."""
    digests = b"".join(sha256(request).digest() for request in requests if len(request) > 1)
    return Hash32(sha256(digests).digest())


def encode_stored_receipts(receipts: Sequence[Receipt]) -> bytes:
    """A block's receipts as we keep them; `output` and `error` are not kept."""
    return encode_item([_stored_item(receipt) for receipt in receipts])


def decode_stored_receipts(encoded: bytes) -> tuple[Receipt, ...]:
    """The inverse of `encode_stored_receipts`, of our own bytes only."""
    return tuple(_stored_receipt(item) for item in cast(list[Any], decode_item(encoded)))


def _log_item(log: Log) -> list[Item]:
    return [log.address, list(log.topics), log.data]


def _stored_item(receipt: Receipt) -> list[Item]:
    return [
        receipt.type,
        int(receipt.succeeded),
        receipt.gas_used,
        receipt.cumulative_gas_used,
        [_log_item(log) for log in receipt.logs],
        receipt.contract_address or b"",
        receipt.effective_gas_price,
        receipt.blob_gas_used,
        receipt.post_state or b"",
    ]


def _stored_receipt(item: list[Any]) -> Receipt:
    kind, succeeded, gas_used, cumulative, logs, created, price, blob_gas, post_state = item
    return Receipt(
        type=_number(kind),
        succeeded=bool(succeeded),
        gas_used=_number(gas_used),
        cumulative_gas_used=_number(cumulative),
        logs=tuple(
            Log(Address(address), tuple(Hash32(topic) for topic in topics), data)
            for address, topics, data in logs
        ),
        contract_address=Address(created) if created else None,
        effective_gas_price=_number(price),
        blob_gas_used=_number(blob_gas),
        output=b"",
        error=None,
        post_state=Hash32(post_state) if post_state else None,
    )


def _number(digits: bytes) -> int:
    return int.from_bytes(digits, "big")
