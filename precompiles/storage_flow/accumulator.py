"""The Merkle tree of all that was submitted, sector by sector; only its open edge is stored (facts §3).

Its leaves are the sectors, and keccak(256 zero bytes) where there is none. A level's open node is, where the
tree's length has a bit of that level, the complete node on the left of what comes next, else the node
over the last sector, right of which nothing is yet.
"""

from collections.abc import Iterator
from typing import Final

from eth_hash.auto import keccak
from eth_typing import Hash32

from precompiles.contract import require
from precompiles.solidity.work import Work, word
from precompiles.storage_flow import gas, layout
from precompiles.storage_flow.submissions import SECTOR_BYTES, SECTORS_PER_SEGMENT, Submission

EMPTY_LEVELS: Final = 64


def _empty_nodes() -> tuple[Hash32, ...]:
    nodes = [Hash32(keccak(bytes(SECTOR_BYTES)))]
    while len(nodes) < EMPTY_LEVELS:
        nodes.append(Hash32(keccak(nodes[-1] * 2)))
    return tuple(nodes)


EMPTY_NODES: Final = _empty_nodes()
"""The node of each level over nothing but sectors that are not there."""


class Accumulator:
    """The tree of a Flow at work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @property
    def length(self) -> int:
        """In sectors."""
        return self._work.load(layout.TREE_LENGTH)

    @property
    def root(self) -> Hash32:
        """Of the tree as it was when `commit` was last called."""
        return self._open_node(self._levels - 1)

    def commit(self) -> Hash32:
        """Make the open nodes stand for the whole tree; its root."""
        staged = self._work.load(layout.UNSTAGED_HEIGHT)
        if staged != self._levels:
            for level, node in self._path(staged):
                self._put_open_node(level, node)
            self._work.store(layout.UNSTAGED_HEIGHT, self._levels)
        return self.root

    def insert(self, submission: Submission) -> int:
        """Append the subtrees where they are aligned; the first one's first sector."""
        self._skip_to_segment(submission)
        starts = [self._insert_node(root, height) for root, height in submission.nodes]
        return starts[0]

    @property
    def _levels(self) -> int:
        return self._work.load(layout.OPEN_NODES)

    def _open_node(self, level: int) -> Hash32:
        return word(self._work.load(layout.open_node(level)))

    def _put_open_node(self, level: int, node: Hash32) -> None:
        self._work.store(layout.open_node(level), int.from_bytes(node, "big"))

    def _skip_to_segment(self, submission: Submission) -> None:
        """What does not begin at a segment's start stays within the segment, or moves to the next."""
        start = _aligned(self.length, submission.first_height)
        offset, last = start % SECTORS_PER_SEGMENT, start + submission.sectors - 1
        if offset and start // SECTORS_PER_SEGMENT != last // SECTORS_PER_SEGMENT:
            self._work.store(layout.TREE_LENGTH, start - offset + SECTORS_PER_SEGMENT)

    def _insert_node(self, node: Hash32, height: int) -> int:
        start = _aligned(self.length, height)
        end = start + (1 << height)
        self._grow(end)
        # Whatever is open at `height` or above stands for all before it: every submission ends with a
        # commit, and its own nodes get smaller.
        level = height
        while start >> level & 1:
            node = self._hash(self._open_node(level), node)
            level += 1
        self._put_open_node(level, node)
        self._work.store(layout.UNSTAGED_HEIGHT, level + 1)
        self._work.store(layout.TREE_LENGTH, end)
        return start

    def _grow(self, end: int) -> None:
        """Add levels until the tree has room for `end` sectors."""
        if end <= 1 << self._levels - 1:
            return
        top = self.commit()
        while end > 1 << self._levels - 1:
            top = self._hash(top, _empty_node(self._levels - 1))
            self._put_open_node(self._levels, top)
            self._work.store(layout.OPEN_NODES, self._levels + 1)
        self._work.store(layout.UNSTAGED_HEIGHT, self._levels)

    def _path(self, staged: int) -> Iterator[tuple[int, Hash32]]:
        """Levels and nodes over the last sector, empty on their right, from the last node put in upwards."""
        length = self.length
        left, right = self._open_node(staged - 1), _empty_node(staged - 1)
        for level in range(staged, self._levels):
            node = self._hash(left, right)
            if length >> level & 1:
                left, right = self._open_node(level), node
            else:
                left, right = node, _empty_node(level)
                yield level, node

    def _hash(self, left: Hash32, right: Hash32) -> Hash32:
        self._work.charge(gas.LEVEL)
        return Hash32(keccak(left + right))


def _empty_node(level: int) -> Hash32:
    """Raises `Refusal`: a tree of more levels would be of more than 2^64 sectors."""
    require(level < EMPTY_LEVELS, "Index out of bound")
    return EMPTY_NODES[level]


def _aligned(length: int, height: int) -> int:
    """The next multiple of 2^height."""
    return -(-length >> height) << height
