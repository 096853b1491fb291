"""What the Flow's own work costs, beside slots, logs and hashes (`precompiles.solidity.prices`).

The derivation is docs/storage-flow-gas.md.
"""

from typing import Final

SUBMISSION: Final = 600
"""A submission, beside its hashes, slots, log and fee."""
LEVEL: Final = 60
"""A level of the tree that is gone through: a hash of two nodes, and where it goes."""
CONTEXT: Final = 600
"""A context made, beside its slots and its log."""
BLOCK_HASH: Final = 20
"""Of the last 256 blocks, as the EVM's BLOCKHASH; an older one is read from a slot."""
HISTORY_STEP: Final = 60
"""An entry of the history of ranges or roots that is looked at, beside its slots."""
