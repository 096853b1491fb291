"""Where a traced transaction stands; a message that is only tried out stands in no block."""

from dataclasses import dataclass

from eth_typing import Hash32


@dataclass(frozen=True, slots=True)
class TraceContext:
    """None where there is no such place."""

    block_number: int = 0
    block_hash: Hash32 | None = None
    transaction_hash: Hash32 | None = None
    transaction_index: int = 0
    first_log_index: int = 0
    """How many logs of the block come before the transaction's."""
