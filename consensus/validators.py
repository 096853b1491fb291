"""The validator set of a height: who votes with which power, and whose turn it is to propose."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from coincurve import PublicKey
from eth_hash.auto import keccak

from consensus.errors import InvalidValidatorSet
from consensus.recursive_length_prefix import encode, encode_integer
from consensus.values import Round, Validator, ValidatorAddress

TOTAL_POWER_MAX = (2**63 - 1) // 8
"""CometBFT's MaxTotalVotingPower: priorities stay within 64 bits."""
VALIDATORS_MAX = 1_000
NAME_BYTES_MAX = 64
PRIORITY_WINDOW = 2
"""Priorities span at most this many times the total power (CometBFT's PriorityWindowSizeFactor)."""
_ADDRESS_CACHE_MAX = 4 * VALIDATORS_MAX


@lru_cache(maxsize=_ADDRESS_CACHE_MAX)
def address_of(public_key: bytes) -> ValidatorAddress:
    """The address of a compressed secp256k1 key (33 bytes). Raises InvalidValidatorSet if it is none."""
    try:
        point = PublicKey(public_key)
    except (ValueError, TypeError) as error:
        raise InvalidValidatorSet(f"{public_key.hex()} is not a secp256k1 public key") from error
    if len(public_key) != 33:
        raise InvalidValidatorSet(f"public key has {len(public_key)} bytes, expected 33")
    return ValidatorAddress(keccak(point.format(compressed=False)[1:])[-20:])


@dataclass(frozen=True)
class ValidatorSet:
    """Validators in ascending order of address, with the state of the proposer rotation.

    The rotation is CometBFT's weighted round robin (its spec/consensus/proposer-selection.md).
    `priorities` are state that goes from height to height, one step a height whatever round decides.
    """

    validators: tuple[Validator, ...]
    priorities: tuple[int, ...]

    @classmethod
    def of(cls, validators: Iterable[Validator]) -> "ValidatorSet":
        """A first set, in any order. Raises InvalidValidatorSet."""
        ordered = _ordered(validators)
        return cls(ordered, (0,) * len(ordered))

    def __post_init__(self) -> None:
        _check(self.validators, self.priorities)

    @cached_property
    def addresses(self) -> tuple[ValidatorAddress, ...]:
        return tuple(address_of(validator.public_key) for validator in self.validators)

    @cached_property
    def total_power(self) -> int:
        return sum(validator.power for validator in self.validators)

    @cached_property
    def powers(self) -> dict[ValidatorAddress, int]:
        return {
            address: validator.power
            for address, validator in zip(self.addresses, self.validators, strict=True)
        }

    @cached_property
    def indexes(self) -> dict[ValidatorAddress, int]:
        """Place of each validator in the set: its bit in bitmaps."""
        return {address: index for index, address in enumerate(self.addresses)}

    def __contains__(self, address: ValidatorAddress | None) -> bool:
        return address in self.powers

    def __len__(self) -> int:
        return len(self.validators)

    def power_of(self, address: ValidatorAddress) -> int:
        """0 for a stranger."""
        return self.powers.get(address, 0)

    def has_quorum(self, power: int) -> bool:
        """The paper's 2f+1: more than two thirds; exactly two thirds is no quorum."""
        return power * 3 > self.total_power * 2

    def exceeds_third(self, power: int) -> bool:
        """The paper's f+1: at least one correct validator is among them."""
        return power * 3 > self.total_power

    def proposer(self, round: Round) -> ValidatorAddress:
        """Whose turn it is in this round: the rotation advanced `round` times more than in round 0."""
        priorities: Sequence[int] = self.priorities
        for _ in range(round):
            priorities, _ = _rotated(priorities, self.validators, self.total_power)
        _, index = _rotated(priorities, self.validators, self.total_power)
        return self.addresses[index]

    def advanced(self) -> "ValidatorSet":
        """The set of the next height when nobody joins or leaves."""
        priorities, _ = _rotated(self.priorities, self.validators, self.total_power)
        return ValidatorSet(self.validators, tuple(priorities))

    def with_validators(self, validators: Iterable[Validator]) -> "ValidatorSet":
        """This rotation continued with other members or powers. Raises InvalidValidatorSet.

        A newcomer starts at −1.125 times the total power, so that leaving and joining again never
        gains a turn (CometBFT's computeNewPriorities); then all are scaled and centred.
        """
        ordered = _ordered(validators)
        total = sum(validator.power for validator in ordered)
        newcomer = -(total + (total >> 3))
        known = dict(zip(self.addresses, self.priorities, strict=True))
        kept = [known.get(address_of(validator.public_key), newcomer) for validator in ordered]
        return ValidatorSet(ordered, tuple(_centred(_clipped(kept, total))))

    def hash(self) -> bytes:
        """32 bytes: keccak over keys and powers; neither names nor whose turn it is."""
        return self._hash

    @cached_property
    def _hash(self) -> bytes:
        return keccak(encode([[v.public_key, encode_integer(v.power)] for v in self.validators]))


def _ordered(validators: Iterable[Validator]) -> tuple[Validator, ...]:
    return tuple(sorted(validators, key=lambda validator: address_of(validator.public_key)))


def _check(validators: Sequence[Validator], priorities: Sequence[int]) -> None:
    """Raises InvalidValidatorSet."""
    if not 1 <= len(validators) <= VALIDATORS_MAX:
        raise InvalidValidatorSet(f"{len(validators)} validators, expected 1 to {VALIDATORS_MAX}")
    if len(priorities) != len(validators):
        raise InvalidValidatorSet(f"{len(priorities)} priorities for {len(validators)} validators")
    addresses = [address_of(validator.public_key) for validator in validators]
    for earlier, later in pairwise(addresses):
        if earlier >= later:
            raise InvalidValidatorSet(f"validator {later.hex()} is repeated or out of order")
    for validator, address in zip(validators, addresses, strict=True):
        if validator.power < 1:
            raise InvalidValidatorSet(f"power of {address.hex()} is {validator.power}, not above 0")
        if len(validator.name.encode()) > NAME_BYTES_MAX:
            raise InvalidValidatorSet(f"name {validator.name} is over {NAME_BYTES_MAX} bytes long")
    total = sum(validator.power for validator in validators)
    if total > TOTAL_POWER_MAX:
        raise InvalidValidatorSet(f"total power {total} is above {TOTAL_POWER_MAX}")


def _rotated(
    priorities: Sequence[int], validators: Sequence[Validator], total_power: int
) -> tuple[list[int], int]:
    """One step of the rotation: the new priorities, and the index of the validator whose turn it is."""
    moved = [
        priority + validator.power
        for priority, validator in zip(
            _centred(_clipped(priorities, total_power)), validators, strict=True
        )
    ]
    # The first of equals is the one with the lowest address, as in CometBFT.
    chosen = moved.index(max(moved))
    moved[chosen] -= total_power
    return moved, chosen


def _clipped(priorities: Sequence[int], total_power: int) -> Sequence[int]:
    """Scale down a spread wider than the window, towards zero (CometBFT's RescalePriorities)."""
    window = PRIORITY_WINDOW * total_power
    spread = max(priorities) - min(priorities)
    if spread <= window:
        return priorities
    ratio = -(-spread // window)
    return [abs(p) // ratio * (1 if p >= 0 else -1) for p in priorities]


def _centred(priorities: Sequence[int]) -> Sequence[int]:
    """Shift by the average, rounded down, so that the sum stays near zero (shiftByAvgProposerPriority)."""
    average = sum(priorities) // len(priorities)
    return [priority - average for priority in priorities] if average else priorities
