"""What the pool asks of a transaction before it takes it: geth's checks in geth's order.

0G compares the effective tip at the head's base fee with the minimum, where geth compares the tip
cap (facts §1b "Gas price").
"""

from dataclasses import dataclass
from typing import Final

from chain.blocks import Header
from chain.config import Rules
from chain.forks.fork import Fork
from chain.pool_refusals import (
    AuthorizationListMissing,
    CannotPay,
    CannotPayForAll,
    CannotPayForReplacement,
    DelegatedAccountGapped,
    DelegatedAccountInFlight,
    ExceedsBlockGasLimit,
    FloorDataGasNotCovered,
    GasLimitAboveCap,
    InitCodeOversized,
    IntrinsicGasNotCovered,
    NonceAlreadyUsed,
    NonceExhausted,
    OtherChainId,
    OversizedTransaction,
    ReplacementUnderpriced,
    TipAboveFeeCap,
    TipBelowMinimum,
    TypeNotSupported,
)
from chain.pooled_transaction import SLOT_BYTES, PooledTransaction
from chain.sender_transactions import SenderTransactions
from chain.transactions import BLOB, SET_CODE, Transaction, data_floor_gas, intrinsic_gas

TRANSACTION_BYTES_MAX: Final = 4 * SLOT_BYTES
INIT_CODE_BYTES_MAX: Final = 49_152
"""EIP-3860."""
NONCE_MAX: Final = 2**64 - 2
"""EIP-2681: 2^64 - 1 can be a nonce of no transaction."""


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """Limits and prices of the pool; geth's defaults, but for 0G's minimum tip."""

    pending_max: int = 5_120
    """In all; beyond it, senders with more than `sender_pending_kept` lose their last ones."""
    sender_pending_kept: int = 16
    queued_max: int = 1_024
    """In all."""
    sender_queued_max: int = 64
    queued_lifetime_s: float = 3 * 3600
    price_bump_percent: int = 10
    minimum_tip: int = 1_000_000
    """Wei a gas (facts §1b)."""
    allows_unprotected: bool = False
    """Whether `submit` takes transactions without a chain id (geth's --rpc.allow-unprotected-txs)."""

    @property
    def slots_max(self) -> int:
        """Of all transactions together, in slots of 32 KiB."""
        return self.pending_max + self.queued_max


def check_transaction(
    transaction: Transaction, head: Header, rules: Rules, settings: PoolSettings
) -> None:
    """What needs no look at the state; raises a `PoolRefusal`."""
    if transaction.type == BLOB or transaction.type > rules.row.transaction_types:
        raise TypeNotSupported(transaction.type)
    if len(transaction.encoded) > TRANSACTION_BYTES_MAX:
        raise OversizedTransaction(len(transaction.encoded), TRANSACTION_BYTES_MAX)
    is_creation = transaction.to is None
    if is_creation and rules.fork >= Fork.SHANGHAI and len(transaction.data) > INIT_CODE_BYTES_MAX:
        raise InitCodeOversized(len(transaction.data), INIT_CODE_BYTES_MAX)
    if transaction.gas_limit > head.gas_limit:
        raise ExceedsBlockGasLimit(transaction.gas_limit, head.gas_limit)
    most = rules.row.transaction_gas_limit
    if most is not None and transaction.gas_limit > most:
        raise GasLimitAboveCap(transaction.gas_limit, most)
    if transaction.max_fee_per_gas < transaction.max_priority_fee_per_gas:
        raise TipAboveFeeCap
    if transaction.chain_id not in (None, rules.chain_id):
        raise OtherChainId(transaction.chain_id or 0, rules.chain_id)
    if transaction.nonce > NONCE_MAX:
        raise NonceExhausted
    _check_gas(transaction, rules)
    if transaction.max_priority_fee_per_gas < settings.minimum_tip:
        raise TipBelowMinimum(transaction.max_priority_fee_per_gas, settings.minimum_tip)
    if transaction.type == SET_CODE and not transaction.authorization_list:
        raise AuthorizationListMissing


def check_against_sender(pooled: PooledTransaction, sender: SenderTransactions) -> None:
    """Nonce and balance; raises a `PoolRefusal`."""
    if pooled.nonce < sender.nonce:
        raise NonceAlreadyUsed(sender.nonce, pooled.nonce)
    if pooled.cost > sender.balance:
        raise CannotPay(sender.balance, pooled.cost)
    replaced = sender.at(pooled.nonce) if sender.is_pending(pooled.nonce) else None
    if replaced is not None:
        bump = pooled.cost - replaced.cost
        if sender.pending_cost + bump > sender.balance:
            raise CannotPayForReplacement(sender.balance, sender.pending_cost, bump)
    elif sender.pending_cost + pooled.cost > sender.balance:
        raise CannotPayForAll(sender.balance, sender.pending_cost, pooled.cost)


def check_delegation(
    pooled: PooledTransaction, sender: SenderTransactions, is_authority: bool
) -> None:
    """One transaction at a time from accounts that others can empty (EIP-7702, geth).

    `is_authority`: a pooled transaction would set the sender's code.
    """
    if not sender.has_code and not is_authority:
        return
    if sender.pending_count == 0 and sender.is_gapped(pooled.nonce):
        raise DelegatedAccountGapped
    if sender.pending_count > 0 and not sender.is_pending(pooled.nonce):
        raise DelegatedAccountInFlight


def check_replacement(
    pooled: PooledTransaction, sender: SenderTransactions, bump_percent: int
) -> None:
    """Where the nonce is taken, the newcomer must outbid; raises `ReplacementUnderpriced`."""
    replaced = sender.at(pooled.nonce)
    if replaced is not None and not pooled.outbids(replaced, bump_percent):
        raise ReplacementUnderpriced


def _check_gas(transaction: Transaction, rules: Rules) -> None:
    needed = intrinsic_gas(
        rules.fork,
        transaction.data,
        transaction.to is None,
        transaction.access_list,
        len(transaction.authorization_list),
    )
    if transaction.gas_limit < needed:
        raise IntrinsicGasNotCovered(transaction.gas_limit, needed)
    if rules.fork >= Fork.PRAGUE and transaction.gas_limit < data_floor_gas(transaction.data):
        raise FloorDataGasNotCovered(transaction.gas_limit, data_floor_gas(transaction.data))
