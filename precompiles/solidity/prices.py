"""Gas of what every contract of ours does: slots, logs, hashes, transfers; docs/da-entrance-gas.md says why.

Prices of what stays in the state or in the receipts are the EVM's; a slot's reading is a measured time.
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
