"""Several encoded transactions in one message, unchecked but for their number and size."""

from dataclasses import dataclass

from consensus.errors import Undecodable
from consensus.recursive_length_prefix import decode, encode

TRANSACTION_BYTES_MAX = 128 * 1024
"""geth's txMaxSize."""
TRANSACTIONS_PER_MESSAGE_MAX = 4_096


@dataclass(frozen=True, slots=True)
class TransactionBatch:
    """Encoded transactions, as a peer sends them."""

    transactions: tuple[bytes, ...]


def encode_transactions(batch: TransactionBatch) -> bytes:
    """RLP list."""
    return encode(batch.transactions)


def decode_transactions(data: bytes) -> tuple[bytes, ...]:
    """Raises `Undecodable`."""
    item = decode(data)
    if isinstance(item, bytes) or not 0 < len(item) <= TRANSACTIONS_PER_MESSAGE_MAX:
        raise Undecodable(f"expected a list of 1 to {TRANSACTIONS_PER_MESSAGE_MAX} transactions")
    transactions: list[bytes] = []
    for part in item:
        if not isinstance(part, bytes) or not 0 < len(part) <= TRANSACTION_BYTES_MAX:
            raise Undecodable(f"a transaction has 1 to {TRANSACTION_BYTES_MAX} bytes")
        transactions.append(part)
    return tuple(transactions)
