"""What a block must pay and slash: a function of genesis, the parent's state, evidence and certificate.

Every validator works it out for itself and compares; any other list makes the block invalid.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from eth_typing import Address

from chain.engine import StateReader, Withdrawal
from chain.staking import (
    SENTINEL_VALIDATOR_INDEX,
    STAKING_CONTRACT,
    WEI_PER_GWEI,
    WEI_PER_POWER,
    Staking,
)
from consensus.encoding import EVIDENCE_PER_BLOCK_MAX
from consensus.validators import ValidatorSet
from consensus.values import Certificate, ValidatorAddress
from genesis.staking.layout import Status
from genesis.staking.reading import staked_validator
from node.staking.absences import Absences, counted

SLASHED_PER_BLOCK_MAX: Final = 16
"""0G's (facts §1b); absences beyond it wait for the next block."""
SLASHED_FRACTION: Final = 50
"""One part in so many of the effective stake: 2 % (facts §1b)."""
SLASHED_WEI_MAX: Final = 500 * WEI_PER_POWER
"""For one entry (facts §1b)."""
ABSENCE_GWEI: Final = 1
"""An entry of this amount takes nothing: the contract leaves the validator out (`Staking.sol`)."""
assert EVIDENCE_PER_BLOCK_MAX <= SLASHED_PER_BLOCK_MAX, "all evidence of a block slashes in it"


@dataclass(frozen=True, slots=True)
class Prescribed:
    """The lists of one block, and the absences after it."""

    withdrawals: tuple[Withdrawal, ...] = ()
    slashed: tuple[Withdrawal, ...] = ()
    absences: Absences = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LastHeight:
    """What a block knows of its parent's height."""

    decided_by: ValidatorSet
    proposer: ValidatorAddress | None
    """None: the genesis, which nobody decided."""
    absences: Absences
    """Before the parent's height is counted."""


def prescribe(
    staking: Staking | None,
    number: int,
    reader: StateReader,
    last: LastHeight,
    last_certificate: Certificate | None,
    offenders: Sequence[ValidatorAddress],
) -> Prescribed:
    """For block `number` on the state of `reader`; `offenders` are ascending, each once."""
    if staking is None:
        return Prescribed()
    absences: dict[ValidatorAddress, int] = {}
    if last_certificate is not None:
        present = {validator for validator, _ in last_certificate.signatures}
        if last.proposer is not None:
            present.add(last.proposer)
        absences = counted(last.absences, last.decided_by, present)
    entries = [(who, slashed_gwei(reader, who)) for who in offenders]
    entries += [
        (who, ABSENCE_GWEI)
        for who in sorted(absences)
        if absences[who] >= staking.missed_blocks_limit
        and who not in offenders
        and staked_validator(reader, who).status is Status.RANKED
    ][: SLASHED_PER_BLOCK_MAX - len(entries)]
    for who, _ in entries:
        # Whoever comes back begins anew.
        absences.pop(who, None)
    slashed = tuple(
        Withdrawal(index, 0, Address(who), gwei) for index, (who, gwei) in enumerate(entries)
    )
    return Prescribed(_reward(staking, number), slashed, absences)


def slashed_gwei(reader: StateReader, offender: ValidatorAddress) -> int:
    """2 % of what stands behind the validator, what is on its way out included, at most 500 0G.

    Never so little that it would mean an absence, or be passed over as nothing.
    """
    effective = staked_validator(reader, offender).effective_stake_wei
    wei = min(effective // SLASHED_FRACTION, SLASHED_WEI_MAX)
    return max(wei // WEI_PER_GWEI, ABSENCE_GWEI + 1)


def _reward(staking: Staking, number: int) -> tuple[Withdrawal, ...]:
    """The distribution of facts §1b; none where there is no reward."""
    gwei = staking.reward_per_block // WEI_PER_GWEI
    if not gwei:
        return ()
    return (Withdrawal(number, SENTINEL_VALIDATOR_INDEX, STAKING_CONTRACT, gwei),)
