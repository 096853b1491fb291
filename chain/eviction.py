"""Whom the pool lets go when it is full: the cheapest, the greediest, the longest idle."""

import heapq
from collections.abc import Iterable, Iterator, Mapping

from eth_typing import Hash32

from chain.pooled_transaction import PooledTransaction
from chain.sender_transactions import SenderTransactions

_Price = tuple[int, int, int, int]


class EvictionOrder:
    """The pool's transactions, cheapest first, at one base fee (wei a gas).

    Removed ones are skipped when they come up: `listed` is the pool's own table.
    """

    def __init__(self, listed: Mapping[Hash32, PooledTransaction], base_fee: int) -> None:
        self._listed, self._base_fee = listed, base_fee
        self._heap = [(self._price(pooled), pooled.hash) for pooled in listed.values()]
        heapq.heapify(self._heap)

    def push(self, pooled: PooledTransaction) -> None:
        heapq.heappush(self._heap, (self._price(pooled), pooled.hash))

    def is_above_cheapest(self, pooled: PooledTransaction) -> bool:
        """Whether it pays more than the cheapest one (geth's order without the nonce)."""
        self._skip_removed()
        return not self._heap or self._price(pooled)[:3] > self._heap[0][0][:3]

    def cheapest(self, slots: int) -> list[PooledTransaction]:
        """The cheapest ones that free so many slots at least; they stay listed."""
        chosen = []
        while slots > 0:
            self._skip_removed()
            if not self._heap:
                break
            pooled = self._listed[heapq.heappop(self._heap)[1]]
            chosen.append(pooled)
            slots -= pooled.slots
        for pooled in chosen:
            self.push(pooled)
        return chosen

    def _price(self, pooled: PooledTransaction) -> _Price:
        transaction = pooled.transaction
        return (
            pooled.effective_tip(self._base_fee),
            transaction.max_fee_per_gas,
            transaction.max_priority_fee_per_gas,
            -pooled.nonce,
        )

    def _skip_removed(self) -> None:
        while self._heap and self._heap[0][1] not in self._listed:
            heapq.heappop(self._heap)


def senders_over_pending(
    senders: Iterable[SenderTransactions], kept: int, excess: int
) -> Iterator[SenderTransactions]:
    """Who gives up a pending transaction, in turn: whoever has most, nobody below `kept`.

    The caller takes the last one from each sender as it is named. Between equals the lower address
    gives first, so that equal pools stay equal.
    """
    by_address = {sender.address: sender for sender in senders if sender.pending_count > kept}
    heap = [(-sender.pending_count, address) for address, sender in by_address.items()]
    heapq.heapify(heap)
    for _ in range(excess):
        if not heap:
            return
        negative_count, address = heap[0]
        yield by_address[address]
        if -negative_count - 1 > kept:
            heapq.heapreplace(heap, (negative_count + 1, address))
        else:
            heapq.heappop(heap)


def longest_queued(
    senders: Iterable[SenderTransactions], excess: int
) -> Iterator[PooledTransaction]:
    """As many queued transactions as are too many: longest idle senders first, their last ones first."""
    waiting = [sender for sender in senders if sender.queued_count]
    for sender in sorted(waiting, key=lambda sender: (sender.heartbeat_s, sender.address)):
        for pooled in reversed(sender.queued()):
            if excess == 0:
                return
            yield pooled
            excess -= 1
