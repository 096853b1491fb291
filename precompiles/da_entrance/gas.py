"""What the entrance's work costs, on top of `contract.CALL_GAS` and of the words of the input.

Prices of what stays in the state or in the receipts are the EVM's; the others are measured times at the
rate of precompiles 0x06 to 0x08. The derivation is docs/da-entrance-gas.md.
"""

from typing import Final

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
