"""One sender's transactions in the pool: which can run now, which wait behind a nonce gap."""

from eth_typing import Address

from chain.pooled_transaction import PooledTransaction


class SenderTransactions:
    """Pending are those whose nonces follow the account's without a gap; the others are queued."""

    def __init__(self, address: Address, nonce: int, balance: int, has_code: bool) -> None:
        self.address = address
        self.nonce = nonce
        """Of the account at the head: the first pending transaction's."""
        self.balance = balance
        self.has_code = has_code
        """An account with code sends by delegation (EIP-7702)."""
        self.heartbeat_s = 0.0
        """When something last became pending; queued ones are dropped when it is long ago."""
        self.pending_count = 0
        self.pending_cost = 0
        """Wei."""
        self._by_nonce: dict[int, PooledTransaction] = {}

    def __len__(self) -> int:
        return len(self._by_nonce)

    @property
    def queued_count(self) -> int:
        return len(self._by_nonce) - self.pending_count

    @property
    def next_nonce(self) -> int:
        """The first nonce that no pending transaction takes."""
        return self.nonce + self.pending_count

    def at(self, nonce: int) -> PooledTransaction | None:
        return self._by_nonce.get(nonce)

    def is_pending(self, nonce: int) -> bool:
        return self.nonce <= nonce < self.next_nonce

    def pending(self) -> tuple[PooledTransaction, ...]:
        """By nonce."""
        return tuple(self._by_nonce[nonce] for nonce in range(self.nonce, self.next_nonce))

    def queued(self) -> tuple[PooledTransaction, ...]:
        """By nonce."""
        waiting = [nonce for nonce in self._by_nonce if nonce >= self.next_nonce]
        return tuple(self._by_nonce[nonce] for nonce in sorted(waiting))

    def is_gapped(self, nonce: int) -> bool:
        """Whether a transaction with that nonce would have to wait."""
        return nonce > self.next_nonce

    def put(self, pooled: PooledTransaction) -> tuple[PooledTransaction, ...]:
        """Add or replace; answers what became pending by it."""
        replaced = self._by_nonce.get(pooled.nonce)
        self._by_nonce[pooled.nonce] = pooled
        if replaced is not None and self.is_pending(pooled.nonce):
            self.pending_cost += pooled.cost - replaced.cost
            return (pooled,)
        return self._promote()

    def remove(self, nonce: int) -> PooledTransaction:
        """Take one out; the pending ones behind it become queued."""
        removed = self._by_nonce.pop(nonce)
        if self.is_pending(nonce):
            self._count_pending()
        return removed

    def move_to(self, nonce: int, balance: int, has_code: bool) -> tuple[PooledTransaction, ...]:
        """Follow the account at a new head; answers what was dropped: used up or unpayable."""
        self.nonce, self.balance, self.has_code = nonce, balance, has_code
        dropped = tuple(
            pooled
            for pooled in self._by_nonce.values()
            if pooled.nonce < nonce or pooled.cost > balance
        )
        for pooled in dropped:
            del self._by_nonce[pooled.nonce]
        self._count_pending()
        return dropped

    def _count_pending(self) -> None:
        self.pending_count, self.pending_cost = 0, 0
        self._promote()

    def _promote(self) -> tuple[PooledTransaction, ...]:
        promoted = []
        while (pooled := self._by_nonce.get(self.next_nonce)) is not None:
            self.pending_count += 1
            self.pending_cost += pooled.cost
            promoted.append(pooled)
        return tuple(promoted)
