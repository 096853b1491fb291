"""The root over a list, against the reference trie. A native implementation joins `IMPLEMENTATIONS`."""

from collections.abc import Callable, Sequence

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st
from trie import HexaryTrie

from chain.ordered_trie import ordered_trie_root
from chain.trie_nodes import EMPTY_ROOT

IMPLEMENTATIONS = [ordered_trie_root]
OrderedTrieRoot = Callable[[Sequence[bytes]], bytes]


def reference_root(items: Sequence[bytes]) -> bytes:
    trie = HexaryTrie({})
    for index, item in enumerate(items):
        trie[rlp.encode(index)] = item
    return trie.root_hash


@pytest.mark.parametrize("root_of", IMPLEMENTATIONS)
def test_no_items_have_the_empty_root(root_of: OrderedTrieRoot) -> None:
    assert root_of([]) == EMPTY_ROOT == HexaryTrie({}).root_hash


@pytest.mark.parametrize("root_of", IMPLEMENTATIONS)
@pytest.mark.parametrize("count", [1, 2, 3, 16, 17, 127, 128, 129, 255, 256, 257, 300])
def test_every_length_has_the_reference_s_root(root_of: OrderedTrieRoot, count: int) -> None:
    items = [b"item %d" % index * (1 + index % 40) for index in range(count)]
    assert root_of(items) == reference_root(items)


@pytest.mark.parametrize("root_of", IMPLEMENTATIONS)
@given(items=st.lists(st.binary(min_size=1, max_size=70), max_size=40))
def test_any_items_have_the_reference_s_root(root_of: OrderedTrieRoot, items: list[bytes]) -> None:
    """Single bytes, embedded nodes and long values among them."""
    assert root_of(items) == reference_root(items)


@pytest.mark.parametrize("root_of", IMPLEMENTATIONS)
@pytest.mark.parametrize("size", [1, 31, 32, 55, 56, 255, 256, 65_535, 65_536, 70_000])
def test_items_of_every_length_of_header_are_encoded(root_of: OrderedTrieRoot, size: int) -> None:
    items = [b"\x80" * size, b"\x7f" * size]
    assert root_of(items) == reference_root(items)
