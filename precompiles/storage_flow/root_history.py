"""The roots at the ends of the last thousand epochs: 0G's DigestHistory, a view of the Flow's storage."""

from collections.abc import Sequence
from typing import Any

from eth_typing import Hash32

from precompiles.contract import custom_error
from precompiles.solidity import prices
from precompiles.solidity.work import Work, word
from precompiles.storage_flow import gas, layout
from precompiles.storage_flow.addresses import FLOW


def available(work: Work, index: int) -> tuple[bool]:
    """Whether the root of epoch `index`, from 0, is still there."""
    count = _flow_slot(work, layout.EPOCH)
    return (index < count <= index + layout.EPOCH_ROOTS_KEPT,)


def at(work: Work, index: int) -> tuple[Hash32]:
    """Raises `Refusal`."""
    if not available(work, index)[0]:
        raise custom_error("UnavailableIndex(uint256)", index)
    return (word(_flow_slot(work, layout.epoch_root(index))),)


def contains(work: Work, root: Hash32) -> tuple[bool]:
    kept = min(_flow_slot(work, layout.EPOCH), layout.EPOCH_ROOTS_KEPT)
    return (any(_root(work, index) == root for index in range(kept)),)


def owner_only(work: Work, *arguments: Any) -> Sequence[Any]:
    """The owner is the Flow, which writes without a call: everybody else is refused."""
    raise custom_error("OwnableUnauthorizedAccount(address)", work.call.caller)


def _root(work: Work, index: int) -> Hash32:
    work.charge(gas.HISTORY_STEP)
    return word(_flow_slot(work, layout.epoch_root(index)))


def _flow_slot(work: Work, slot: int) -> int:
    work.charge(prices.SLOT_READ)
    return work.call.storage_of(FLOW).load(slot)
