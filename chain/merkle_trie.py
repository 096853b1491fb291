"""The Merkle Patricia trie of a state, kept by path and updated once a block.

A node's key is the trie's name followed by the digits of its path, so a newer node replaces the
older one and nothing needs pruning. `update` is pure: it reads old nodes through `get` and answers
what to write. A changed node is encoded and hashed once, when everything below it is done; only
one that is left alone in its branch is encoded again, as part of what takes the branch's place.
Nodes short enough to be embedded in their parent are kept under their own keys all the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eth_hash.auto import keccak
from eth_typing import Hash32

from chain.trie_nodes import (
    DIGIT_VALUES,
    DIGITS,
    EMPTY_ROOT,
    NO_CHILD,
    child_span,
    decode_branch,
    decode_short_node,
    encode_branch,
    encode_extension,
    encode_leaf,
    encode_leaf_path,
    encode_list,
    encode_string,
    is_branch,
    payload_start,
    reference_to,
    with_child,
)

Change = tuple[bytes, bytes | None]
"""Trie's name ‖ path as ASCII hexadecimal digits, and the new value; None removes the path."""
GetNode = Callable[[bytes], bytes | None]
"""The stored node of a key: name ‖ digits of the node's path."""


@dataclass(frozen=True, slots=True)
class TrieUpdate:
    """What an update makes of a trie."""

    root: Hash32
    puts: dict[bytes, bytes]
    """Key → RLP of the node."""
    removals: list[bytes]
    """Keys to be empty afterwards, ascending, none of them in `puts`."""


def update(name: bytes, changes: Sequence[Change], get: GetNode) -> TrieUpdate:
    """Apply `changes`, ascending and each path once, to the trie called `name`.

    All paths of a trie have one length. Removing an absent path changes nothing. A trie is built
    from nothing with a `get` that answers None.
    """
    work = _Update(changes, get)
    root = work.changed(name, get(name), 0, len(changes))
    if root is None:
        work.remove(name)
        return TrieUpdate(EMPTY_ROOT, work.puts, sorted(work.removals))
    work.put(name, root)
    return TrieUpdate(Hash32(keccak(root)), work.puts, sorted(work.removals))


class _Update:
    """One run of `update`.

    Methods answer the node that is to stand at a key; putting it there is the caller's part,
    because the caller may have to merge it with what is above.
    """

    def __init__(self, changes: Sequence[Change], get: GetNode) -> None:
        self._changes = changes
        self._get = get
        self.puts: dict[bytes, bytes] = {}
        self.removals: set[bytes] = set()

    def put(self, key: bytes, node: bytes) -> None:
        self.puts[key] = node
        self.removals.discard(key)

    def remove(self, key: bytes) -> None:
        self.puts.pop(key, None)
        self.removals.add(key)

    def changed(self, key: bytes, node: bytes | None, start: int, stop: int) -> bytes | None:
        """The node at `key` after changes[start:stop], all of which are below it."""
        if node is None:
            return self._built(self._set_paths(start, stop), len(key))
        if stop - start == 1 and is_branch(node):
            return self._changed_alone(key, node, start)
        children = decode_branch(node)
        if children is not None:
            return self._changed_branch(key, children, start, stop)
        is_leaf, digits, rest = decode_short_node(node)
        if is_leaf:
            return self._changed_leaf(key, digits, rest, start, stop)
        return self._changed_extension(key, digits, rest, start, stop)

    def _changed_branch(
        self, key: bytes, children: list[bytes], start: int, stop: int
    ) -> bytes | None:
        """The hot loop: nearly all time of an update is spent here, one round for each child."""
        changes, puts, depth = self._changes, self.puts, len(key)
        while start < stop:
            path, value = changes[start]
            digit = path[depth]
            end = start + 1
            while end < stop and changes[end][0][depth] == digit:
                end += 1
            child_key = path[: depth + 1]
            node = None
            if children[DIGIT_VALUES[digit]] == NO_CHILD:
                node = self._built(self._set_paths(start, end), depth + 1)
            else:
                old = puts.get(child_key) or self._stored(child_key)
                if value is not None and end - start == 1:
                    node = _with_value(old, path[depth + 1 :], value)
                if node is None:
                    node = self.changed(child_key, old, start, end)
                if node is None:
                    self.remove(child_key)
            if node is None:
                children[DIGIT_VALUES[digit]] = NO_CHILD
            else:
                puts[child_key] = node
                children[DIGIT_VALUES[digit]] = reference_to(node)
            start = end
        if children.count(NO_CHILD) < 15:
            return encode_branch(children)
        return self._collapsed(key, children)

    def _changed_alone(self, key: bytes, node: bytes, place: int) -> bytes | None:
        """As `_changed_branch` with one change: fifteen children of each branch are not looked at.

        In a large state nearly all branches are like this, but those near the root.
        """
        path, value = self._changes[place]
        depth, above, child = len(key), list[tuple[bytes, int, int]](), node
        while is_branch(child):
            at, end = child_span(child, DIGIT_VALUES[path[depth]])
            above.append((child, at, end))
            depth += 1
            if child[at:end] == NO_CHILD:
                if value is None:
                    return node
                changed: bytes | None = encode_leaf(path[depth:], value)
                break
            child = self.puts.get(path[:depth]) or self._stored(path[:depth])
        else:
            changed = None if value is None else _with_value(child, path[depth:], value)
            if changed is None:
                changed = self.changed(path[:depth], child, place, place + 1)
        for branch, at, end in reversed(above):
            changed = self._branch_with(path[:depth], branch, at, end, changed)
            depth -= 1
        return changed

    def _branch_with(
        self, child_key: bytes, branch: bytes, at: int, end: int, child: bytes | None
    ) -> bytes | None:
        """The branch with `child` where a child stands from `at` to `end`, and that child put."""
        if child is not None:
            self.puts[child_key] = child
            return with_child(branch, at, end, reference_to(child))
        self.remove(child_key)
        children = decode_branch(with_child(branch, at, end, NO_CHILD))
        assert children is not None, "a branch stays one"
        if children.count(NO_CHILD) < 15:
            return encode_branch(children)
        return self._collapsed(child_key[:-1], children)

    def _collapsed(self, key: bytes, children: list[bytes]) -> bytes | None:
        """What takes the place of a branch with at most one child."""
        for digit, child in zip(DIGITS, children, strict=True):
            if child != NO_CHILD:
                child_key = key + digit
                node = self.puts.get(child_key) or self._stored(child_key)
                return self._prolonged(digit, child_key, node)
        return None

    def _prolonged(self, digits: bytes, key: bytes, node: bytes | None) -> bytes | None:
        """The node that leads over `digits` to what is to be at `key`."""
        if node is None:
            self.remove(key)
            return None
        if is_branch(node):
            self.put(key, node)
            return encode_extension(digits, reference_to(node))
        self.remove(key)
        is_leaf, more_digits, rest = decode_short_node(node)
        return (encode_leaf if is_leaf else encode_extension)(digits + more_digits, rest)

    def _changed_leaf(
        self, key: bytes, digits: bytes, value: bytes, start: int, stop: int
    ) -> bytes | None:
        path = key + digits
        entries = self._set_paths(start, stop)
        if all(changed_path != path for changed_path, _ in self._changes[start:stop]):
            entries = sorted([*entries, (path, value)])
        return self._built(entries, len(key))

    def _changed_extension(
        self, key: bytes, digits: bytes, child: bytes, start: int, stop: int
    ) -> bytes | None:
        end_key = key + digits
        outside = [p for p, _ in self._set_paths(start, stop) if not p.startswith(end_key)]
        if outside:
            return self._split_extension(key, end_key, child, outside, start, stop)
        start, stop = self._those_below(end_key, start, stop)
        if start == stop:
            return encode_extension(digits, child)
        node = self.changed(end_key, self._stored(end_key), start, stop)
        return self._prolonged(digits, end_key, node)

    def _split_extension(
        self,
        key: bytes,
        end_key: bytes,
        child: bytes,
        outside: Sequence[bytes],
        start: int,
        stop: int,
    ) -> bytes | None:
        """A branch where the first new path leaves the extension, and the rest of it below."""
        fork = min(_agreement(end_key, outside[0]), _agreement(end_key, outside[-1]))
        below_key = end_key[: fork + 1]
        if below_key != end_key:
            below = encode_extension(end_key[fork + 1 :], child)
            self.put(below_key, below)
            child = reference_to(below)
        children = [NO_CHILD] * 16
        children[DIGIT_VALUES[end_key[fork]]] = child
        # Removals that leave the extension before the new paths do are of absent paths.
        start, stop = self._those_below(end_key[:fork], start, stop)
        node = self._changed_branch(end_key[:fork], children, start, stop)
        if fork == len(key):
            return node
        return self._prolonged(end_key[len(key) : fork], end_key[:fork], node)

    def _built(self, entries: Sequence[tuple[bytes, bytes]], depth: int) -> bytes | None:
        """A new subtree that holds `entries`, whose paths agree before `depth`."""
        return self._built_part(entries, 0, len(entries), depth) if entries else None

    def _built_part(
        self, entries: Sequence[tuple[bytes, bytes]], start: int, stop: int, depth: int
    ) -> bytes:
        first, last = entries[start][0], entries[stop - 1][0]
        if stop - start == 1:
            return encode_leaf(first[depth:], entries[start][1])
        fork = depth
        while first[fork] == last[fork]:
            fork += 1
        children = [NO_CHILD] * 16
        while start < stop:
            path = entries[start][0]
            end = start + 1
            while end < stop and entries[end][0][fork] == path[fork]:
                end += 1
            node = self._built_part(entries, start, end, fork + 1)
            self.put(path[: fork + 1], node)
            children[DIGIT_VALUES[path[fork]]] = reference_to(node)
            start = end
        branch = encode_branch(children)
        if fork == depth:
            return branch
        self.put(first[:fork], branch)
        return encode_extension(first[depth:fork], reference_to(branch))

    def _those_below(self, prefix: bytes, start: int, stop: int) -> tuple[int, int]:
        """The part of changes[start:stop] whose paths begin with `prefix`."""
        while start < stop and not self._changes[start][0].startswith(prefix):
            start += 1
        while start < stop and not self._changes[stop - 1][0].startswith(prefix):
            stop -= 1
        return start, stop

    def _set_paths(self, start: int, stop: int) -> list[tuple[bytes, bytes]]:
        return [(path, value) for path, value in self._changes[start:stop] if value is not None]

    def _stored(self, key: bytes) -> bytes:
        node = self._get(key)
        assert node is not None, f"the trie has no node at {key!r}, though its parent names one"
        return node


def _with_value(node: bytes, digits: bytes, value: bytes) -> bytes | None:
    """The leaf with another value, where the node is the leaf of these digits: most changes meet theirs."""
    leaf_path = encode_leaf_path(digits)
    if node.startswith(leaf_path, payload_start(node)):
        return encode_list(leaf_path + encode_string(value))
    return None


def _agreement(one: bytes, other: bytes) -> int:
    """How many digits two different paths have in common."""
    size = 0
    while one[size : size + 1] == other[size : size + 1]:
        size += 1
    return size
