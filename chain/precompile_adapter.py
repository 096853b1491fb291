"""The one place that knows both py-evm's frames and `precompiles.interface`.

A domain error becomes the EVM outcome that 0g-geth shows (facts §1a); anything that a precompile raises
by mistake becomes a failed call and an alarm, never an exception that leaves the engine.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from eth.exceptions import OutOfGas, Revert, VMError
from eth_typing import Address, Hash32

from chain.engine import Log
from precompiles.errors import GasExhausted
from precompiles.interface import (
    BlockContext,
    Call,
    CallKind,
    Failed,
    Outcome,
    Precompile,
    Returned,
    Reverted,
)

if TYPE_CHECKING:
    from chain.py_evm.evm_state import EvmState, FramePrecompile
    from chain.py_evm.frame import Frame

WORD: Final = 1 << 256
UNEXPECTED: Final = "precompile failed"
NESTED_CALL_LIMIT: Final = 8
"""Depth of precompiles that call precompiles."""


class PrecompileFailed(VMError):
    """The precompile answered `Failed`, or raised: all gas is gone, nothing is returned."""


def adapt(precompile: Precompile, others: Mapping[Address, Precompile]) -> "FramePrecompile":
    """The precompile as py-evm's frames call it; `others` is what `Call.precompile` can reach."""

    def run(frame: "Frame") -> None:
        _run(precompile, frame, others)

    return run


def call_kind(frame: "Frame") -> CallKind:
    """Which opcode made the frame; only CALL and CALLCODE move value, only CALL to the code's address."""
    message = frame.msg
    is_own_code = message.code_address == message.to
    if message.should_transfer_value:
        return CallKind.CALL if is_own_code else CallKind.CALLCODE
    return CallKind.STATICCALL if is_own_code else CallKind.DELEGATECALL


def _run(precompile: Precompile, frame: "Frame", others: Mapping[Address, Precompile]) -> None:
    call = _call(precompile, frame, others)
    try:
        cost = precompile.required_gas(call)
        if cost > frame.gas_left:
            raise OutOfGas
        frame.gas_left -= cost
        outcome = precompile.run(call)
    except GasExhausted as error:
        raise OutOfGas from error
    except OutOfGas:
        raise
    # A bug in a contract must not stop the chain.
    except Exception as error:
        frame.state.alarms.append(f"precompile 0x{precompile.address.hex()}: {error!r}")
        raise PrecompileFailed(UNEXPECTED) from error
    _finish(frame, precompile, outcome)


def _finish(frame: "Frame", precompile: Precompile, outcome: Outcome) -> None:
    match outcome:
        case Returned(data):
            frame.output = data
        case Reverted(data):
            frame.output = data
            raise Revert(data)
        case Failed(reason, alarm):
            if alarm is not None:
                frame.state.alarms.append(f"precompile 0x{precompile.address.hex()}: {alarm}")
            raise PrecompileFailed(reason)


def _call(precompile: Precompile, frame: "Frame", others: Mapping[Address, Precompile]) -> Call:
    message, kind = frame.msg, call_kind(frame)
    is_delegating = kind in (CallKind.DELEGATECALL, CallKind.CALLCODE)
    return _call_of(
        frame.state,
        precompile.address,
        kind=kind,
        is_static=message.is_static,
        caller=message.storage_address if is_delegating else message.sender,
        origin=frame.transaction_context.origin,
        value=message.value,
        data=message.data,
        gas_left=frame.gas_left,
        others=others,
        depth=0,
        charge=_frame_meter(frame),
    )


def _frame_meter(frame: "Frame") -> Callable[[int], None]:
    """`Call.charge` on the gas of a frame."""

    def charge(amount: int) -> None:
        if amount > frame.gas_left:
            raise GasExhausted
        frame.gas_left -= amount

    return charge


def _call_of(
    state: "EvmState",
    address: Address,
    *,
    kind: CallKind,
    is_static: bool,
    caller: Address,
    origin: Address,
    value: int,
    data: bytes,
    gas_left: int,
    others: Mapping[Address, Precompile],
    depth: int,
    charge: Callable[[int], None],
) -> Call:
    def emit(topics: tuple[Hash32, ...], log_data: bytes) -> None:
        state.logs.append(Log(address, topics, log_data))

    def call_other(target: Address, target_input: bytes) -> Outcome:
        if target not in others or depth >= NESTED_CALL_LIMIT:
            return Failed("no such precompile")
        nested = _call_of(
            state,
            target,
            kind=CallKind.CALL,
            is_static=is_static,
            caller=address,
            origin=origin,
            value=0,
            data=target_input,
            gas_left=gas_left,
            others=others,
            depth=depth + 1,
            charge=_unmetered,
        )
        return _run_nested(state, others[target], nested)

    return Call(
        kind=kind,
        is_static=is_static,
        caller=caller,
        origin=origin,
        value=value,
        input=data,
        gas_left=gas_left,
        address=address,
        block=BlockContext(
            state.block_number, state.timestamp, state.chain_id, state.ancestor_hash
        ),
        storage=_StorageView(state, address),
        balances=_BalancesView(state),
        code=_CodeView(state, address),
        emit=emit,
        precompile=call_other,
        charge=charge,
        storage_of=lambda other: _StorageReader(state, other),
    )


def _unmetered(amount: int) -> None:
    """Gas of a precompile that another precompile called: the other one's price has it in."""


def _run_nested(state: "EvmState", precompile: Precompile, call: Call) -> Outcome:
    snapshot = state.snapshot()
    outcome = precompile.run(call)
    if not isinstance(outcome, Returned):
        state.revert(snapshot)
    return outcome


class _StorageReader:
    """`precompiles.interface.StorageReader` of any account."""

    def __init__(self, state: "EvmState", address: Address) -> None:
        self._state, self._address = state, address

    def load(self, slot: int) -> int:
        return self._state.get_storage(self._address, slot)


class _StorageView:
    """`precompiles.interface.Storage` over the journal; access is neither priced nor warmed (facts §1a)."""

    def __init__(self, state: "EvmState", address: Address) -> None:
        self._state, self._address = state, address

    def load(self, slot: int) -> int:
        return self._state.get_storage(self._address, slot)

    def store(self, slot: int, value: int) -> None:
        self._state.set_storage(self._address, slot, value)


class _BalancesView:
    """`precompiles.interface.Balances`: wrapping, as 0g-geth's unchecked subtraction does."""

    def __init__(self, state: "EvmState") -> None:
        self._state = state

    def get(self, address: Address) -> int:
        return self._state.get_balance(address)

    def add(self, address: Address, amount: int) -> None:
        self._state.set_balance(address, (self.get(address) + amount) % WORD)

    def subtract(self, address: Address, amount: int) -> None:
        self.add(address, -amount)


class _CodeView:
    def __init__(self, state: "EvmState", address: Address) -> None:
        self._state, self._address = state, address

    def is_empty(self) -> bool:
        return not self._state.get_code(self._address)

    def set(self, code: bytes) -> None:
        self._state.set_code(self._address, code)
