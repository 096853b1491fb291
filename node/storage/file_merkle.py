"""The Merkle tree of a stored file: chunks, segments, roots, proofs, and what a submission announces.

A file is cut into chunks of 256 bytes, the last one filled up with zeros, and padded with chunks of
zeros to at most a sixteenth more than a power of two allows (facts §3, SC core/flow.go). The tree
over the chunks is left-full: at each level pairs are hashed, an odd last node goes up as it is.
1024 chunks are a segment, the unit of transfer; a segment's root is a node of that tree, so that
proofs begin there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eth_hash.auto import keccak
from eth_typing import Hash32

from node.storage.errors import InvalidProof

CHUNK_BYTES = 256
SEGMENT_CHUNKS = 1024
SEGMENT_BYTES = CHUNK_BYTES * SEGMENT_CHUNKS
PADDING_PARTS = 16
"""Files of more chunks are padded to a multiple of this part of the next power of two."""
PROOF_NODES_MAX = 64
"""A flow has at most 2^63 chunks."""
_EMPTY_CHUNK = bytes(CHUNK_BYTES)
_SEGMENT_HEIGHT = SEGMENT_CHUNKS.bit_length() - 1


@dataclass(frozen=True, slots=True)
class Proof:
    """That a segment is a leaf of a file's tree: its siblings from the leaf up.

    The position says on which side each sibling is; the wire's `path` repeats it.
    """

    siblings: tuple[Hash32, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A subtree of 2^height chunks, as a submission announces it."""

    root: Hash32
    height: int


@dataclass(frozen=True, slots=True)
class FileShape:
    """How many bytes a file has, and over how many chunks, padding included, its tree is."""

    size: int
    padded_chunks: int

    @property
    def chunks(self) -> int:
        """With data in them."""
        return chunks_of(self.size)

    @property
    def segments(self) -> int:
        """With data in them: the ones that are stored and sent."""
        return -(-self.chunks // SEGMENT_CHUNKS)

    @property
    def padded_segments(self) -> int:
        """Leaves of the segments' tree."""
        return -(-self.padded_chunks // SEGMENT_CHUNKS)

    def segment_bytes(self, index: int) -> int:
        """How many bytes of that segment are sent: whole chunks, none of the padding's."""
        return min(SEGMENT_CHUNKS, self.chunks - index * SEGMENT_CHUNKS) * CHUNK_BYTES

    def segment_padded_chunks(self, index: int) -> int:
        """Over how many chunks that segment's root is."""
        return min(SEGMENT_CHUNKS, self.padded_chunks - index * SEGMENT_CHUNKS)


def chunks_of(size: int) -> int:
    """How many chunks hold so many bytes."""
    return -(-size // CHUNK_BYTES)


def shape_of(size: int) -> FileShape:
    """The shape that the SDKs give a file of `size` bytes, at least one."""
    assert size > 0
    chunks = chunks_of(size)
    power = 1 << (chunks - 1).bit_length()
    unit = max(1, power // PADDING_PARTS)
    return FileShape(size, -(-chunks // unit) * unit)


def node_heights(padded_chunks: int) -> list[int]:
    """The powers of two that make up the number, largest first."""
    return [
        height
        for height in range(padded_chunks.bit_length() - 1, -1, -1)
        if padded_chunks >> height & 1
    ]


def segment_root(data: bytes, padded_chunks: int) -> Hash32:
    """Root over the chunks of `data`, whole chunks, and empty ones up to `padded_chunks`."""
    level = _chunk_hashes(data)
    missing = padded_chunks - len(level)
    if missing > 0:
        level += [_empty_root(0)] * missing
    return root_of(level)


def root_of(leaves: Sequence[bytes]) -> Hash32:
    """Root of the left-full tree over at least one leaf."""
    level = list(leaves)
    while len(level) > 1:
        level = _next_level(level)
    return Hash32(level[0])


def folded(nodes: Sequence[Node]) -> Hash32:
    """The file's root from the nodes of its submission, heights falling."""
    root = nodes[-1].root
    for node in reversed(nodes[:-1]):
        root = Hash32(keccak(node.root + root))
    return root


class FileTree:
    """All levels over a file's segment roots, for proofs and submissions."""

    def __init__(self, shape: FileShape, segment_roots: Sequence[Hash32]) -> None:
        """`segment_roots`: of the segments with data; those of padding alone are added."""
        assert len(segment_roots) == shape.segments
        self.shape = shape
        leaves = list(segment_roots)
        for index in range(shape.segments, shape.padded_segments):
            leaves.append(root_of([_empty_root(0)] * shape.segment_padded_chunks(index)))
        self._levels: list[Sequence[bytes]] = [leaves]
        while len(self._levels[-1]) > 1:
            self._levels.append(_next_level(self._levels[-1]))

    @property
    def root(self) -> Hash32:
        return Hash32(self._levels[-1][0])

    def segment_root(self, index: int) -> Hash32:
        return Hash32(self._levels[0][index])

    def proof(self, index: int) -> Proof:
        """That the segment is in the file."""
        siblings = []
        for level in self._levels[:-1]:
            other = index ^ 1
            if other < len(level):
                siblings.append(Hash32(level[other]))
            index >>= 1
        return Proof(tuple(siblings))


def submission_nodes(tree: FileTree, last_segment: bytes) -> tuple[Node, ...]:
    """The nodes to announce for a file; `last_segment`: the data of the last one, whole chunks."""
    full, rest = divmod(tree.shape.padded_chunks, SEGMENT_CHUNKS)
    nodes = _split([tree.segment_root(index) for index in range(full)], full, _SEGMENT_HEIGHT)
    if rest:
        nodes += _split(_chunk_hashes(last_segment), rest, 0)
    return nodes


def check_proof(root: Hash32, leaf: Hash32, index: int, leaves: int, proof: Proof) -> None:
    """Raises `InvalidProof` unless `leaf` is number `index` of the `leaves` under `root`."""
    found: bytes = leaf
    siblings = iter(proof.siblings)
    for is_left in sides(index, leaves):
        sibling = next(siblings, None)
        if sibling is None:
            raise InvalidProof("too few siblings")
        found = keccak(found + sibling) if is_left else keccak(sibling + found)
    if next(siblings, None) is not None:
        raise InvalidProof("too many siblings")
    if found != root:
        raise InvalidProof(f"it leads to 0x{found.hex()}, the root is 0x{root.hex()}")


def sides(index: int, leaves: int) -> Iterator[bool]:
    """From leaf `index` up: at each level with a sibling, whether ours is the left one."""
    while leaves > 1:
        if index & 1:
            yield False
        elif index + 1 < leaves:
            yield True
        index >>= 1
        leaves = (leaves + 1) >> 1


def _chunk_hashes(data: bytes) -> list[bytes]:
    return [keccak(data[place : place + CHUNK_BYTES]) for place in range(0, len(data), CHUNK_BYTES)]


def _split(hashes: Sequence[bytes], count: int, height: int) -> tuple[Node, ...]:
    """Subtrees over `count` hashes of subtrees of `height`; missing ones at the end are empty."""
    nodes, place = [], 0
    for own in node_heights(count):
        leaves = list(hashes[place : place + (1 << own)])
        leaves += [_empty_root(height)] * ((1 << own) - len(leaves))
        nodes.append(Node(root_of(leaves), own + height))
        place += 1 << own
    return tuple(nodes)


def _next_level(level: Sequence[bytes]) -> list[bytes]:
    higher = [keccak(level[place] + level[place + 1]) for place in range(0, len(level) - 1, 2)]
    if len(level) & 1:
        higher.append(level[-1])
    return higher


def _empty_root(height: int) -> bytes:
    """Root of a subtree of 2^height chunks of zeros."""
    root = keccak(_EMPTY_CHUNK)
    for _ in range(height):
        root = keccak(root + root)
    return root
