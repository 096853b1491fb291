"""A transaction in the pool, and the order in which senders offer theirs to a block."""

from dataclasses import dataclass, field
from typing import Final

from eth_typing import Address, Hash32

from chain.transactions import Transaction

SLOT_BYTES: Final = 32 * 1024
"""Limits count slots: a transaction takes one for each begun 32 KiB (geth)."""


@dataclass(frozen=True, slots=True)
class PooledTransaction:
    """A transaction with what the pool needs to know of it again and again."""

    transaction: Transaction
    sender: Address
    arrival: int
    """Counts up: a lower number came earlier."""
    authorities: tuple[Address, ...] = ()
    """Accounts whose code its authorizations would set (EIP-7702)."""
    cost: int = field(init=False)
    """Wei: the most that it can take from the sender."""
    slots: int = field(init=False)

    def __post_init__(self) -> None:
        transaction = self.transaction
        cost = transaction.gas_limit * transaction.max_fee_per_gas + transaction.value
        object.__setattr__(self, "cost", cost)
        object.__setattr__(self, "slots", -(-len(transaction.encoded) // SLOT_BYTES))

    @property
    def hash(self) -> Hash32:
        return self.transaction.hash

    @property
    def nonce(self) -> int:
        return self.transaction.nonce

    def effective_tip(self, base_fee: int) -> int:
        """Wei a gas for the proposer at that base fee; negative where the fee cap is below it."""
        transaction = self.transaction
        return min(transaction.max_priority_fee_per_gas, transaction.max_fee_per_gas - base_fee)

    def outbids(self, other: "PooledTransaction", bump_percent: int) -> bool:
        """Whether it may replace `other`: both caps higher, and by the bump at least (geth)."""
        mine, theirs = self.transaction, other.transaction
        return _is_bumped(
            mine.max_fee_per_gas, theirs.max_fee_per_gas, bump_percent
        ) and _is_bumped(
            mine.max_priority_fee_per_gas, theirs.max_priority_fee_per_gas, bump_percent
        )


def _is_bumped(new: int, old: int, bump_percent: int) -> bool:
    return new > old and new >= old * (100 + bump_percent) // 100
