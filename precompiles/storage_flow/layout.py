"""Where everything lies: as in the deployed contracts (facts §3), so that storage proofs read the same."""

from typing import Final

from precompiles.solidity.slots import element, erc_7201

FLOW: Final = erc_7201("0g.storage.Flow")
MARKET_ADDRESS: Final = FLOW
TREE_LENGTH: Final = FLOW + 1
"""In sectors; the first is no one's."""
UNSTAGED_HEIGHT: Final = FLOW + 2
"""The lowest level at which the open nodes do not yet stand for the whole tree."""
OPEN_NODES: Final = FLOW + 3
"""Number of levels; the node of level i, by which the tree goes on, at `open_node(i)`."""
SUBMISSION_INDEX: Final = FLOW + 4
EPOCH: Final = FLOW + 5
EPOCH_START_POSITION: Final = FLOW + 6
CONTEXT: Final = FLOW + 7
"""Six words: epoch, mineStart, flowRoot, flowLength, blockDigest, digest."""
CONTEXT_WORDS: Final = 6
EPOCH_RANGES: Final = FLOW + 13
"""Digest of a context → first sector of its epoch, and in the high 128 bits the one after the last."""
EPOCH_RANGE_HISTORY: Final = FLOW + 14
"""List of two words each: the range, packed as above, and the digest."""
ROOT_BY_TX_SEQ: Final = FLOW + 15
FIRST_BLOCK: Final = FLOW + 16
ROOT_HISTORY: Final = FLOW + 17
BLOCKS_PER_EPOCH: Final = FLOW + 18

EPOCH_ROOTS: Final = erc_7201("zerog.storage.Flow")
"""Ring of the roots at the ends of epochs; the deployed contract has them in a contract of its own."""
EPOCH_ROOTS_KEPT: Final = 1_000

PRICE_PER_SECTOR: Final = 50
"""In the market: the contract's own first 50 slots are reserved."""
MARKET_FLOW: Final = 51
MARKET_REWARD: Final = 52

_FIRST_OPEN_NODE: Final = element(OPEN_NODES, 0)
_FIRST_RANGE: Final = element(EPOCH_RANGE_HISTORY, 0)
_UINT128: Final = 1 << 128


def open_node(level: int) -> int:
    """The slot of the tree's open node of a level."""
    return _FIRST_OPEN_NODE + level


def range_in_history(index: int) -> int:
    """The slot of an epoch's range; its digest is in the next one."""
    return _FIRST_RANGE + 2 * index


def epoch_root(epoch: int) -> int:
    """The slot of the root at the end of an epoch, from 0."""
    return EPOCH_ROOTS + epoch % EPOCH_ROOTS_KEPT


def pack_range(start: int, end: int) -> int:
    """Two uint128 in a word, as Solidity packs them."""
    return start % _UINT128 + end % _UINT128 * _UINT128


def unpack_range(word: int) -> tuple[int, int]:
    """Start and end."""
    return word % _UINT128, word // _UINT128
