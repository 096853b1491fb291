"""The accumulator against a whole Merkle tree, leaf by leaf."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from precompiles.storage_flow.accumulator import EMPTY_NODES

EMPTY_SECTOR = bytes(keccak(bytes(256)))
HEIGHTS = st.integers(0, 9).flatmap(
    lambda first: (
        st.sets(st.integers(max(first - 3, 0), first - 1), max_size=3).map(
            lambda below: [first, *sorted(below, reverse=True)]
        )
        if first
        else st.just([0])
    )
)


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Of a number of leaves that is a power of two."""
    nodes = list(leaves)
    while len(nodes) > 1:
        nodes = [bytes(keccak(nodes[at] + nodes[at + 1])) for at in range(0, len(nodes), 2)]
    return nodes[0]


def leaf(number: int) -> bytes:
    return bytes(keccak(b"leaf" + number.to_bytes(8, "big")))


class WholeTree:
    """Every sector's leaf; what is skipped is empty, the first one is zeros."""

    def __init__(self) -> None:
        self.leaves = [bytes(32)]

    def put(self, heights: Sequence[int]) -> tuple[list[tuple[bytes, int]], int]:
        """Append a file of new leaves: its subtrees' roots, and where it begins."""
        size = sum(1 << height for height in heights)
        start = next(
            start
            for start in range(len(self.leaves), 1 << 20)
            if start % (1 << heights[0]) == 0
            and (start % 1_024 == 0 or start % 1_024 + size <= 1_024)
        )
        new = [leaf(start + number) for number in range(size)]
        self.leaves += [EMPTY_SECTOR] * (start - len(self.leaves)) + new
        nodes, at = [], 0
        for height in heights:
            nodes.append((root_of(new[at : at + (1 << height)]), height))
            at += 1 << height
        return nodes, start

    @property
    def levels(self) -> int:
        """Of the smallest tree that holds them."""
        return (len(self.leaves) - 1).bit_length()

    def root(self) -> bytes:
        missing = (1 << self.levels) - len(self.leaves)
        return root_of(self.leaves + [EMPTY_SECTOR] * missing)


@given(files=st.lists(HEIGHTS, min_size=1, max_size=8), batches=st.data())
@settings(max_examples=60)
def test_the_root_is_that_of_the_whole_tree_after_every_submission(
    flow_of: Callable[..., Any], files: list[list[int]], batches: Any
) -> None:
    flow, tree = flow_of(price=0), WholeTree()
    while files:
        count = batches.draw(st.integers(1, len(files)))
        roots, datas = [], []
        for heights in files[:count]:
            nodes, start = tree.put(heights)
            datas.append((sum(256 << height for height in heights), b"", nodes))
            roots.append((start, tree.root()))
        first = flow.call("numSubmissions")
        _, _, starts, _ = flow.call("batchSubmit((uint256", datas)
        assert list(starts) == [start for start, _ in roots]
        for index, (_, root) in enumerate(roots, first):
            assert flow.call("getFlowRootByTxSeq", index) == root
        assert flow.call("computeFlowRoot") == tree.root()
        assert flow.call("tree") == (len(tree.leaves), tree.levels + 1)
        files = files[count:]


def test_an_empty_node_is_the_hash_of_two_below_it_up_to_height_63() -> None:
    """Facts §3: d397b3b0…, and from the published table heights 17 and 63."""
    assert len(EMPTY_NODES) == 64
    assert EMPTY_NODES[0] == EMPTY_SECTOR
    assert EMPTY_NODES[0].hex().startswith("d397b3b0")
    assert EMPTY_NODES[17].hex().startswith("949b52df")
    assert EMPTY_NODES[63].hex().startswith("b48a92d4")
    for below, above in itertools.pairwise(EMPTY_NODES):
        assert above == keccak(below + below)


def test_a_new_tree_is_one_sector_of_nobodys(flow: Any) -> None:
    assert flow.call("tree") == (1, 1)
    assert flow.call("computeFlowRoot") == bytes(32)


def test_a_tree_has_no_more_than_two_to_the_64_sectors(
    flow_of: Callable[..., Any], refused: type[Exception]
) -> None:
    flow = flow_of(price=0)
    assert flow.submit(63)[2] == 1 << 63
    assert flow.call("tree") == (1 << 64, 65)
    for height in (0, 63):
        with pytest.raises(refused, match=r"^Index out of bound$"):
            flow.submit(height)
