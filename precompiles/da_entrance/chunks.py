"""Merkle trees of data: chunks of 256 bytes, three trees of 2^17 chunks, one root over the three (facts §2).

A row of the encoded blob is 1,024 scalars of 32 bytes; a subline, which samplers show, is a 32nd of it.
"""

from collections.abc import Sequence
from typing import Final

from eth_hash.auto import keccak
from eth_typing import Hash32

from precompiles.contract import require
from precompiles.da_entrance.entrance import Entrance
from precompiles.solidity import prices

CHUNK_BYTES: Final = 256
CHUNKS_PER_BLOB: Final = 1 << 17
CHUNK_LEVELS: Final = 17
BLOBS: Final = 3
SUBLINE_BYTES: Final = 1_024
_PAIR_BYTES: Final = 64


def verify_chunk(
    entrance: Entrance,
    data_root: Hash32,
    blob_roots: tuple[Hash32, ...],
    index: int,
    proof: tuple[Hash32, ...],
    chunk: bytes,
) -> tuple[bool]:
    """Whether chunk number `index` (0 … 3 · 2^17 - 1) of the data with this root is `chunk`.

    `proof` are the 17 siblings from the chunk up to its blob's root.
    """
    has_form = (
        len(chunk) == CHUNK_BYTES and len(proof) == CHUNK_LEVELS and index < BLOBS * CHUNKS_PER_BLOB
    )
    if not has_form:
        return (False,)
    blob, position = divmod(index, CHUNKS_PER_BLOB)
    entrance.charge(prices.hashing(CHUNK_BYTES))
    root = root_above(entrance, Hash32(keccak(chunk)), position, proof)
    return (root == blob_roots[blob] and root_of_blobs(entrance, blob_roots) == data_root,)


def root_of_blobs(entrance: Entrance, blob_roots: Sequence[Hash32]) -> Hash32:
    """The data root over the roots of the three cosets."""
    entrance.charge(2 * prices.hashing(_PAIR_BYTES))
    first, second, third = blob_roots
    return Hash32(keccak(keccak(first + second) + third))


def root_above(
    entrance: Entrance, node: Hash32, position: int, siblings: Sequence[Hash32]
) -> Hash32:
    """The root of a tree, from a node at `position` of its level and the siblings above it."""
    entrance.charge(len(siblings) * prices.hashing(_PAIR_BYTES))
    for sibling in siblings:
        pair = sibling + node if position & 1 else node + sibling
        node, position = Hash32(keccak(pair)), position >> 1
    return node


def root_of_subline(entrance: Entrance, data: bytes) -> Hash32:
    """The root over the four chunks of a subline; raises `Refusal` of another length."""
    require(len(data) == SUBLINE_BYTES, "Incorrect data length")
    entrance.charge(4 * prices.hashing(CHUNK_BYTES) + 3 * prices.hashing(_PAIR_BYTES))
    a, b, c, d = (
        keccak(data[at : at + CHUNK_BYTES]) for at in range(0, SUBLINE_BYTES, CHUNK_BYTES)
    )
    return Hash32(keccak(keccak(a + b) + keccak(c + d)))
