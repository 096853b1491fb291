"""Pausing: OpenZeppelin's Pausable, for those with the pauser's role."""

from typing import Final

from eth_hash.auto import keccak
from eth_typing import Hash32

from precompiles.contract import custom_error
from precompiles.solidity import roles, slots
from precompiles.solidity.work import Work, topic, word

PAUSER_ROLE: Final = Hash32(keccak(b"PAUSER_ROLE"))
PAUSED: Final = topic("Paused(address)")
UNPAUSED: Final = topic("Unpaused(address)")


def paused(work: Work) -> tuple[bool]:
    return (bool(work.load(slots.PAUSED)),)


def require_running(work: Work) -> None:
    """Raises `Refusal` where the Flow is paused."""
    if work.load(slots.PAUSED):
        raise custom_error("EnforcedPause()")


def pause(work: Work) -> tuple[()]:
    roles.require_role(work, PAUSER_ROLE)
    require_running(work)
    _set_paused(work, 1, PAUSED)
    return ()


def unpause(work: Work) -> tuple[()]:
    roles.require_role(work, PAUSER_ROLE)
    if not work.load(slots.PAUSED):
        raise custom_error("ExpectedPause()")
    _set_paused(work, 0, UNPAUSED)
    return ()


def _set_paused(work: Work, value: int, event: Hash32) -> None:
    work.store(slots.PAUSED, value)
    work.emit((event,), word(work.call.caller))
