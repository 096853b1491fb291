"""The one place that knows both py-evm's frames and `precompiles.interface`.

A domain error becomes the EVM outcome that 0g-geth shows (facts §1a); anything that a precompile raises
by mistake becomes a failed call and an alarm, never an exception that leaves the engine.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from eth.exceptions import OutOfGas, Revert, VMError
from eth_typing import Address

from chain.precompile_views import (
    BalancesView,
    CodeView,
    StorageReaderView,
    StorageView,
    append_log,
    checked_data,
)
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

UNEXPECTED: Final = "precompile failed"
NESTED_CALL_LIMIT: Final = 8
"""Depth of precompiles that call precompiles."""
NESTED_CALLS_MAX: Final = 1_000
"""Of one call from the EVM: they cost no gas, so a loop of them has to end here."""


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
    meter = _Meter(frame)
    call = _call(precompile, frame, others, meter)
    try:
        meter.charge(precompile.required_gas(call))
        outcome = _checked_outcome(precompile.run(call))
    except GasExhausted as error:
        raise OutOfGas from error
    # A bug in a contract must not stop the chain.
    except Exception as error:
        frame.state.alarm(_bug_in(precompile, error))
        raise PrecompileFailed(UNEXPECTED) from error
    if meter.is_exhausted:
        frame.state.alarm(f"{_name_of(precompile)}: went on after its gas was used up")
        raise OutOfGas
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
                frame.state.alarm(f"{_name_of(precompile)}: {alarm}")
            raise PrecompileFailed(reason)


def _name_of(precompile: Precompile) -> str:
    return f"precompile 0x{precompile.address.hex()}"


def _bug_in(precompile: Precompile, error: Exception) -> str:
    try:
        text = str(error)
    # An exception's own text may be what is broken.
    except Exception:
        text = "without a text"
    return f"{_name_of(precompile)}: {type(error).__name__}: {text}"


def _checked_outcome(outcome: object) -> Outcome:
    """Raises `TypeError` of what no precompile may answer."""
    match outcome:
        case Returned(bytes()) | Reverted(bytes()) | Failed(str()):
            return outcome
    raise TypeError(f"answered {type(outcome).__name__}, or data that are no bytes")


class _Meter:
    """`Call.charge` on the gas of a frame."""

    def __init__(self, frame: "Frame") -> None:
        self._frame = frame
        self.is_exhausted = False
        """More was asked for than was left: nothing that comes after counts."""

    def charge(self, amount: int) -> None:
        """Raises `GasExhausted`, and `TypeError` or `ValueError` of what is no amount of gas."""
        if type(amount) is not int:
            raise TypeError(f"gas of type {type(amount).__name__}")
        if amount < 0:
            raise ValueError("a negative amount of gas")
        if amount > self._frame.gas_left:
            self.is_exhausted = True
            raise GasExhausted
        self._frame.gas_left -= amount


def _call(
    precompile: Precompile,
    frame: "Frame",
    others: Mapping[Address, Precompile],
    meter: _Meter,
) -> Call:
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
        nested=_NestedCalls(others),
        charge=meter.charge,
    )


@dataclass(slots=True)
class _NestedCalls:
    """The precompiles that one call from the EVM reaches, and how many calls it has made of them."""

    others: Mapping[Address, Precompile]
    depth: int = 0
    count: int = 0


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
    nested: _NestedCalls,
    charge: Callable[[int], None],
) -> Call:
    def call_other(target: Address, target_input: bytes) -> Outcome:
        if target not in nested.others or nested.depth >= NESTED_CALL_LIMIT:
            return Failed("no such precompile")
        call = _call_of(
            state,
            target,
            kind=CallKind.CALL,
            is_static=is_static,
            caller=address,
            origin=origin,
            value=0,
            data=checked_data(target_input),
            gas_left=gas_left,
            nested=nested,
            charge=charge,
        )
        return _run_nested(state, nested, call)

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
            state.block_number,
            state.timestamp,
            state.chain_id,
            state.ancestor_hash,
            state.gas_limit,
        ),
        storage=StorageView(state, address),
        balances=BalancesView(state),
        code=CodeView(state, address),
        emit=partial(append_log, state, address),
        precompile=call_other,
        charge=charge,
        storage_of=partial(StorageReaderView, state),
    )


def _run_nested(state: "EvmState", nested: _NestedCalls, call: Call) -> Outcome:
    """One precompile's call of another; a bug in the other is an alarm, and `Failed` to the caller."""
    nested.count += 1
    if nested.count > NESTED_CALLS_MAX:
        raise RecursionError(f"more than {NESTED_CALLS_MAX} calls of precompiles in one call")
    precompile = nested.others[call.address]
    snapshot = state.snapshot()
    nested.depth += 1
    outcome: Outcome
    try:
        outcome = _checked_outcome(precompile.run(call))
    except GasExhausted:
        raise
    # A bug in a contract must not stop the chain.
    except Exception as error:
        state.alarm(_bug_in(precompile, error))
        outcome = Failed(UNEXPECTED)
    nested.depth -= 1
    if isinstance(outcome, Failed) and outcome.alarm is not None:
        state.alarm(f"{_name_of(precompile)}: {outcome.alarm}")
    if not isinstance(outcome, Returned):
        state.revert(snapshot)
    return outcome
