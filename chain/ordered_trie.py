"""The root of a trie over a list: transactions, receipts, withdrawals, in one pass.

Yellow Paper 4.3.2 and appendix D: item number i is kept under the path rlp(i). No node is stored,
so the tree is hashed from the leaves up while the sorted paths are walked, each node once.
"""

from collections.abc import Sequence

from eth_hash.auto import keccak
from eth_typing import Hash32

from chain.trie_nodes import (
    EMPTY_ROOT,
    encode_branch,
    encode_extension,
    encode_leaf,
    encode_string,
    reference_to,
)

Entry = tuple[bytes, bytes]
"""Path as hexadecimal digits, value."""


def ordered_trie_root(items: Sequence[bytes]) -> Hash32:
    """The root over `items`, none of which is empty, in this order."""
    if not items:
        return EMPTY_ROOT
    entries = sorted((_path(index), item) for index, item in enumerate(items))
    return Hash32(keccak(_node(entries, 0, len(entries), 0)))


def _path(index: int) -> bytes:
    digits = index.to_bytes((index.bit_length() + 7) // 8, "big")
    return encode_string(digits).hex().encode()


def _node(entries: Sequence[Entry], start: int, stop: int, depth: int) -> bytes:
    """The node that holds entries[start:stop], whose paths agree before `depth`.

    No path continues another: rlp is prefix-free. So a branch has no value of its own.
    """
    first, last = entries[start][0], entries[stop - 1][0]
    if stop - start == 1:
        return encode_leaf(first[depth:], entries[start][1])
    fork = depth
    while first[fork] == last[fork]:
        fork += 1
    branch = _branch(entries, start, stop, fork)
    if fork == depth:
        return branch
    return encode_extension(first[depth:fork], reference_to(branch))


def _branch(entries: Sequence[Entry], start: int, stop: int, depth: int) -> bytes:
    children = [b"\x80"] * 16
    while start < stop:
        digit = entries[start][0][depth]
        end = start + 1
        while end < stop and entries[end][0][depth] == digit:
            end += 1
        children[int(chr(digit), 16)] = reference_to(_node(entries, start, end, depth + 1))
        start = end
    return encode_branch(children)
