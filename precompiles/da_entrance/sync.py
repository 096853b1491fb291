"""Catching up with the chain: DASigners' epoch, the sampling rounds that are due, what an epoch earned.

Facts §2: `sync` runs one round after the other until none is due.
"""

from typing import Final

from eth_hash.auto import keccak
from eth_typing import Address

from precompiles.contract import add, divide, multiply, require, subtract
from precompiles.da_entrance import gas, layout
from precompiles.da_entrance.activation import MAX_PODAS_TARGET
from precompiles.da_entrance.entrance import DA_SIGNERS, Entrance
from precompiles.da_signers import epochs
from precompiles.interface import Returned
from precompiles.solidity.work import topic, word
from precompiles.storage import UINT64_MASK

NEW_SAMPLE_ROUND: Final = topic("NewSampleRound(uint256,uint256,bytes32,uint256)")
BPS: Final = 10_000
_MAKE_EPOCH: Final = keccak(b"makeEpoch()")[:4]
_SCALE_BITS: Final = 32
_DAMPING: Final = 8
NO_LIMIT: Final = 1 << 256


class Synchronizer:
    """Knows how long DASigners' epochs last, which its storage does not say."""

    def __init__(self, epoch_blocks: int) -> None:
        self._epoch_blocks = epoch_blocks

    def sync(self, entrance: Entrance) -> tuple[()]:
        """The epoch, then every round that is due."""
        self._sync_epoch(entrance)
        roll_rounds(entrance, NO_LIMIT)
        return ()

    def sync_fixed_times(self, entrance: Entrance, times: int) -> tuple[()]:
        """The epoch, then so many rounds at most."""
        self._sync_epoch(entrance)
        rolled = roll_rounds(entrance, times)
        entrance.charge(gas.IDLE_ROUND * (times - rolled))
        return ()

    def _sync_epoch(self, entrance: Entrance) -> None:
        self._make_epoch(entrance)
        epoch = epoch_number(entrance)
        if entrance.load(layout.CURRENT_EPOCH) != epoch:
            entrance.store(layout.CURRENT_EPOCH, epoch)
            _settle_epoch(entrance)

    def _make_epoch(self, entrance: Entrance) -> None:
        """Raises `Refusal`. A read-only call may go on where there is nothing to be made."""
        entrance.charge(gas.EPOCH_CHECK)
        number = entrance.call.block.number & UINT64_MASK
        current = epochs.current_epoch(entrance.signers)
        if epochs.is_epoch_over(entrance.signers, current, number, self._epoch_blocks):
            entrance.require_writable()
            entrance.charge(gas.EPOCH_MADE)
        elif entrance.is_read_only:
            return
        # Also where no epoch is due: a first call gives DASigners its code byte (facts §1a).
        outcome = entrance.call.precompile(DA_SIGNERS, _MAKE_EPOCH)
        require(isinstance(outcome, Returned), "DAEntrance: make epoch failed")


def epoch_number(entrance: Entrance) -> int:
    """DASigners' epoch as its `epochNumber` answers, where a faulty genesis may have set the sign bit."""
    epoch = epochs.current_epoch(entrance.signers)
    return epoch if not epoch >> 63 else epoch - (1 << 64) + (1 << 256)


def _settle_epoch(entrance: Entrance) -> None:
    """A share of what the last epoch earned goes to the treasury, the rest to the samplers."""
    earned = entrance.load(layout.CURRENT_EPOCH_REWARD)
    fee = multiply(earned, entrance.load(layout.SERVICE_FEE_RATE_BPS)) // BPS
    rest = add(entrance.load(layout.ACTIVED_REWARD), subtract(earned, fee))
    entrance.store(layout.ACTIVED_REWARD, rest)
    entrance.store(layout.CURRENT_EPOCH_REWARD, 0)
    if fee:
        treasury = entrance.load(layout.TREASURY).to_bytes(32, "big")[12:]
        entrance.send(Address(treasury), fee)


def roll_rounds(entrance: Entrance, most: int) -> int:
    """Begin the sampling rounds that are due, `most` of them at most; how many they were.

    Without a sampling period they never end, and the gas does.
    """
    number, due = entrance.call.block.number, entrance.load(layout.NEXT_SAMPLE_HEIGHT)
    if number < due or not most:
        return 0
    entrance.require_writable()
    period = entrance.load(layout.SAMPLE_PERIOD)
    sample_round = entrance.load(layout.SAMPLE_ROUND)
    target = entrance.load(layout.PODAS_TARGET)
    submissions = entrance.load(layout.ROUND_SUBMISSIONS)
    wanted = entrance.load(layout.TARGET_ROUND_SUBMISSIONS)
    wanted_next = entrance.load(layout.TARGET_ROUND_SUBMISSIONS_NEXT)
    seed, rolled = 0, 0
    while due <= number and rolled < most:
        entrance.charge(gas.ROUND)
        if sample_round:
            target = adjusted_target(target, submissions, wanted)
        sample_round, rolled = sample_round + 1, rolled + 1
        seed = int.from_bytes(entrance.call.block.hash(due - 1) or b"", "big")
        submissions, wanted = 0, wanted_next
        topics = (NEW_SAMPLE_ROUND, word(sample_round))
        entrance.emit(topics, word(due) + word(seed) + word(target))
        due = add(due, period)
    entrance.store(layout.SAMPLE_ROUND, sample_round)
    entrance.store(layout.SAMPLE_SEED, seed)
    entrance.store(layout.NEXT_SAMPLE_HEIGHT, due)
    entrance.store(layout.PODAS_TARGET, target)
    entrance.store(layout.ROUND_SUBMISSIONS, submissions)
    entrance.store(layout.TARGET_ROUND_SUBMISSIONS, wanted)
    return rolled


def adjusted_target(target: int, submissions: int, wanted: int) -> int:
    """Harder after a round with more responses than wanted, easier after one with fewer (facts §2)."""
    scaled = target >> _SCALE_BITS
    missing = wanted - submissions
    delta = divide(multiply(scaled, abs(missing)), wanted) // _DAMPING
    scaled = subtract(scaled, delta) if missing < 0 else add(scaled, delta)
    if scaled >= MAX_PODAS_TARGET >> _SCALE_BITS:
        return MAX_PODAS_TARGET
    return scaled << _SCALE_BITS
