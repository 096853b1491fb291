"""What miners work on: at the end of each epoch of blocks, the tree's root and a block hash (facts §3)."""

from typing import Final

from eth_hash.auto import keccak
from eth_typing import Hash32

from precompiles import abi
from precompiles.contract import INDEX_OUT_OF_BOUNDS, panic, refusal, require
from precompiles.solidity import prices
from precompiles.solidity.slots import item
from precompiles.solidity.work import Work, topic, word
from precompiles.storage_flow import gas, layout
from precompiles.storage_flow.accumulator import Accumulator
from precompiles.storage_flow.activation import EMPTY_HASH
from precompiles.storage_flow.addresses import BLOCK_HASHES
from precompiles.storage_flow.pausing import require_running

NEW_EPOCH: Final = topic("NewEpoch(address,uint256,bytes32,uint256,uint256,bytes32)")
_NEW_EPOCH_TYPES: Final = abi.parse_types("(bytes32,uint256,uint256,bytes32)")
RECENT_BLOCKS: Final = 256
KEPT_BLOCKS: Final = 8_191
"""How far back the EVM itself, and EIP-2935's contract, know block hashes."""
_WORD_VALUES: Final = 1 << 256

Context = tuple[int, int, Hash32, int, Hash32, Hash32]
Range = tuple[int, int, Hash32]


def make_context(work: Work) -> tuple[()]:
    """Make the contexts of all epochs that are over."""
    require_launched(work)
    while _make_one(work):
        pass
    return ()


def make_context_fixed_times(work: Work, count: int) -> tuple[()]:
    """The same, `count` + 1 at most, as the contract counts."""
    require_launched(work)
    while count >= 0 and _make_one(work):
        count -= 1
    return ()


def make_context_with_result(work: Work) -> tuple[Context]:
    make_context(work)
    return get_context(work)


def require_launched(work: Work) -> None:
    """Raises `Refusal` before the first block."""
    is_launched = work.call.block.number >= work.load(layout.FIRST_BLOCK)
    require(is_launched, "Contract has not launched.")


def get_context(work: Work) -> tuple[Context]:
    epoch, start, root, length, block, digest = (
        work.load(layout.CONTEXT + index) for index in range(layout.CONTEXT_WORDS)
    )
    return ((epoch, start, word(root), length, word(block), word(digest)),)


def get_epoch_range(work: Work, digest: Hash32) -> tuple[tuple[int, int]]:
    return (layout.unpack_range(work.load(item(layout.EPOCH_RANGES, digest))),)


def get_epoch_range_history(work: Work, index: int) -> tuple[Range]:
    """Raises `Refusal`: Solidity's panic of an index out of bounds."""
    if index >= work.load(layout.EPOCH_RANGE_HISTORY):
        raise panic(INDEX_OUT_OF_BOUNDS)
    return (_range(work, index),)


def query_context_at_position(work: Work, position: int) -> tuple[Range]:
    """The range of the epoch in which the sector was submitted; raises `Refusal`."""
    make_context(work)
    is_there = position < work.load(layout.TREE_LENGTH)
    require(is_there, "Queried position exceeds upper bound")
    low, high = 0, work.load(layout.EPOCH_RANGE_HISTORY)
    while low < high:
        middle = (low + high) // 2
        found = _range(work, middle)
        start, end, _ = found
        if position >= end:
            low = middle + 1
        elif position >= start:
            return (found,)
        else:
            high = middle
    raise refusal("Can not find proper context")


def _range(work: Work, index: int) -> Range:
    work.charge(gas.HISTORY_STEP)
    slot = layout.range_in_history(index)
    start, end = layout.unpack_range(work.load(slot))
    return start, end, word(work.load(slot + 1))


def _make_one(work: Work) -> bool:
    """Whether the current epoch was over, and its context is made."""
    require_running(work)
    epoch, period = work.load(layout.EPOCH), work.load(layout.BLOCKS_PER_EPOCH)
    end = (work.load(layout.FIRST_BLOCK) + (epoch + 1) * period) % _WORD_VALUES
    if end >= work.call.block.number:
        return False
    work.charge(gas.CONTEXT)
    tree = Accumulator(work)
    root, length = tree.commit(), tree.length
    work.store(layout.epoch_root(epoch), int.from_bytes(root, "big"))
    block_digest = digest = word(EMPTY_HASH)
    if end + KEPT_BLOCKS >= work.call.block.number:
        block_digest = _block_hash(work, end)
        work.charge(prices.hashing(3 * abi.WORD_BYTES))
        digest = Hash32(keccak(block_digest + root + word(length)))
        _keep_range(work, digest, length)
    work.store(layout.EPOCH, epoch + 1)
    _set_context(work, (epoch + 1, end, root, length, block_digest, digest))
    _announce(work, epoch + 1, root, length, digest)
    return True


def _block_hash(work: Work, number: int) -> Hash32:
    """Zeros where it is not known."""
    if work.call.block.number - number <= RECENT_BLOCKS:
        work.charge(gas.BLOCK_HASH)
        return work.call.block.hash(number) or word(0)
    work.charge(prices.SLOT_READ)
    return word(work.call.storage_of(BLOCK_HASHES).load(number % KEPT_BLOCKS))


def _keep_range(work: Work, digest: Hash32, length: int) -> None:
    packed = layout.pack_range(work.load(layout.EPOCH_START_POSITION), length)
    work.store(item(layout.EPOCH_RANGES, digest), packed)
    count = work.load(layout.EPOCH_RANGE_HISTORY)
    slot = layout.range_in_history(count)
    work.store(slot, packed)
    work.store(slot + 1, int.from_bytes(digest, "big"))
    work.store(layout.EPOCH_RANGE_HISTORY, count + 1)
    work.store(layout.EPOCH_START_POSITION, length)


def _set_context(work: Work, context: Context) -> None:
    epoch, start, root, length, block, digest = context
    words = (word(epoch), word(start), root, word(length), block, digest)
    for index, value in enumerate(words):
        work.store(layout.CONTEXT + index, int.from_bytes(value, "big"))


def _announce(work: Work, epoch: int, root: Hash32, length: int, digest: Hash32) -> None:
    topics = (NEW_EPOCH, word(work.call.caller), word(epoch))
    values = (root, work.load(layout.SUBMISSION_INDEX), length, digest)
    work.emit(topics, abi.encode(_NEW_EPOCH_TYPES, values))
