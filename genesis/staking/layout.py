"""Where `Staking.sol` keeps what: slots as Solidity's compiler lays them out, in order of declaration.

`validators[address]` is a struct of eight words: keyX; owner (20 bytes) ‖ keyPrefix ‖ status ‖ isActive
‖ statusBlock (8 bytes), lowest first; stake; shares; unbonding; unbondingShares; rewardMark;
rewardPerShare.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from eth_hash.auto import keccak
from eth_typing import Address

REVISION_SLOT: Final = 0
LIMITS_SLOT: Final = 3
"""maxActive in the low 8 bytes, unbondingBlocks in the 8 above."""
ACTIVE_STAKE_SLOT: Final = 2
MIN_STAKE_SLOT: Final = 4
RANKING_SLOT: Final = 5
_VALIDATORS_SLOT: Final = 6
_DELEGATIONS_SLOT: Final = 7
_STAKE, _SHARES, _UNBONDING = 2, 3, 4
_ADDRESS_MASK: Final = 2**160 - 1


class Status(IntEnum):
    """`Staking.Status`."""

    UNKNOWN = 0
    RANKED = 1
    WAITING = 2
    ABSENT = 3
    EXITED = 4
    SLASHED = 5


@dataclass(frozen=True, slots=True)
class Standing:
    """The second word of a validator."""

    owner: Address
    key_prefix: int
    """2 or 3, the first byte of the compressed key; 0 of nobody."""
    status: Status
    is_active: bool
    status_block: int

    def packed(self) -> int:
        return (
            int.from_bytes(self.owner, "big")
            | self.key_prefix << 160
            | self.status << 168
            | self.is_active << 176
            | self.status_block << 184
        )

    @classmethod
    def unpacked(cls, word: int) -> "Standing":
        return cls(
            owner=Address((word & _ADDRESS_MASK).to_bytes(20, "big")),
            key_prefix=word >> 160 & 0xFF,
            status=Status(word >> 168 & 0xFF),
            is_active=bool(word >> 176 & 0xFF),
            status_block=word >> 184 & 2**64 - 1,
        )


@dataclass(frozen=True, slots=True)
class ValidatorSlots:
    """Where one validator's words are."""

    key: int

    @classmethod
    def of(cls, validator: bytes) -> "ValidatorSlots":
        """`validator` is the 20-byte address of the consensus key."""
        return cls(_mapped(validator, _VALIDATORS_SLOT))

    @property
    def standing(self) -> int:
        return self.key + 1

    @property
    def stake(self) -> int:
        return self.key + _STAKE

    @property
    def shares(self) -> int:
        return self.key + _SHARES

    @property
    def unbonding(self) -> int:
        return self.key + _UNBONDING


def ranking_slot(place: int) -> int:
    """Of the validator at a place of the ranking, from 0."""
    return int.from_bytes(keccak(RANKING_SLOT.to_bytes(32, "big")), "big") + place


def delegated_shares_slot(validator: bytes, delegator: bytes) -> int:
    """Of a delegation's shares."""
    return _mapped(delegator, _mapped(validator, _DELEGATIONS_SLOT))


def packed_limits(max_active: int, unbonding_blocks: int) -> int:
    """The word at `LIMITS_SLOT`."""
    return max_active | unbonding_blocks << 64


def _mapped(address: bytes, slot: int) -> int:
    """The slot of a mapping's value, whose key is an address."""
    return int.from_bytes(keccak(address.rjust(32, b"\0") + slot.to_bytes(32, "big")), "big")
