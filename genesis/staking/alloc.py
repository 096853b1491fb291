"""The staking contract in a genesis document: its code, its storage, and the stake that it holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_typing import Address

from chain.config import ChainConfig
from chain.engine import AccountChange
from chain.staking import STAKING_CONTRACT, WEI_PER_POWER, Staking
from consensus.validators import address_of
from genesis.contracts import artifact
from genesis.errors import InvalidGenesis
from genesis.staking.layout import (
    ACTIVE_STAKE_SLOT,
    LIMITS_SLOT,
    MIN_STAKE_SLOT,
    RANKING_SLOT,
    REVISION_SLOT,
    Standing,
    Status,
    ValidatorSlots,
    delegated_shares_slot,
    packed_limits,
    ranking_slot,
)

_KEY = f"0x{STAKING_CONTRACT.hex()}"
_FIRST_REVISION = 1


@dataclass(frozen=True, slots=True)
class FirstValidator:
    """A validator of the genesis document; its stake is its power in whole 0G."""

    public_key: bytes
    """33 bytes, compressed."""
    power: int
    owner: Address
    """The account that may delegate, exit and withdraw for it."""

    @property
    def address(self) -> bytes:
        return address_of(self.public_key)

    @property
    def stake_wei(self) -> int:
        return self.power * WEI_PER_POWER


def staking_alloc(staking: Staking, validators: Sequence[FirstValidator]) -> dict[str, Any]:
    """The contract's account, ready for JSON."""
    slots = first_storage(staking, validators)
    return {
        _KEY: {
            "balance": hex(sum(validator.stake_wei for validator in validators)),
            "nonce": "0x1",
            "code": f"0x{artifact('Staking').runtime.hex()}",
            "storage": {f"0x{slot:064x}": f"0x{value:064x}" for slot, value in slots.items()},
        }
    }


def staking_section(staking: Staking) -> dict[str, Any]:
    """`staking` with these rules for `config.zerog`, ready for JSON."""
    section = {
        "maxActive": staking.max_active,
        "minStake": hex(staking.min_stake),
        "unbondingBlocks": staking.unbonding_blocks,
        "rewardPerBlock": hex(staking.reward_per_block),
        "missedBlocksLimit": staking.missed_blocks_limit,
    }
    return {"staking": section}


def first_storage(staking: Staking, validators: Sequence[FirstValidator]) -> Mapping[int, int]:
    """Slot → value, ascending: every validator ranked, each with its owner's stake alone."""
    ranked = sorted(validators, key=lambda validator: (-validator.power, validator.address))
    slots = {
        REVISION_SLOT: _FIRST_REVISION,
        ACTIVE_STAKE_SLOT: sum(v.stake_wei for v in ranked[: staking.max_active]),
        LIMITS_SLOT: packed_limits(staking.max_active, staking.unbonding_blocks),
        MIN_STAKE_SLOT: staking.min_stake,
        RANKING_SLOT: len(ranked),
    }
    for place, validator in enumerate(ranked):
        at = ValidatorSlots.of(validator.address)
        standing = Standing(
            owner=validator.owner,
            key_prefix=validator.public_key[0],
            status=Status.RANKED,
            is_active=place < staking.max_active,
            status_block=0,
        )
        slots |= {
            ranking_slot(place): int.from_bytes(validator.address, "big"),
            at.key: int.from_bytes(validator.public_key[1:], "big"),
            at.standing: standing.packed(),
            at.stake: validator.stake_wei,
            at.shares: validator.stake_wei,
            delegated_shares_slot(validator.address, validator.owner): validator.stake_wei,
        }
    return dict(sorted(slots.items()))


def check_staking(
    config: ChainConfig,
    timestamp: int,
    validators: Sequence[FirstValidator],
    alloc: tuple[AccountChange, ...],
) -> None:
    """Raises InvalidGenesis where the document does not begin a chain with this staking.

    `timestamp` is block zero's, in seconds.
    """
    staking = config.staking
    if staking is None:
        return
    if not config.rules(0, timestamp).staking_active:
        expected = "at most the genesis timestamp, as there is config.zerog.staking"
        raise InvalidGenesis("config.StakingActivationTime", expected, "later, or none")
    if len(validators) > staking.max_active:
        expected = f"at most config.zerog.staking.maxActive, {staking.max_active}"
        raise InvalidGenesis("validators", expected, str(len(validators)))
    for index, validator in enumerate(validators):
        if validator.stake_wei < staking.min_stake:
            expected = f"config.zerog.staking.minStake in whole 0G, {staking.min_stake} wei"
            raise InvalidGenesis(f"validators[{index}].power", expected, str(validator.power))
    _check_account(staking, validators, alloc)


def _check_account(
    staking: Staking, validators: Sequence[FirstValidator], alloc: tuple[AccountChange, ...]
) -> None:
    change = next((change for change in alloc if change.address == STAKING_CONTRACT), None)
    if change is None or change.account is None or change.code != artifact("Staking").runtime:
        raise InvalidGenesis(f"alloc.{_KEY}.code", "the staking contract's", "none, or other code")
    stake = sum(validator.stake_wei for validator in validators)
    if change.account.balance != stake:
        expected = f"the validators' stake, {stake} wei"
        raise InvalidGenesis(f"alloc.{_KEY}.balance", expected, str(change.account.balance))
    if dict(change.slots) != first_storage(staking, validators):
        expected = "what follows from config.zerog.staking and validators"
        raise InvalidGenesis(f"alloc.{_KEY}.storage", expected, "another storage")
