"""The pool's offer to one block: best effective tip first, each sender's in nonce order.

A copy: the pool may go on while a block is built from it, also in another thread.
"""

import heapq
from collections.abc import Iterable, Sequence

from chain.pooled_transaction import PooledTransaction


class Candidates:
    """Take `best()`, then `advance()` to that sender's next, or `drop_sender()`."""

    def __init__(
        self, senders: Iterable[Sequence[PooledTransaction]], base_fee: int, minimum_tip: int = 0
    ) -> None:
        """`senders`: for each its transactions in nonce order without a gap; prices in wei a gas."""
        self._base_fee, self._minimum_tip = base_fee, minimum_tip
        self._heap = [
            entry for offered in senders if (entry := self._entry(offered, 0)) is not None
        ]
        heapq.heapify(self._heap)

    def best(self) -> PooledTransaction | None:
        """The one to try next; earlier arrival wins between equal tips."""
        if not self._heap:
            return None
        _, _, place, offered = self._heap[0]
        return offered[place]

    def advance(self) -> None:
        """The best one is done with; its sender's next takes part."""
        _, _, place, offered = self._heap[0]
        entry = self._entry(offered, place + 1)
        if entry is None:
            heapq.heappop(self._heap)
        else:
            heapq.heapreplace(self._heap, entry)

    def drop_sender(self) -> None:
        """The best one cannot be in this block, so neither can those behind it."""
        heapq.heappop(self._heap)

    def _entry(
        self, offered: Sequence[PooledTransaction], place: int
    ) -> tuple[int, int, int, Sequence[PooledTransaction]] | None:
        if place == len(offered):
            return None
        tip = offered[place].effective_tip(self._base_fee)
        # Those behind it wait for it, whatever they pay.
        return (-tip, offered[place].arrival, place, offered) if tip >= self._minimum_tip else None
