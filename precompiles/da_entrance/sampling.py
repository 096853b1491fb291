"""Sampling: a signer that shows a piece of its data with a small enough hash is paid (facts §2)."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from precompiles import abi
from precompiles.bn254 import words
from precompiles.contract import add, divide, multiply, require
from precompiles.da_entrance import chunks, gas, layout, payments
from precompiles.da_entrance.commitments import commitment_exists
from precompiles.da_entrance.entrance import Entrance
from precompiles.da_entrance.sync import Synchronizer
from precompiles.da_signers import quorums
from precompiles.errors import DomainError, Refusal
from precompiles.solidity import prices, slots
from precompiles.solidity.work import topic, word
from precompiles.storage import UINT64_MASK

DA_REWARD: Final = topic(
    "DAReward(address,uint256,uint256,uint256,bytes32,uint256,uint256,uint256,uint256)"
)
_DA_REWARD_TYPES: Final = abi.parse_types("(uint256,bytes32,uint256,uint256,uint256,uint256)")
ROWS_PER_BLOB: Final = 1_024
SUBLINES: Final = 32
_WORD_VALUES: Final = 1 << 256
_NO_SEED: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Response:
    """A sampling response, field by field as in the call data."""

    seed: Hash32
    epoch: int
    quorum_id: int
    line: int
    subline: int
    quality: int
    data_root: Hash32
    blob_roots: tuple[Hash32, ...]
    proof: tuple[Hash32, ...]
    data: bytes

    @property
    def key(self) -> Hash32:
        """What no two responses share."""
        numbers = ((self.epoch, 8), (self.quorum_id, 8), (self.line, 4), (self.subline, 4))
        packed = b"".join(value.to_bytes(size, "big") for value, size in numbers)
        return Hash32(keccak(self.data_root + self.seed + packed))


def submit_sampling_response(
    synchronizer: Synchronizer, entrance: Entrance, values: tuple[Any, ...]
) -> tuple[()]:
    """Check a response in the contract's order and pay its row's signer; raises `Refusal`."""
    synchronizer.sync(entrance)
    response = Response(*values)
    _check_round(entrance, response)
    _check_epoch(entrance, response)
    _check_data(entrance, response)
    beneficiary = _signer_of_row(entrance, response)
    taken = add(entrance.load(layout.ROUND_SUBMISSIONS), 1)
    entrance.store(layout.ROUND_SUBMISSIONS, taken)
    reward = _take_reward(entrance)
    if reward:
        payments.pay_later(entrance, beneficiary, reward)
    _announce(entrance, response, beneficiary, reward)
    return ()


def sample_task(synchronizer: Synchronizer, entrance: Entrance) -> tuple[tuple[Hash32, int, int]]:
    """Seed, target, and how many responses the round still takes."""
    synchronizer.sync(entrance)
    most = multiply(entrance.load(layout.TARGET_ROUND_SUBMISSIONS), 2)
    rest = (most - entrance.load(layout.ROUND_SUBMISSIONS)) & UINT64_MASK
    return ((word(entrance.load(layout.SAMPLE_SEED)), entrance.load(layout.PODAS_TARGET), rest),)


def sample_range(synchronizer: Synchronizer, entrance: Entrance) -> tuple[tuple[int, int]]:
    """First and last epoch whose data are sampled."""
    synchronizer.sync(entrance)
    last = max(entrance.load(layout.CURRENT_EPOCH) - 1, 0)
    window = entrance.load(layout.EPOCH_WINDOW_SIZE)
    first = last - (window - 1) if last >= window else 0
    return ((first & UINT64_MASK, last & UINT64_MASK),)


def _check_round(entrance: Entrance, response: Response) -> None:
    entrance.charge(prices.hashing(88))
    slot = slots.item(layout.SAMPLED, response.key)
    require(not entrance.load(slot), "Duplicated submission")
    entrance.store(slot, 1)
    require(entrance.load(layout.SAMPLE_ROUND) > 0, "Sample round 0 cannot be mined")
    most = multiply(entrance.load(layout.TARGET_ROUND_SUBMISSIONS), 2)
    is_open = entrance.load(layout.ROUND_SUBMISSIONS) < most
    require(is_open, "Too many submissions in one round")
    seed = word(entrance.load(layout.SAMPLE_SEED))
    require(response.seed == seed, "Unmatched sample seed")
    require(response.quality <= entrance.load(layout.PODAS_TARGET), "Quality not reached")


def _check_epoch(entrance: Entrance, response: Response) -> None:
    epoch, current = response.epoch, entrance.load(layout.CURRENT_EPOCH)
    (exists,) = commitment_exists(entrance, response.data_root, epoch, response.quorum_id)
    require(exists, "Unrecorded commitment")
    last = add(epoch, entrance.load(layout.EPOCH_WINDOW_SIZE))
    require(last >= current, "Epoch has stopped sampling")
    require(epoch < current, "Cannot sample current epoch")


def _check_data(entrance: Entrance, response: Response) -> None:
    """That the data are where they should be in the data root, and have the quality that was claimed."""
    require(response.seed != _NO_SEED, "Sample seed cannot be empty")
    require(response.line < chunks.BLOBS * ROWS_PER_BLOB, "Incorrect line index")
    require(response.subline < SUBLINES, "Incorrect sub-line index")
    _check_quality(entrance, response)
    subline = chunks.root_of_subline(entrance, response.data)
    blob, row = divmod(response.line, ROWS_PER_BLOB)
    data_root = chunks.root_of_blobs(entrance, response.blob_roots)
    require(data_root == response.data_root, "Incorrect dataRoot")
    position = row * SUBLINES + response.subline
    blob_root = chunks.root_above(entrance, subline, position, response.proof)
    require(blob_root == response.blob_roots[blob], "Incorrect blob Root")


def _check_quality(entrance: Entrance, response: Response) -> None:
    place = words(response.epoch, response.quorum_id) + response.data_root
    line = response.seed + place + response.line.to_bytes(8, "big")
    entrance.charge(prices.hashing(len(line)) + prices.hashing(64 + len(response.data)))
    line_quality = keccak(line)
    data_quality = keccak(line_quality + words(response.subline) + response.data)
    quality = int.from_bytes(line_quality, "big") + int.from_bytes(data_quality, "big")
    require(quality < _WORD_VALUES, "Quality overflow")
    require(quality == response.quality, "Incorrect quality")


def _signer_of_row(entrance: Entrance, response: Response) -> Address:
    """As DASigners' getQuorumRow; what fails there is here a refusal without a reason."""
    epoch, quorum_id = response.epoch, response.quorum_id
    entrance.charge(gas.QUORUM)
    try:
        return quorums.load_row(entrance.signers, epoch, quorum_id, response.line)
    except DomainError as error:
        raise Refusal from error


def _take_reward(entrance: Entrance) -> int:
    """A fraction of what epochs have earned, and the base reward as long as donations last."""
    active = entrance.load(layout.ACTIVED_REWARD)
    reward = divide(active, entrance.load(layout.REWARD_RATIO))
    entrance.store(layout.ACTIVED_REWARD, active - reward)
    total = entrance.load(layout.TOTAL_BASE_REWARD)
    extra = min(total, entrance.load(layout.BASE_REWARD))
    entrance.store(layout.TOTAL_BASE_REWARD, total - extra)
    return add(reward, extra)


def _announce(entrance: Entrance, response: Response, beneficiary: Address, reward: int) -> None:
    sample_round = entrance.load(layout.SAMPLE_ROUND)
    topics = (DA_REWARD, word(beneficiary), word(sample_round), word(response.epoch))
    values = (
        response.quorum_id, response.data_root, response.quality,
        response.line, response.subline, reward,
    )  # fmt: skip
    entrance.emit(topics, abi.encode(_DA_REWARD_TYPES, values))


def bound(synchronizer: Synchronizer) -> dict[str, Any]:
    """The functions of this module that begin with a sync, by name."""
    functions = (submit_sampling_response, sample_task, sample_range)
    return {function.__name__: partial(function, synchronizer) for function in functions}
