"""Takes transactions from wallets and peers into the pool, and answers what the pool holds.

Decoding and sender recovery run on threads of their own, apart from the one that executes blocks,
so that a heavy block does not hold up wallets. One lock guards the pool.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import trio
from eth_typing import Address, Hash32

from chain.blocks import Header
from chain.candidates import Candidates
from chain.engine import AccountChange
from chain.errors import ChainError, InvalidSignature, UndecodableTransaction
from chain.pool_refusals import AlreadyKnown
from chain.pooled_transaction import PooledTransaction
from chain.transaction_pool import TransactionPool
from chain.transactions import (
    Transaction,
    authorities,
    decode_transaction,
)
from node.local_socket import Accepted, PoolContent, Refused, SubmitResult
from node.sender_recovery import SenderRecovery

WAITING_BATCHES_MAX = 64
"""Batches of transactions from peers that wait for the thread; more are dropped, as gossip may be."""
BROADCAST_AGAIN_S = 5.0
"""A transaction of our own users that is still pending after this time is gossiped again."""

logger = logging.getLogger("zerog.pool")


class TransactionIntake:
    """The pool behind its lock, and the thread that fills it."""

    def __init__(
        self,
        pool: TransactionPool,
        on_pending: Callable[[Sequence[PooledTransaction]], None] = lambda pending: None,
    ) -> None:
        """`on_pending` is told, on the event loop, what can be in the next block from now on."""
        self._pool, self._on_pending = pool, on_pending
        self._lock = threading.Lock()
        self._thread = trio.CapacityLimiter(1)
        self._recover = SenderRecovery()
        self._waiting_batches = 0
        self._own: dict[Hash32, float] = {}

    async def submit(self, encoded: Sequence[bytes]) -> list[SubmitResult]:
        """Transactions of our own users, in order; one result each."""
        results, pending = await trio.to_thread.run_sync(
            self._submit_all, encoded, limiter=self._thread
        )
        self._on_pending(pending)
        return results

    async def take_from_peer(self, encoded: Sequence[bytes]) -> Sequence[bytes] | None:
        """Transactions that a peer gossiped: those not taken; None where one cannot even be decoded.

        A refusal by the pool is nobody's fault: the peer's pool may see another head. Told again, the
        transaction may be welcome.
        """
        if self._waiting_batches >= WAITING_BATCHES_MAX:
            return encoded
        self._waiting_batches += 1
        try:
            not_taken, pending = await trio.to_thread.run_sync(
                self._take_all, encoded, limiter=self._thread
            )
        finally:
            self._waiting_batches -= 1
        self._on_pending(pending)
        return not_taken

    def candidates(self, base_fee: int) -> Candidates:
        """For the block that is to be built at that base fee, in wei a gas."""
        with self._lock:
            return self._pool.candidates(base_fee)

    def senders_of(self, transactions: Sequence[Transaction]) -> list[Address | None]:
        """From the pool where they are known, so that no signature is recovered twice.

        None where a signature is invalid.
        """
        pooled = [self._pool.get(transaction.hash) for transaction in transactions]
        unknown = [one for one, known in zip(transactions, pooled, strict=True) if known is None]
        recovered = iter(self._recover(unknown))
        return [next(recovered) if known is None else known.sender for known in pooled]

    def known_transaction(self, transaction_hash: Hash32) -> Transaction | None:
        """From the pool, so that nothing is decoded twice."""
        pooled = self._pool.get(transaction_hash)
        return None if pooled is None else pooled.transaction

    def on_new_head(self, head: Header, changes: Iterable[AccountChange]) -> None:
        """Drop what the block used."""
        with self._lock:
            self._pool.on_new_head(head, changes, time.monotonic())
            self._own = {key: at for key, at in self._own.items() if self._pool.get(key)}

    def due_again(self) -> list[bytes]:
        """Own users' transactions that have been pending for long: gossip may have lost them."""
        now = time.monotonic()
        with self._lock:
            due = [key for key, at in self._own.items() if now - at >= BROADCAST_AGAIN_S]
            self._own |= dict.fromkeys(due, now)
            found = [self._pool.get(key) for key in due]
            return [pooled.transaction.encoded for pooled in found if pooled is not None]

    def pending_nonce(self, address: Address) -> int:
        """The account's next nonce behind its pending transactions."""
        with self._lock:
            return self._pool.pending_nonce(address)

    def pending_transaction(self, transaction_hash: Hash32) -> bytes | None:
        """The encoded transaction, pending or queued."""
        pooled = self._pool.get(transaction_hash)
        return None if pooled is None else pooled.transaction.encoded

    def content(self) -> PoolContent:
        """All pending, then all queued transactions, encoded."""
        with self._lock:
            content = self._pool.content()
        return PoolContent(
            [p.transaction.encoded for many in content.pending.values() for p in many],
            [p.transaction.encoded for many in content.queued.values() for p in many],
        )

    @property
    def counts(self) -> tuple[int, int]:
        """Pending and queued."""
        return self._pool.pending_count, self._pool.queued_count

    def _submit_all(
        self, encoded: Sequence[bytes]
    ) -> tuple[list[SubmitResult], list[PooledTransaction]]:
        pending: list[PooledTransaction] = []
        decoded = [_decoded(item) for item in encoded]
        transactions = [item for item in decoded if isinstance(item, Transaction)]
        senders = iter(self.senders_of(transactions))
        results: list[SubmitResult] = []
        for item in decoded:
            if isinstance(item, UndecodableTransaction):
                results.append(Refused(str(item)))
            else:
                results.append(self._submit(item, next(senders), pending))
        return results, pending

    def _submit(
        self, transaction: Transaction, sender: Address | None, pending: list[PooledTransaction]
    ) -> SubmitResult:
        try:
            pending += self._admit(transaction, sender, self._pool.submit)
        except ChainError as error:
            return Refused(str(error))
        with self._lock:
            self._own[transaction.hash] = time.monotonic()
        return Accepted(transaction.hash)

    def _take_all(
        self, encoded: Sequence[bytes]
    ) -> tuple[list[bytes] | None, list[PooledTransaction]]:
        pending: list[PooledTransaction] = []
        not_taken: list[bytes] = []
        transactions: list[Transaction] = []
        with suppress(UndecodableTransaction):
            for item in encoded:
                transactions.append(decode_transaction(item))
        for transaction, sender in zip(transactions, self.senders_of(transactions), strict=True):
            try:
                pending += self._admit(transaction, sender, self._pool.add)
            except AlreadyKnown:
                continue
            except ChainError as error:
                logger.debug("not taken from a peer: %s", error)
                not_taken.append(transaction.encoded)
        return not_taken if len(transactions) == len(encoded) else None, pending

    def _admit(
        self,
        transaction: Transaction,
        sender: Address | None,
        add: Callable[..., tuple[PooledTransaction, ...]],
    ) -> tuple[PooledTransaction, ...]:
        if self._pool.get(transaction.hash) is not None:
            raise AlreadyKnown
        if sender is None:
            raise InvalidSignature
        signed_by = authorities(transaction.authorization_list)
        with self._lock:
            return add(transaction, sender, time.monotonic(), signed_by)


def _decoded(encoded: bytes) -> Transaction | UndecodableTransaction:
    try:
        return decode_transaction(encoded)
    except UndecodableTransaction as error:
        return error
