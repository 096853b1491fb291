"""The gas limit that a message needs, found by geth's search, so that the same numbers come out.

First the most gas that is allowed, then an optimistic guess, then halving until within 1.5 %. The
80 % rule plays into it without being mentioned: gas used is at least 0.8 of the limit, so a good
guess ends the search at once (facts §1b and [O4]).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chain.engine import CallResult, Message
from chain.errors import IntrinsicGasTooLow, InvalidTransaction
from chain.query_errors import CallRefused, GasRequiredExceedsAllowance
from chain.reverts import raise_failure
from chain.transactions import GAS_TRANSACTION

CALL_STIPEND: Final = 2_300
ERROR_RATIO: Final = 0.015
"""The search ends when the answer is at most this much too high."""
UINT64_MAX: Final = 2**64 - 1

RunWithGas = Callable[[int], CallResult]
"""Runs the message with a gas limit; raises `InvalidTransaction` where it cannot run."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What bounds an estimate besides the message itself."""

    block_gas_limit: int
    gas_cap: int
    sender_balance: int
    """Wei."""
    target_has_code: bool
    transaction_gas_limit: int | None = None
    """The most that one transaction may ask for (EIP-7825); None: no such limit."""


def estimate_gas(message: Message, allowance: Allowance, run: RunWithGas) -> int:
    """A sufficient gas limit; `message.gas_limit` 0 leaves the most gas to the block's limit.

    Raises ExecutionReverted, ExecutionFailed, CallRefused or GasRequiredExceedsAllowance.
    """
    most = _most_gas(message, allowance)
    is_transfer = message.to is not None and not message.data and not allowance.target_has_code
    if is_transfer and _is_enough_for_transfer(run):
        return GAS_TRANSACTION
    result = _run(run, most)
    if result is None or result.error == "out of gas":
        raise GasRequiredExceedsAllowance(most)
    raise_failure(result)
    return _search(run, result, most)


def _most_gas(message: Message, allowance: Allowance) -> int:
    most = allowance.block_gas_limit
    if message.gas_limit >= GAS_TRANSACTION:
        most = message.gas_limit
    if allowance.transaction_gas_limit is not None:
        most = min(most, allowance.transaction_gas_limit)
    if message.max_fee_per_gas:
        if message.value >= allowance.sender_balance:
            raise CallRefused("insufficient funds for transfer")
        affordable = (allowance.sender_balance - message.value) // message.max_fee_per_gas
        if affordable <= UINT64_MAX:
            most = min(most, affordable)
    return min(most, allowance.gas_cap)


def _is_enough_for_transfer(run: RunWithGas) -> bool:
    try:
        return run(GAS_TRANSACTION).error is None
    except InvalidTransaction:
        return False


def _search(run: RunWithGas, result: CallResult, most: int) -> int:
    too_low, enough = result.gas_used - 1, most
    guess = (result.peak_gas_used + CALL_STIPEND) * 64 // 63
    if guess < enough:
        if _succeeds(run, guess):
            enough = guess
        else:
            too_low = guess
    while too_low + 1 < enough:
        if (enough - too_low) / enough < ERROR_RATIO:
            break
        # Most messages need little more than they use, so the low side is tried first.
        middle = min((enough + too_low) // 2, too_low * 2)
        if _succeeds(run, middle):
            enough = middle
        else:
            too_low = middle
    return enough


def _succeeds(run: RunWithGas, gas_limit: int) -> bool:
    result = _run(run, gas_limit)
    return result is not None and result.error is None


def _run(run: RunWithGas, gas_limit: int) -> CallResult | None:
    """None where the gas limit does not even cover the intrinsic gas: more gas may help."""
    try:
        return run(gas_limit)
    except IntrinsicGasTooLow:
        return None
    except InvalidTransaction as error:
        raise CallRefused(f"failed with {gas_limit} gas: {error}") from error
