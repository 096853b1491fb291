"""The trie by path against the reference trie. A native implementation joins `IMPLEMENTATIONS`."""

from collections.abc import Callable, Mapping, Sequence
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from trie import HexaryTrie

from chain.merkle_trie import Change, GetNode, TrieUpdate, update
from chain.trie_nodes import EMPTY_ROOT

IMPLEMENTATIONS = [update]
Update = Callable[[bytes, Sequence[Change], GetNode], TrieUpdate]
Round = Mapping[bytes, bytes | None]

NAME = b"/"
# Few digits, so that paths share long beginnings; short ones, so that nodes are embedded.
PATHS = st.tuples(st.sampled_from([0x00, 0x01, 0x10, 0x11, 0xF1]), st.integers(0, 3)).map(bytes)
LONG_PATHS = st.lists(st.sampled_from([0x00, 0x01, 0xFF]), min_size=5, max_size=5).map(bytes)
VALUES = st.binary(min_size=1, max_size=2) | st.binary(min_size=30, max_size=60)


class KeptTrie:
    """What a state layer does: keep the nodes, apply rounds of changes."""

    def __init__(self, implementation: Update, name: bytes = NAME) -> None:
        self.name, self.nodes = name, dict[bytes, bytes]()
        self._update = implementation
        self.last = TrieUpdate(EMPTY_ROOT, {}, [])

    def apply(self, changes: Round) -> bytes:
        keyed = sorted((self.name + p.hex().encode(), v) for p, v in changes.items())
        self.last = self._update(self.name, keyed, self.nodes.get)
        assert not self.last.puts.keys() & set(self.last.removals)
        for key in self.last.removals:
            self.nodes.pop(key, None)
        self.nodes.update(self.last.puts)
        return self.last.root


def reference_root(contents: Mapping[bytes, bytes]) -> bytes:
    trie = HexaryTrie({})
    for path, value in contents.items():
        trie[path] = value
    return trie.root_hash


def check_rounds(implementation: Update, rounds: Sequence[Round]) -> None:
    """After each round: the reference's root, and no node more or less than a fresh build has."""
    trie, contents = KeptTrie(implementation), dict[bytes, bytes]()
    for changes in rounds:
        contents.update({p: v for p, v in changes.items() if v is not None})
        for path in [p for p, v in changes.items() if v is None]:
            contents.pop(path, None)
        assert trie.apply(changes) == reference_root(contents)
        fresh = KeptTrie(implementation)
        fresh.apply(contents)
        assert trie.nodes == fresh.nodes


def rounds_of(
    paths: st.SearchStrategy[bytes],
) -> st.SearchStrategy[list[dict[bytes, bytes | None]]]:
    return st.lists(st.dictionaries(paths, st.none() | VALUES, max_size=12), max_size=5)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@settings(max_examples=100, deadline=None)
@given(rounds=rounds_of(PATHS))
def test_updates_and_removals_agree_with_the_reference(
    implementation: Update, rounds: list[Round]
) -> None:
    check_rounds(implementation, rounds)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@settings(max_examples=100, deadline=None)
@given(rounds=rounds_of(LONG_PATHS))
@example([{b"\0\0\0\0\0": b"a", b"\0\0\0\0\1": b"b"}, {b"\0\0\1\0\0": b"c", b"\0\0\0\0\0": None}])
@example([{b"\0\0\0\0\0": b"a", b"\0\0\0\0\1": b"b"}, {b"\0\0\1\0\0": None, b"\1\0\0\0\0": None}])
def test_long_extensions_split_and_merge_as_in_the_reference(
    implementation: Update, rounds: list[Round]
) -> None:
    check_rounds(implementation, rounds)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("seed", range(5))
def test_hashed_paths_agree_with_the_reference(implementation: Update, seed: int) -> None:
    """As in a state: 32-byte paths, hundreds of them, full branches near the root."""
    random = Random(seed)
    pool = [random.randbytes(32) for _ in range(600)]
    rounds: list[Round] = [{path: random.randbytes(70) for path in pool[:400]}]
    for _ in range(4):
        changes: dict[bytes, bytes | None] = {}
        for path in random.sample(pool, 150):
            changes[path] = random.choice([None, random.randbytes(1), random.randbytes(80)])
        rounds.append(changes)
    check_rounds(implementation, rounds)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_a_trie_that_was_emptied_has_no_nodes_and_the_empty_root(implementation: Update) -> None:
    trie = KeptTrie(implementation)
    trie.apply({bytes([n, n]): b"value" for n in range(20)})
    assert trie.apply({bytes([n, n]): None for n in range(20)}) == EMPTY_ROOT
    assert trie.nodes == {}
    assert trie.apply({b"\0\0": None}) == EMPTY_ROOT


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_no_changes_leave_the_root(implementation: Update) -> None:
    trie = KeptTrie(implementation)
    assert trie.apply({}) == EMPTY_ROOT
    root = trie.apply({bytes([n, n]): b"value" for n in range(20)})
    assert trie.apply({}) == root


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_only_nodes_on_changed_paths_are_read_and_written(implementation: Update) -> None:
    random = Random(1)
    trie = KeptTrie(implementation)
    paths = sorted(random.randbytes(32) for _ in range(1000))
    trie.apply(dict.fromkeys(paths, b"value" * 10))
    reads: list[bytes] = []

    def get(key: bytes) -> bytes | None:
        reads.append(key)
        return trie.nodes.get(key)

    changed = NAME + paths[0].hex().encode()
    result = implementation(NAME, [(changed, b"other" * 10)], get)
    assert len(reads) == len(set(reads)) == len(result.puts) <= 5
    assert all(changed.startswith(key) for key in result.puts)
    assert result.removals == []


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_tries_of_different_names_do_not_touch(implementation: Update) -> None:
    one, two = KeptTrie(implementation, b"one"), KeptTrie(implementation, b"two")
    contents = {bytes([n, n]): bytes([n + 1]) * 40 for n in range(20)}
    assert one.apply(contents) == two.apply(contents) == reference_root(contents)
    assert all(key.startswith(b"one") for key in one.nodes)
    assert all(key.startswith(b"two") for key in two.nodes)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_one_change_at_a_time_in_a_large_trie_of_hashed_paths(implementation: Update) -> None:
    """Full branches, sparse ones and leaves with paths of 32 bytes; values come, change and go."""
    random = Random(3)
    trie, contents = KeptTrie(implementation), dict[bytes, bytes]()
    reference = HexaryTrie({})
    for number in range(1_500):
        path = random.choice(list(contents)) if number % 3 == 2 else random.randbytes(32)
        value = None if number % 6 == 5 else random.randbytes(random.choice([1, 33, 70, 110]))
        if value is None:
            del contents[path], reference[path]
        else:
            contents[path] = reference[path] = value
        assert trie.apply({path: value}) == reference.root_hash
    fresh = KeptTrie(implementation)
    fresh.apply(contents)
    assert trie.nodes == fresh.nodes
