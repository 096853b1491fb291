"""0G's steps at the end of a block from Prague on: distribution, slashing, restaking, inflation.

Facts §1b "End-of-block system operations" and [O5] to [O8]. Amounts reach the chain as withdrawals whose
validator index is the sentinel; ordinary withdrawal processing passes over them.
"""

from collections.abc import Sequence
from typing import Final

from eth_utils import to_checksum_address

from chain.engine import Withdrawal
from chain.forks.fork import Fork
from chain.py_evm.evm_state import EvmState
from chain.py_evm.frame_errors import geth_text
from chain.py_evm.system_calls import system_call
from chain.staking import SENTINEL_VALIDATOR_INDEX, STAKING_CONTRACT, WEI_PER_GWEI

SLASH_VALIDATOR_SELECTOR: Final = bytes.fromhex("3e4208ef")
"""slashValidator(address,uint256)."""
RESTAKING_POSITIONS: Final = (1, 2)
"""Restaking rewards and base inflation."""


def run_zero_g_steps(
    state: EvmState, withdrawals: Sequence[Withdrawal], slashed: Sequence[Withdrawal]
) -> list[str]:
    """Carry them out; returns the errors that 0g-geth only logs."""
    if state.fork < Fork.PRAGUE or not state.rules.has_zero_g_steps:
        return []
    errors = []
    if withdrawals and is_sentinel(withdrawals[0]):
        errors += _distribute(state, withdrawals[0])
    errors += _slash(state, slashed)
    if state.rules.restaking_active:
        for position in RESTAKING_POSITIONS:
            if len(withdrawals) > position and is_sentinel(withdrawals[position]):
                credit(state, withdrawals[position])
    return errors


def is_sentinel(withdrawal: Withdrawal) -> bool:
    return withdrawal.validator_index == SENTINEL_VALIDATOR_INDEX


def credit(state: EvmState, withdrawal: Withdrawal) -> None:
    """Add the amount to the balance."""
    state.delta_balance(withdrawal.address, withdrawal.amount * WEI_PER_GWEI)


def _distribute(state: EvmState, withdrawal: Withdrawal) -> list[str]:
    """The credit stays even where the call fails (facts §1b)."""
    credit(state, withdrawal)
    amount = withdrawal.amount * WEI_PER_GWEI
    target = STAKING_CONTRACT if state.rules.staking_active else withdrawal.address
    frame = system_call(state, target, amount.to_bytes(32, "big"))
    state.settle()
    if frame.error is None:
        return []
    text = geth_text(frame.error)
    return [f"could not process staking distribution err=system call failed to execute: {text}"]


def _slash(state: EvmState, slashed: Sequence[Withdrawal]) -> list[str]:
    """One unit of state, ended by the first failure; made with staking inactive too (facts [O6], [O7])."""
    errors: list[str] = []
    for entry in slashed:
        if not entry.amount:
            continue
        amount = entry.amount * WEI_PER_GWEI
        data = (
            SLASH_VALIDATOR_SELECTOR + entry.address.rjust(32, b"\0") + amount.to_bytes(32, "big")
        )
        frame = system_call(state, STAKING_CONTRACT, data)
        if frame.error is not None:
            validator, text = to_checksum_address(entry.address), geth_text(frame.error)
            errors.append(
                "could not process staking slashings "
                f"err=slashValidator failed for validator {validator}: {text}"
            )
            break
    state.settle()
    return errors
