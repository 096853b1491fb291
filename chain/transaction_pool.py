"""Transactions that wait for a block: admission, order, eviction, by geth's rules.

Pure: time comes in as seconds, senders are recovered outside, accounts are read through a function.
Not for several threads: `candidates` hands out a copy that another thread may work through.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.blocks import Header
from chain.candidates import Candidates
from chain.config import ChainConfig
from chain.engine import Account, AccountChange
from chain.eviction import EvictionOrder, longest_queued, senders_over_pending
from chain.header_rules import next_base_fee
from chain.pool_admission import (
    PoolSettings,
    check_against_sender,
    check_delegation,
    check_replacement,
    check_transaction,
)
from chain.pool_refusals import (
    AccountLimitExceeded,
    AlreadyKnown,
    AuthorityReserved,
    FutureReplacesPending,
    PoolFull,
    Underpriced,
    UnprotectedTransaction,
)
from chain.pooled_transaction import PooledTransaction
from chain.sender_transactions import SenderTransactions
from chain.transactions import Transaction

EMPTY_CODE_HASH: Final = keccak(b"")
AccountLookup = Callable[[Address], Account | None]
"""The account at the pool's head; None where it does not exist."""


@dataclass(frozen=True, slots=True)
class PoolContent:
    """What txpool_content shows: by sender, each in nonce order."""

    pending: Mapping[Address, tuple[PooledTransaction, ...]]
    queued: Mapping[Address, tuple[PooledTransaction, ...]]


class TransactionPool:
    """Pending transactions can run in the next block; queued ones wait behind a nonce gap."""

    def __init__(
        self,
        config: ChainConfig,
        head: Header,
        account_of: AccountLookup,
        settings: PoolSettings | None = None,
    ) -> None:
        self._config, self._account_of = config, account_of
        self._settings = settings or PoolSettings()
        self._senders: dict[Address, SenderTransactions] = {}
        self._by_hash: dict[Hash32, PooledTransaction] = {}
        self._authorities: dict[Address, int] = {}
        """How many pooled transactions would set that account's code."""
        self._arrivals = 0
        self._pending_count = 0
        self._slots = 0
        self._set_head(head)

    def __len__(self) -> int:
        return len(self._by_hash)

    def get(self, transaction_hash: Hash32) -> PooledTransaction | None:
        return self._by_hash.get(transaction_hash)

    @property
    def queued_lifetime_s(self) -> float:
        return self._settings.queued_lifetime_s

    @property
    def pending_count(self) -> int:
        return self._pending_count

    @property
    def queued_count(self) -> int:
        return len(self._by_hash) - self._pending_count

    def pending_nonce(self, address: Address) -> int:
        """The nonce of that sender's next transaction, pending ones counted."""
        sender = self._senders.get(address)
        if sender is not None:
            return sender.next_nonce
        account = self._account_of(address)
        return 0 if account is None else account.nonce

    def account_nonce(self, address: Address) -> int:
        """The account's at the head."""
        sender = self._senders.get(address)
        if sender is not None:
            return sender.nonce
        account = self._account_of(address)
        return 0 if account is None else account.nonce

    def content(self) -> PoolContent:
        return _content(self._senders.values())

    def content_from(self, address: Address) -> PoolContent:
        """The part of one sender."""
        sender = self._senders.get(address)
        return _content([] if sender is None else [sender])

    def candidates(self, base_fee: int) -> Candidates:
        """What a block with that base fee (wei a gas) may take, best tip first."""
        offers = [sender.pending() for sender in self._senders.values() if sender.pending_count]
        return Candidates(offers, base_fee, self._settings.minimum_tip)

    def submit(
        self,
        transaction: Transaction,
        sender: Address,
        now_s: float,
        authorities: tuple[Address, ...] = (),
    ) -> tuple[PooledTransaction, ...]:
        """`add` for one's own users: unprotected transactions only where the settings allow them."""
        if transaction.chain_id is None and not self._settings.allows_unprotected:
            raise UnprotectedTransaction
        return self.add(transaction, sender, now_s, authorities)

    def add(
        self,
        transaction: Transaction,
        sender: Address,
        now_s: float,
        authorities: tuple[Address, ...] = (),
    ) -> tuple[PooledTransaction, ...]:
        """Take a transaction; answers those that became pending by it. Raises a `PoolRefusal`.

        `sender` is who signed it, `authorities` who signed its authorizations (EIP-7702), `now_s`
        any clock in seconds that goes forward.
        """
        if transaction.hash in self._by_hash:
            raise AlreadyKnown
        check_transaction(transaction, self._head, self._rules, self._settings)
        account = self._senders.get(sender) or self._new_sender(sender, now_s)
        pooled = PooledTransaction(transaction, sender, self._arrivals, authorities)
        self._check_with_others(pooled, account)
        self._make_room(pooled, account)
        self._arrivals += 1
        promoted = self._insert(pooled, now_s)
        self._keep_limits(pooled)
        return tuple(other for other in promoted if other.hash in self._by_hash)

    def on_new_head(self, head: Header, changes: Iterable[AccountChange], now_s: float) -> None:
        """A block was committed: drop what it used or made unpayable, and what waited too long.

        `changes` are the block's; `account_of` answers for the new head from now on.
        """
        has_lower_gas_limit = head.gas_limit < self._head.gas_limit
        self._set_head(head)
        for change in changes:
            if change.address in self._senders:
                self._move_sender(change.address, change.account)
        if has_lower_gas_limit:
            for pooled in list(self._by_hash.values()):
                if pooled.transaction.gas_limit > head.gas_limit:
                    self._remove(pooled)
        self._drop_long_waiting(now_s)
        self._keep_global_limits()

    def _set_head(self, head: Header) -> None:
        self._head = head
        self._rules = self._config.rules(head.number, head.timestamp)
        self._next_base_fee = next_base_fee(head)
        self._eviction_order: EvictionOrder | None = None

    def _new_sender(self, address: Address, now_s: float) -> SenderTransactions:
        """Not registered before it has a transaction."""
        account = self._account_of(address)
        sender = SenderTransactions(
            address,
            nonce=0 if account is None else account.nonce,
            balance=0 if account is None else account.balance,
            has_code=_has_code(account),
        )
        sender.heartbeat_s = now_s
        return sender

    def _check_with_others(self, pooled: PooledTransaction, sender: SenderTransactions) -> None:
        check_against_sender(pooled, sender)
        check_delegation(pooled, sender, sender.address in self._authorities)
        for authority in pooled.authorities:
            other = self._senders.get(authority)
            # geth leaves one: whoever delegates may have the transaction that does it in flight.
            if other is not None and len(other) > 1:
                raise AuthorityReserved(authority)
        check_replacement(pooled, sender, self._settings.price_bump_percent)

    def _make_room(self, pooled: PooledTransaction, sender: SenderTransactions) -> None:
        """Evict the cheapest until the newcomer fits; refuse it where it is the cheapest."""
        excess = self._slots + pooled.slots - self._settings.slots_max
        if excess <= 0:
            return
        if self._eviction_order is None:
            self._eviction_order = EvictionOrder(self._by_hash, self._next_base_fee)
        if not self._eviction_order.is_above_cheapest(pooled):
            raise Underpriced
        victims = self._eviction_order.cheapest(excess)
        if sender.is_gapped(pooled.nonce) and any(map(self._is_pending, victims)):
            raise FutureReplacesPending
        for victim in victims:
            self._remove(victim)

    def _is_pending(self, pooled: PooledTransaction) -> bool:
        return self._senders[pooled.sender].is_pending(pooled.nonce)

    def _insert(self, pooled: PooledTransaction, now_s: float) -> tuple[PooledTransaction, ...]:
        # Looked up again: eviction may have taken the sender's last transaction.
        sender = self._senders.get(pooled.sender) or self._new_sender(pooled.sender, now_s)
        self._senders[pooled.sender] = sender
        replaced = sender.at(pooled.nonce)
        pending_before = sender.pending_count
        promoted = sender.put(pooled)
        self._pending_count += sender.pending_count - pending_before
        if replaced is not None:
            self._unlist(replaced)
        self._by_hash[pooled.hash] = pooled
        self._slots += pooled.slots
        for authority in pooled.authorities:
            self._authorities[authority] = self._authorities.get(authority, 0) + 1
        if self._eviction_order is not None:
            self._eviction_order.push(pooled)
        if promoted:
            sender.heartbeat_s = now_s
        return promoted

    def _keep_limits(self, newcomer: PooledTransaction) -> None:
        """Raises where the limits cost the newcomer its place."""
        sender = self._senders[newcomer.sender]
        while sender.queued_count > self._settings.sender_queued_max:
            self._remove(sender.queued()[-1])
        if newcomer.hash not in self._by_hash:
            raise AccountLimitExceeded(sender.queued_count)
        self._keep_global_limits()
        if newcomer.hash not in self._by_hash:
            raise PoolFull

    def _keep_global_limits(self) -> None:
        settings = self._settings
        if self._pending_count > settings.pending_max:
            excess = self._pending_count - settings.pending_max
            for sender in senders_over_pending(
                self._senders.values(), settings.sender_pending_kept, excess
            ):
                self._remove(sender.pending()[-1])
        if self.queued_count > settings.queued_max:
            excess = self.queued_count - settings.queued_max
            for pooled in longest_queued(self._senders.values(), excess):
                self._remove(pooled)

    def _move_sender(self, address: Address, account: Account | None) -> None:
        sender = self._senders[address]
        pending_before = sender.pending_count
        dropped = sender.move_to(
            nonce=0 if account is None else account.nonce,
            balance=0 if account is None else account.balance,
            has_code=_has_code(account),
        )
        self._pending_count += sender.pending_count - pending_before
        for pooled in dropped:
            self._unlist(pooled)
        if not len(sender):
            del self._senders[address]

    def _drop_long_waiting(self, now_s: float) -> None:
        oldest_s = now_s - self._settings.queued_lifetime_s
        for sender in list(self._senders.values()):
            if sender.queued_count and sender.heartbeat_s < oldest_s:
                for pooled in sender.queued():
                    self._remove(pooled)

    def _remove(self, pooled: PooledTransaction) -> None:
        sender = self._senders[pooled.sender]
        pending_before = sender.pending_count
        sender.remove(pooled.nonce)
        self._pending_count += sender.pending_count - pending_before
        self._unlist(pooled)
        if not len(sender):
            del self._senders[pooled.sender]

    def _unlist(self, pooled: PooledTransaction) -> None:
        del self._by_hash[pooled.hash]
        self._slots -= pooled.slots
        for authority in pooled.authorities:
            self._authorities[authority] -= 1
            if not self._authorities[authority]:
                del self._authorities[authority]


def _has_code(account: Account | None) -> bool:
    return account is not None and account.code_hash != EMPTY_CODE_HASH


def _content(senders: Iterable[SenderTransactions]) -> PoolContent:
    senders = list(senders)
    return PoolContent(
        pending={sender.address: sender.pending() for sender in senders if sender.pending_count},
        queued={sender.address: sender.queued() for sender in senders if sender.queued_count},
    )
