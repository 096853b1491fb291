"""Which transactions came from this node's own users, and are in no block yet.

They are told to peers again when they wait long, taken into the pool again when it let them go, and kept
over a restart (go-ethereum core/txpool/locals).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from eth_typing import Address, Hash32

from chain.transactions import Transaction

OWN_MAX: Final = 16_384
"""Transactions looked after; beyond it the oldest are as anybody's."""
MISSING_BYTES_MAX: Final = 64 * 2**20
"""Of those that the pool has no more; the pool itself bounds the others."""
BROADCAST_AGAIN_S: Final = 5.0
"""A transaction that is still pending after this time is gossiped again."""

IsPooled = Callable[[Hash32], bool]


@dataclass(slots=True)
class _Own:
    transaction: Transaction
    sender: Address
    since_s: float
    told_s: float


class OwnTransactions:
    """Not for several threads at once. Times are seconds of one clock that goes forward."""

    def __init__(self, lifetime_s: float) -> None:
        """`lifetime_s`: how long one that the pool refuses again and again is offered to it."""
        self._lifetime_s = lifetime_s
        self._pooled: dict[Hash32, _Own] = {}
        self._missing: dict[Hash32, _Own] = {}
        """The pool has them no more: in a block, or let go."""

    def __len__(self) -> int:
        return len(self._pooled) + len(self._missing)

    def add(self, transaction: Transaction, sender: Address, now_s: float) -> None:
        """The pool took it."""
        known = self._missing.pop(transaction.hash, None)
        since_s = now_s if known is None else known.since_s
        self._pooled[transaction.hash] = _Own(transaction, sender, since_s, now_s)
        if len(self._pooled) > OWN_MAX:
            del self._pooled[next(iter(self._pooled))]

    def on_new_head(self, is_pooled: IsPooled) -> None:
        """Look where those are that the pool has no more."""
        for key in [key for key in self._pooled if not is_pooled(key)]:
            self._missing[key] = self._pooled.pop(key)
        size = sum(len(own.transaction.encoded) for own in self._missing.values())
        while len(self._missing) > OWN_MAX or size > MISSING_BYTES_MAX:
            oldest = self._missing.pop(next(iter(self._missing)))
            size -= len(oldest.transaction.encoded)

    def due_again(self, now_s: float) -> list[bytes]:
        """Those to be told to peers again, encoded."""
        due = [own for own in self._pooled.values() if now_s - own.told_s >= BROADCAST_AGAIN_S]
        for own in due:
            own.told_s = now_s
        return [own.transaction.encoded for own in due]

    def missing(self, now_s: float) -> list[tuple[Transaction, Address]]:
        """Those that the pool may be offered again, with their senders; older ones are given up."""
        oldest_s = now_s - self._lifetime_s
        self._missing = {key: own for key, own in self._missing.items() if own.since_s >= oldest_s}
        return [(own.transaction, own.sender) for own in self._missing.values()]

    def forget(self, transaction_hash: Hash32) -> None:
        """A block has it."""
        self._missing.pop(transaction_hash, None)

    def kept(self) -> list[bytes]:
        """All that wait for a block, encoded, in the order of their coming."""
        owns = sorted(
            (*self._pooled.values(), *self._missing.values()), key=lambda own: own.since_s
        )
        return [own.transaction.encoded for own in owns]
