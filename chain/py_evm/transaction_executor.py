"""One transaction or call on a state: charge, run, refund, pay.

go-ethereum's `stateTransition.execute` (core/state_transition.go) with 0G's 80 % rule (facts §1b). Every
check comes before the first change, so that an invalid transaction leaves no trace.
"""

from dataclasses import dataclass
from typing import Any, Final

from eth_typing import Address

from chain.contract_addresses import created_address
from chain.engine import CallResult, Log, Message
from chain.errors import GasLimitReached
from chain.forks.fork import Fork
from chain.py_evm.evm_state import EvmState
from chain.py_evm.frame import Frame, execute_call, execute_creation, refuse_creation
from chain.py_evm.frame_errors import geth_text
from chain.py_evm.frame_message import FrameMessage, TransactionContext
from chain.py_evm.set_code import apply_authorizations, delegate_of
from chain.py_evm.transaction_checks import (
    check_blob_fee,
    check_fees,
    check_funds,
    check_gas_and_size,
    check_identity,
    check_kind,
    check_nonce,
)
from chain.transactions import GAS_PER_BLOB, Transaction, data_floor_gas

UINT64_MASK: Final = (1 << 64) - 1
MINIMUM_GAS_PERCENT: Final = 80
"""Of the gas limit, with restaking active (facts §1b)."""
NO_ADDRESS: Final = Address(b"")
"""py-evm's `to` of a creation."""


@dataclass(frozen=True, slots=True)
class Execution:
    """What a message did."""

    output: bytes
    gas_used: int
    peak_gas_used: int
    """Before refunds and the 80 % rule."""
    logs: tuple[Log, ...]
    error: str | None
    is_revert: bool
    contract_address: Address | None
    effective_gas_price: int
    blob_gas_used: int
    touched: tuple[Address, ...]


def execute_transaction(
    state: EvmState, transaction: Transaction, sender: Address, block_gas_left: int
) -> Execution:
    """Apply a transaction and settle the state; raises `InvalidTransaction` before any change."""
    message = _message_of(transaction, sender, state)
    check_identity(state, transaction, sender)
    check_fees(state, message, has_fee=True)
    check_kind(state, transaction, sender, state.blob_base_fee)
    price_limit = transaction.max_fee_per_gas if state.fork >= Fork.LONDON else message.gas_price
    check_funds(state, message, price_limit, transaction.max_fee_per_blob_gas)
    if transaction.gas_limit > block_gas_left:
        raise GasLimitReached
    intrinsic = check_gas_and_size(state, message)
    execution = _run(state, message, intrinsic)
    state.settle()
    _tell_end(state, execution)
    return execution


def execute_unsigned(
    state: EvmState, transaction: Transaction, sender: Address, *, is_strict: bool
) -> Execution:
    """As `execute_transaction` for what nobody signed; see `Transcript.apply_unsigned`."""
    message = _message_of(transaction, sender, state)
    if is_strict:
        check_nonce(state, transaction, sender)
    names_fee = bool(message.max_fee_per_gas or message.max_priority_fee_per_gas)
    check_fees(state, message, has_fee=is_strict or names_fee)
    pays_for_blobs = is_strict or bool(transaction.max_fee_per_blob_gas)
    check_kind(state, transaction, sender, state.blob_base_fee if pays_for_blobs else 0)
    check_funds(state, message, message.max_fee_per_gas, transaction.max_fee_per_blob_gas)
    execution = _run(state, message, check_gas_and_size(state, message))
    state.settle()
    _tell_end(state, execution)
    return execution


def execute_message(state: EvmState, message: Message) -> Execution:
    """Run a call: as a transaction, but without nonce, signature and sender check."""
    has_fee = bool(message.gas_price or message.max_fee_per_gas or message.max_priority_fee_per_gas)
    check_fees(state, message, has_fee)
    check_blob_fee(state, message)
    price_limit = max(message.max_fee_per_gas, message.gas_price)
    check_funds(state, message, price_limit, message.max_fee_per_blob_gas)
    execution = _run(state, message, check_gas_and_size(state, message))
    if state.tracing is not None:
        # What a call does is never kept; but a tracer compares the state before and after.
        state.settle()
    _tell_end(state, execution)
    return execution


def call_result(execution: Execution) -> CallResult:
    """What a caller of the engine learns of it."""
    return CallResult(
        output=execution.output,
        gas_used=execution.gas_used,
        peak_gas_used=execution.peak_gas_used,
        logs=execution.logs,
        error=execution.error,
        is_revert=execution.is_revert,
    )


def _tell_end(state: EvmState, execution: Execution) -> None:
    if state.tracing is not None:
        state.tracing.transaction_ended(call_result(execution))


def _message_of(transaction: Transaction, sender: Address, state: EvmState) -> Message:
    base_fee = state.base_fee if state.fork >= Fork.LONDON else None
    return Message(
        sender=sender,
        to=transaction.to,
        gas_limit=transaction.gas_limit,
        value=transaction.value,
        data=transaction.data,
        gas_price=transaction.effective_gas_price(base_fee),
        max_fee_per_gas=transaction.max_fee_per_gas,
        max_priority_fee_per_gas=transaction.max_priority_fee_per_gas,
        access_list=transaction.access_list,
        authorization_list=transaction.authorization_list,
        blob_versioned_hashes=transaction.blob_versioned_hashes,
        max_fee_per_blob_gas=transaction.max_fee_per_blob_gas,
    )


def _run(state: EvmState, message: Message, intrinsic: int) -> Execution:
    """The part that changes the state."""
    if state.tracing is not None:
        state.tracing.transaction_started(message)
    elif state.has_short_transfers and _runs_no_code(state, message):
        return _transfer(state, message, intrinsic)
    blob_gas = len(message.blob_versioned_hashes) * GAS_PER_BLOB
    fee = message.gas_limit * message.gas_price + _blob_fee(state, message)
    if fee:
        state.delta_balance(message.sender, -fee)
    state.begin_transaction(_warm_at_start(state, message))
    context = TransactionContext(message.sender, message.gas_price, message.blob_versioned_hashes)
    gas = message.gas_limit - intrinsic
    created = None
    if message.to is None:
        created = created_address(message.sender, state.get_nonce(message.sender))
        frame = _create(state, message, gas, created, context)
    else:
        frame = _call(state, message, message.to, gas, context)
    peak, used = _gas_used(state, message, frame.gas_left)
    _settle_fees(state, message, used)
    return Execution(
        output=frame.output,
        gas_used=used,
        peak_gas_used=peak,
        logs=tuple(state.logs),
        error=None if frame.error is None else geth_text(frame.error),
        is_revert=frame.error is not None and not frame.error.burns_gas,
        contract_address=created,
        effective_gas_price=message.gas_price,
        blob_gas_used=blob_gas,
        touched=state.touched_accounts(),
    )


def _runs_no_code(state: EvmState, message: Message) -> bool:
    """Whether the message does nothing but move value: its recipient has no code of any kind."""
    to = message.to
    return (
        to is not None
        and not message.authorization_list
        and to not in state.precompiles
        and not state.get_code(to)
    )


def _transfer(state: EvmState, message: Message, intrinsic: int) -> Execution:
    """What `_run` does to such a message, in one write for each account instead of five in all.

    It cannot fail: the balance covers the fee and the value, which is what was checked last.
    """
    sender, to, price = message.sender, message.to, message.gas_price
    assert to is not None, "a creation is no transfer"
    # Calls at the block's end find the last transaction's warm set (facts [O5]).
    state.begin_transaction(_warm_at_start(state, message))
    peak, used = _gas_used(state, message, message.gas_limit - intrinsic)
    blob_gas = len(message.blob_versioned_hashes) * GAS_PER_BLOB
    state.spend(sender, used * price + _blob_fee(state, message) + message.value)
    if message.value:
        state.delta_balance(to, message.value)
    else:
        state.touch_account(to)
    state.delta_balance(state.coinbase, used * _tip(state, message))
    return Execution(
        output=b"",
        gas_used=used,
        peak_gas_used=peak,
        logs=(),
        error=None,
        is_revert=False,
        contract_address=None,
        effective_gas_price=price,
        blob_gas_used=blob_gas,
        touched=(),
    )


def _create(
    state: EvmState, message: Message, gas: int, created: Address, context: TransactionContext
) -> Frame:
    state.increment_nonce(message.sender)
    if state.fork >= Fork.BERLIN:
        state.mark_address_warm(created)
    frame_message = FrameMessage(
        gas=gas,
        to=NO_ADDRESS,
        sender=message.sender,
        value=message.value,
        data=b"",
        code=message.data,
        create_address=created,
    )
    if state.has_code_or_nonce(created):
        return refuse_creation(state, frame_message, context)
    return execute_creation(state, frame_message, context)


def _call(
    state: EvmState, message: Message, to: Address, gas: int, context: TransactionContext
) -> Frame:
    state.increment_nonce(message.sender)
    apply_authorizations(state, message.authorization_list)
    code, delegate = state.get_code(to), None
    if state.fork >= Fork.PRAGUE:
        delegate = delegate_of(code)
    if delegate is not None:
        state.mark_address_warm(delegate)
        code = state.get_code(delegate)
    frame_message = FrameMessage(
        gas=gas,
        to=to,
        sender=message.sender,
        value=message.value,
        data=message.data,
        code=code,
        is_delegation=delegate is not None,
    )
    return execute_call(state, frame_message, context)


def _warm_at_start(state: EvmState, message: Message) -> dict[Any, bool]:
    """EIPs 2929, 2930, 3651; precompiles are warm too."""
    if state.fork < Fork.BERLIN:
        return {}
    warm: dict[Any, bool] = dict.fromkeys(state.warm_precompiles, True)
    warm[message.sender] = True
    if message.to is not None:
        warm[message.to] = True
    if state.fork >= Fork.SHANGHAI:
        warm[state.coinbase] = True
    for address, slots in message.access_list:
        warm[address] = True
        for slot in slots:
            warm[address, slot] = True
    return warm


def _gas_used(state: EvmState, message: Message, gas_left: int) -> tuple[int, int]:
    """Gas before and after refund, EIP-7623's floor and the 80 % rule."""
    peak = message.gas_limit - gas_left
    used = peak - min(state.refund, peak // state.rules.row.refund_quotient)
    if state.fork >= Fork.PRAGUE:
        floor = data_floor_gas(message.data)
        used, peak = max(used, floor), max(peak, floor)
    if state.rules.restaking_active:
        # 0g-geth multiplies in 64 bits (facts [O10]).
        wrapped = message.gas_limit * MINIMUM_GAS_PERCENT & UINT64_MASK
        used = max(used, wrapped // 100)
    return peak, used


def _settle_fees(state: EvmState, message: Message, used: int) -> None:
    left = message.gas_limit - used
    if left and message.gas_price:
        state.delta_balance(message.sender, left * message.gas_price)
    # The coinbase is touched even where the fee is zero (EIP-161).
    state.delta_balance(state.coinbase, used * _tip(state, message))


def _tip(state: EvmState, message: Message) -> int:
    """Wei a gas for the coinbase; of a message that pays nothing, nothing."""
    if state.fork < Fork.LONDON:
        return message.gas_price
    return max(message.gas_price - state.base_fee, 0)


def _blob_fee(state: EvmState, message: Message) -> int:
    """Wei; only a message that nobody signed can name no fee for its blobs."""
    if not message.max_fee_per_blob_gas:
        return 0
    return len(message.blob_versioned_hashes) * GAS_PER_BLOB * state.blob_base_fee
