"""Who is active, with which stake: read from the staking contract's storage at one state.

Pure functions over a `StateReader`, so that every node reads the same set after the same block.
"""

from dataclasses import dataclass

from eth_typing import Address

from chain.engine import StateReader
from chain.staking import STAKING_CONTRACT, WEI_PER_POWER
from consensus.validators import TOTAL_POWER_MAX
from consensus.values import Validator, ValidatorAddress
from genesis.staking.layout import (
    LIMITS_SLOT,
    RANKING_SLOT,
    REVISION_SLOT,
    Standing,
    Status,
    ValidatorSlots,
    ranking_slot,
)

_ACTIVE_MASK = 2**64 - 1


@dataclass(frozen=True, slots=True)
class StakedValidator:
    """One validator as the contract knows it."""

    standing: Standing
    stake_wei: int
    unbonding_wei: int
    """On its way out, and still liable."""

    @property
    def effective_stake_wei(self) -> int:
        """What can be slashed."""
        return self.stake_wei + self.unbonding_wei

    @property
    def owner(self) -> Address:
        return self.standing.owner

    @property
    def status(self) -> Status:
        return self.standing.status


def revision_of(reader: StateReader) -> int:
    """Grows with every change that could make another set; 0 where there is no contract."""
    return reader.slot(STAKING_CONTRACT, REVISION_SLOT)


def active_validators(reader: StateReader) -> tuple[Validator, ...]:
    """The first of the ranking, at most as many as may be active, most stake first; without names."""
    count = min(
        reader.slot(STAKING_CONTRACT, RANKING_SLOT),
        reader.slot(STAKING_CONTRACT, LIMITS_SLOT) & _ACTIVE_MASK,
    )
    keys, stakes = [], []
    for place in range(count):
        word = reader.slot(STAKING_CONTRACT, ranking_slot(place))
        at = ValidatorSlots.of(word.to_bytes(20, "big"))
        prefix = Standing.unpacked(reader.slot(STAKING_CONTRACT, at.standing)).key_prefix
        key_x = reader.slot(STAKING_CONTRACT, at.key)
        keys.append(bytes([prefix]) + key_x.to_bytes(32, "big"))
        stakes.append(reader.slot(STAKING_CONTRACT, at.stake))
    return tuple(map(Validator, keys, powers_of(stakes)))


def powers_of(stakes_wei: list[int]) -> list[int]:
    """Whole 0G, at least 1; halved together until their sum is one that consensus can count with."""
    powers = [max(1, stake // WEI_PER_POWER) for stake in stakes_wei]
    while sum(powers) > TOTAL_POWER_MAX:
        powers = [max(1, power // 2) for power in powers]
    return powers


def staked_validator(reader: StateReader, validator: ValidatorAddress) -> StakedValidator:
    """How a validator stands; one with status UNKNOWN where there is none of that address."""
    at = ValidatorSlots.of(validator)
    return StakedValidator(
        Standing.unpacked(reader.slot(STAKING_CONTRACT, at.standing)),
        reader.slot(STAKING_CONTRACT, at.stake),
        reader.slot(STAKING_CONTRACT, at.unbonding),
    )
