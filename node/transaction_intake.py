"""Takes transactions from wallets and peers into the pool, and answers what the pool holds.

Decoding and sender recovery run on threads of their own, apart from the one that executes blocks,
so that a heavy block does not hold up wallets. One lock guards the pool.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

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
from node.own_transactions import OwnTransactions
from node.sender_recovery import SenderRecovery
from node.transaction_journal import TransactionJournal

WAITING_BATCHES_MAX = 64
"""Batches of transactions from peers that wait for the thread; more are dropped, as gossip may be."""
JOURNAL_SYNC_S = 1.0
"""How much of what our own users sent a power failure may cost; a killed process costs nothing."""
OFFER_AGAIN_S = 60.0
"""Between two offers of what the pool let go; geth's."""
_Result = TypeVar("_Result")

logger = logging.getLogger("zerog.pool")


class TransactionIntake:
    """The pool behind its lock, and the thread that fills it."""

    def __init__(
        self,
        pool: TransactionPool,
        on_pending: Callable[[Sequence[PooledTransaction]], None] = lambda pending: None,
        journal: TransactionJournal | None = None,
    ) -> None:
        """`on_pending` is told, on the event loop, what can be in the next block from now on.

        `journal` keeps what our own users sent over a restart.
        """
        self._pool, self._on_pending = pool, on_pending
        self._lock = threading.Lock()
        self._thread = trio.CapacityLimiter(1)
        self._recover = SenderRecovery()
        self._waiting_batches = 0
        self._own = OwnTransactions(pool.queued_lifetime_s)
        self._journal = journal

    async def submit(self, encoded: Sequence[bytes]) -> list[SubmitResult]:
        """Transactions of our own users, in order; one result each."""
        results, pending = await trio.to_thread.run_sync(
            self._submit_all, encoded, limiter=self._thread
        )
        self._on_pending(pending)
        return results

    async def load_own(self) -> None:
        """Take in what the journal holds, and write it anew without what is in blocks by now."""
        if self._journal is not None:
            self._on_pending(await self._on_thread(self._load_own))

    async def offer_own_again(self) -> None:
        """Offer the pool what it let go of our own users' and no block has."""
        self._on_pending(await self._on_thread(self._offer_own_again))

    async def sync_journal(self) -> None:
        """Back when what our own users sent is on disk."""
        if self._journal is not None:
            await self._on_thread(self._with_journal, self._journal.sync)

    @property
    def is_journal_due(self) -> bool:
        """Whether the journal is to be written anew before its time."""
        return self._journal is not None and self._journal.is_to_be_rotated

    async def rotate_journal(self) -> None:
        """Write the journal anew with those that wait for a block."""
        if self._journal is not None:
            await self._on_thread(self._rotate_journal)

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
            self._own.on_new_head(lambda key: self._pool.get(key) is not None)

    def due_again(self) -> list[bytes]:
        """Own users' transactions that have been pending for long: gossip may have lost them."""
        with self._lock:
            return self._own.due_again(time.monotonic())

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
        self._keep(
            [item for item, result in zip(encoded, results, strict=True) if _is_taken(result)]
        )
        return results, pending

    def _submit(
        self, transaction: Transaction, sender: Address | None, pending: list[PooledTransaction]
    ) -> SubmitResult:
        try:
            pending += self._admit(transaction, sender, self._pool.submit)
        except ChainError as error:
            return Refused(str(error))
        assert sender is not None, "admitted"
        with self._lock:
            self._own.add(transaction, sender, time.monotonic())
        return Accepted(transaction.hash)

    def _keep(self, encoded: Sequence[bytes]) -> None:
        journal = self._journal
        if journal is not None:
            self._with_journal(lambda: journal.append(encoded))

    def _with_journal(self, work: Callable[[], None]) -> None:
        """A disk that fails costs no user the transaction: it is in the pool."""
        try:
            work()
        except OSError as error:
            logger.error("the journal of transactions cannot be written: %s", error)

    def _load_own(self) -> list[PooledTransaction]:
        journal = self._journal
        assert journal is not None
        found: list[bytes] = []
        self._with_journal(lambda: found.extend(journal.load()))
        pending: list[PooledTransaction] = []
        decoded = [_decoded(item) for item in found]
        transactions = [item for item in decoded if isinstance(item, Transaction)]
        for transaction, sender in zip(transactions, self.senders_of(transactions), strict=True):
            result = self._submit(transaction, sender, pending)
            logger.debug("from the journal: 0x%s %s", transaction.hash.hex(), result)
        if found or journal.is_to_be_rotated:
            self._rotate_journal()
        if found:
            logger.info("%d of %d transactions in the journal wait", len(self._own), len(found))
        return pending

    def _offer_own_again(self) -> list[PooledTransaction]:
        pending: list[PooledTransaction] = []
        for transaction, sender in self._missing_own():
            try:
                pending += self._admit(transaction, sender, self._pool.submit)
            except AlreadyKnown:
                pass
            except ChainError:
                continue
            with self._lock:
                self._own.add(transaction, sender, time.monotonic())
        return pending

    def _missing_own(self) -> list[tuple[Transaction, Address]]:
        """What is not in the pool, without what blocks have by now, which is forgotten."""
        with self._lock:
            missing = self._own.missing(time.monotonic())
            senders = {sender for _, sender in missing}
            nonces = {sender: self._pool.account_nonce(sender) for sender in senders}
            for transaction, sender in missing:
                if transaction.nonce < nonces[sender]:
                    self._own.forget(transaction.hash)
        return [item for item in missing if item[0].nonce >= nonces[item[1]]]

    def _rotate_journal(self) -> None:
        journal = self._journal
        assert journal is not None
        with self._lock:
            kept = self._own.kept()
        self._with_journal(lambda: journal.rotate(kept))

    async def _on_thread(self, work: Callable[..., _Result], *arguments: Any) -> _Result:
        return await trio.to_thread.run_sync(work, *arguments, limiter=self._thread)

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


def _is_taken(result: SubmitResult) -> bool:
    return isinstance(result, Accepted)


def _decoded(encoded: bytes) -> Transaction | UndecodableTransaction:
    try:
        return decode_transaction(encoded)
    except UndecodableTransaction as error:
        return error


async def look_after_own(intake: TransactionIntake, rejournal_s: float) -> None:
    """For ever: keep our own users' transactions on disk, in the pool, and the journal short."""
    last_offer = last_rotation = trio.current_time()
    while True:
        await trio.sleep(JOURNAL_SYNC_S)
        await intake.sync_journal()
        now, is_due = trio.current_time(), intake.is_journal_due
        # An offer forgets what blocks have, so that a journal written after it is short.
        if now - last_offer >= OFFER_AGAIN_S or is_due:
            last_offer = now
            await intake.offer_own_again()
        if now - last_rotation >= rejournal_s or is_due:
            last_rotation = now
            await intake.rotate_journal()
