"""EIP-6110: deposits out of the deposit contract's logs."""

from collections.abc import Iterable
from typing import Final

from eth_typing import Address

from chain.engine import Log
from chain.errors import RequestsInvalid

DEPOSIT_REQUEST_TYPE: Final = b"\x00"
DEPOSIT_EVENT_TOPIC: Final = bytes.fromhex(
    "649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5"
)
DEPOSIT_DATA_SIZE: Final = 576
_FIELDS: Final = ((192, 48), (288, 32), (352, 8), (416, 96), (544, 8))
"""Offset and size in the log's data: public key, credentials, amount, signature, index."""


def deposit_request(logs: Iterable[Log], contract: Address) -> bytes | None:
    """All deposits as one request, type byte first; None where there are none.

    Raises `RequestsInvalid` for an event that the deposit contract cannot have made.
    """
    deposits = [
        _deposit(log.data)
        for log in logs
        if log.address == contract and log.topics[:1] == (DEPOSIT_EVENT_TOPIC,)
    ]
    return DEPOSIT_REQUEST_TYPE + b"".join(deposits) if deposits else None


def _deposit(data: bytes) -> bytes:
    if len(data) != DEPOSIT_DATA_SIZE:
        raise RequestsInvalid(f"deposit wrong length: want {DEPOSIT_DATA_SIZE}, have {len(data)}")
    return b"".join(data[offset : offset + size] for offset, size in _FIELDS)
