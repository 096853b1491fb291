"""`config.zerog.staking`: the validator set is driven by the staking contract, by these rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from eth_typing import Address
from eth_utils.address import to_canonical_address

from chain.config_fields import read_number, read_optional_object
from chain.errors import InvalidConfig

STAKING_CONTRACT: Final = Address(
    to_canonical_address("0xea224dBB52F57752044c0C86aD50930091F561B9")
)
"""0G's (facts §1b)."""
SENTINEL_VALIDATOR_INDEX: Final = 2**64 - 1
"""Of a withdrawal that means a step of 0G's at the end of the block (facts §1b)."""
WEI_PER_GWEI: Final = 10**9
WEI_PER_POWER: Final = 10**18
"""A validator's voting power is its stake in whole 0G."""
MAX_ACTIVE_LIMIT: Final = 1_000
"""Validators in a set, and entries of the contract's ranking."""
BLOCKS_LIMIT: Final = 2**40
REWARD_GWEI_LIMIT: Final = 2**64 - 1
"""A withdrawal's amount has 64 bits."""
_KEYS: Final = ("maxActive", "minStake", "unbondingBlocks", "rewardPerBlock", "missedBlocksLimit")


@dataclass(frozen=True, slots=True)
class Staking:
    """The rules of staking, as the genesis document has them."""

    max_active: int
    """At most so many validators decide."""
    min_stake: int
    """Wei, of a validator's whole stake."""
    unbonding_blocks: int
    """From undelegating to withdrawing; so long evidence counts, too."""
    reward_per_block: int
    """Wei, a whole number of gwei; shared by stake among those who decide."""
    missed_blocks_limit: int
    """Whoever misses so many blocks in a row is left out of the set."""


def read_staking(value: object) -> Staking | None:
    """None where there is no such section; raises `InvalidConfig` naming the field."""
    if value is None:
        return None
    section = read_optional_object("zerog.staking", value)
    for key in section:
        if key not in _KEYS:
            raise InvalidConfig(f"zerog.staking.{key}", section[key], "one of " + ", ".join(_KEYS))
    reward = _number(section, "rewardPerBlock", 0, REWARD_GWEI_LIMIT * WEI_PER_GWEI)
    if reward % WEI_PER_GWEI:
        raise InvalidConfig("zerog.staking.rewardPerBlock", reward, "whole gwei (10**9 wei)")
    return Staking(
        max_active=_number(section, "maxActive", 1, MAX_ACTIVE_LIMIT),
        min_stake=_number(section, "minStake", WEI_PER_POWER, 2**128),
        unbonding_blocks=_number(section, "unbondingBlocks", 1, BLOCKS_LIMIT),
        reward_per_block=reward,
        missed_blocks_limit=_number(section, "missedBlocksLimit", 1, BLOCKS_LIMIT),
    )


def _number(section: Mapping[str, Any], key: str, least: int, most: int) -> int:
    name = f"zerog.staking.{key}"
    number = read_number(name, section.get(key))
    if not least <= number <= most:
        raise InvalidConfig(name, number, f"a number from {least} to {most}")
    return number
