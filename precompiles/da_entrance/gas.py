"""What the entrance's work costs, on top of `contract.CALL_GAS` and of the words of the input.

Prices of what stays in the state or in the receipts are the EVM's; the others are measured times at the
rate of precompiles 0x06 to 0x08. The derivation is docs/da-entrance-gas.md.
"""

from typing import Final

SLOT_READ: Final = 200
"""A slot, the first time that a call needs it."""
SLOT_SET: Final = 20_000
SLOT_CHANGE: Final = 2_900
"""At the end of a call, for a slot that it changed (EIP-2200, EIP-2929)."""
SLOT_CLEAR: Final = 600
"""For a slot set to zero: the EVM's 2,900 less most of its refund of 4,800 (EIP-3529)."""
LOG: Final = 375
LOG_TOPIC: Final = 375
LOG_BYTE: Final = 8
"""As the EVM's LOG."""
TRANSFER: Final = 9_000
"""Value that leaves the account, as a CALL with value."""
HASH: Final = 30
HASH_WORD: Final = 6
"""As the EVM's KECCAK256."""

EPOCH_CHECK: Final = 600
"""Ask DASigners for its epoch and whether that is over."""
EPOCH_MADE: Final = 100_000
"""DASigners' own price of makeEpoch (facts §1a)."""
ROUND: Final = 300
"""A sampling round that is rolled, its log apart."""
IDLE_ROUND: Final = 60
"""A round that was asked for and is not due."""

QUORUM: Final = 600
QUORUM_ROW: Final = 45
"""A row of a quorum, whether it has signed or not."""
SIGNER: Final = 270
"""A distinct signer among the rows that have signed: its key read and added."""
HASH_TO_CURVE_TRY: Final = 1_500
"""One candidate for the message point: a power in the field."""
POINT_MULTIPLIED: Final = 6_000
POINT_ADDED: Final = 150
PAIRING_OF_TWO: Final = 113_000
"""Precompiles 0x06 to 0x08 (EIP-1108)."""


def slot_written(before: int, after: int) -> int:
    """One slot whose value changed."""
    if not before:
        return SLOT_SET
    return SLOT_CHANGE if after else SLOT_CLEAR


def hashing(data_bytes: int) -> int:
    """One hash of so many bytes."""
    return HASH + HASH_WORD * -(-data_bytes // 32)


def log(topics: int, data_bytes: int) -> int:
    """One log."""
    return LOG + LOG_TOPIC * topics + LOG_BYTE * data_bytes
