"""What questions about the chain are answered with: plain values and the place they have on chain."""

from dataclasses import dataclass
from enum import Enum

from eth_typing import Address, Hash32

from chain.blocks import Header
from chain.engine import Log, Receipt, Withdrawal
from chain.transactions import Transaction


class BlockTag(Enum):
    """Names for blocks; finality is instant, so latest, safe and finalized are one block."""

    LATEST = "latest"
    SAFE = "safe"
    FINALIZED = "finalized"
    EARLIEST = "earliest"
    PENDING = "pending"
    """The latest block as well: the next one exists only once it is decided."""


BlockReference = int | bytes | BlockTag
"""A number, a 32-byte hash or a tag."""


@dataclass(frozen=True, slots=True)
class BlockOutline:
    """A block whose transactions are known by their hashes alone."""

    header: Header
    transaction_hashes: tuple[Hash32, ...]
    ommers: tuple[Header, ...]
    withdrawals: tuple[Withdrawal, ...] | None
    """None before Shanghai."""
    slashed: tuple[Withdrawal, ...]
    size: int
    """Bytes of the whole block's encoding."""


@dataclass(frozen=True, slots=True)
class PlacedTransaction:
    """A transaction in its block."""

    transaction: Transaction
    sender: Address
    block_hash: Hash32
    block_number: int
    block_timestamp: int
    """Seconds."""
    index: int
    base_fee: int | None
    """Wei a gas, of the block."""


@dataclass(frozen=True, slots=True)
class PlacedReceipt:
    """A receipt, its transaction and where both are."""

    receipt: Receipt
    placed: PlacedTransaction
    first_log_index: int
    """How many logs of the block come before this receipt's."""
    blob_gas_price: int | None
    """Wei a blob gas in that block; None before Cancun."""


@dataclass(frozen=True, slots=True)
class PlacedLog:
    """A log and where it is on chain."""

    log: Log
    block_hash: Hash32
    block_number: int
    block_timestamp: int
    """Seconds."""
    transaction_hash: Hash32
    transaction_index: int
    log_index: int
    """In the block."""


@dataclass(frozen=True, slots=True)
class FeeHistory:
    """What eth_feeHistory answers; all sequences ascend by block."""

    oldest_block: int
    base_fees: tuple[int, ...]
    """Wei a gas; one more than blocks: the last is the next block's."""
    gas_used_ratios: tuple[float, ...]
    blob_base_fees: tuple[int, ...]
    """Wei a blob gas; one more than blocks."""
    blob_gas_used_ratios: tuple[float, ...]
    rewards: tuple[tuple[int, ...], ...] | None
    """For each block, tips in wei a gas at the asked percentiles; None where none were asked."""
