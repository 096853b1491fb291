"""The tree of a file against 0G's own clients' numbers, and proofs that must not pass."""

import random

import pytest
from eth_hash.auto import keccak
from eth_typing import Hash32
from hypothesis import given
from hypothesis import strategies as st

from node.storage.errors import InvalidProof
from node.storage.file_merkle import (
    CHUNK_BYTES,
    SEGMENT_BYTES,
    SEGMENT_CHUNKS,
    FileTree,
    Proof,
    check_proof,
    folded,
    node_heights,
    root_of,
    segment_root,
    shape_of,
    sides,
    submission_nodes,
)

RECORDED = {
    1: (
        "5afb32bc24865da0f2074a5cf609f75284e0685ce39f4daa3da19154fe5f80a7",
        [0],
    ),
    255: (
        "63ccd992399cbf389a767f9068b42c39780ca14ce8608dc9834eeba61773f8ad",
        [0],
    ),
    256: (
        "e86dffff3c0a6b6e65f4f3e5a9ad94fe374da65666da992660950692b5fb3f03",
        [0],
    ),
    257: (
        "ceeb06ff95651a417919e53621a49bd89d9959bdd606d9b3419371e787f647c7",
        [1],
    ),
    1000: (
        "5010dece5e1745150126c0167fe5cabd4f2647d28fdba4046894dfd8e7363467",
        [2],
    ),
    3840: (
        "05e9035eea3ba21f7660a273c84304798416d018e7d83db8c18655d1a1063361",
        [3, 2, 1, 0],
    ),
    4096: (
        "c4cc260a965335696d4806262b795f2980c9fc6f87ca1f61bfd2a243056fc72a",
        [4],
    ),
    4352: (
        "6b6a1e870e060b3ccb083ca33d5a8af80b0acbc46217388aec9264a67645a10d",
        [4, 1],
    ),
    4609: (
        "22b2d0614666816a4391a5ab5ac1d16d98e57487eed1834f97c62cdaab4ad323",
        [4, 2],
    ),
    7936: (
        "6ebcaea675ec3c061334f6af0bbdf2c12b5894c6e678d941a36f9fe8c8e2de55",
        [5],
    ),
    8448: (
        "cf20b6487109af574a73f056969365bd52af46dbfe21bea96b031baceea3d3bc",
        [5, 2],
    ),
    256000: (
        "254077f10672aec131cfbd188174aff4a7d6ad0f6c09331814a9295ffe82ee90",
        [10],
    ),
    262144: (
        "b67c8c339194b1b29b6b0518eb3f442767bd6e61703e3582180b1f4a1db8844e",
        [10],
    ),
    262145: (
        "af8b40b2ec6b3f62643f5d3fbcabc3d4c14120d968d029381fdbfb90a67be8d4",
        [10, 7],
    ),
    262400: (
        "f0648a2907c927915eb47880a2661ab3280e5680d3892aed67b1285825e2c062",
        [10, 7],
    ),
    1048577: (
        "186910710b3445952af0e1976493f3ea6d9793b2d2c8536dee7ababc6aa87d3f",
        [12, 9],
    ),
    1500000: (
        "81c1e24f2070f8f5c4d5fa94e306748cb159df703838884db7622cddd6ee1d32",
        [12, 11],
    ),
}
"""size → root and node heights, from PyPI's 0g-storage-sdk 0.4.0 over random.Random(size).randbytes(size)."""


def tree_of(data: bytes) -> tuple[FileTree, list[bytes]]:
    shape = shape_of(len(data))
    padded = data + bytes(-len(data) % CHUNK_BYTES)
    segments = [
        padded[place : place + SEGMENT_BYTES] for place in range(0, len(padded), SEGMENT_BYTES)
    ]
    roots = [
        segment_root(segment, shape.segment_padded_chunks(index))
        for index, segment in enumerate(segments)
    ]
    return FileTree(shape, roots), segments


@pytest.mark.parametrize("size", RECORDED)
def test_roots_and_nodes_are_those_of_the_sdk(size: int) -> None:
    tree, segments = tree_of(random.Random(size).randbytes(size))
    root, heights = RECORDED[size]
    nodes = submission_nodes(tree, segments[-1])
    assert tree.root.hex() == root
    assert [node.height for node in nodes] == heights
    assert folded(nodes) == tree.root
    assert sum(1 << node.height for node in nodes) == tree.shape.padded_chunks


@pytest.mark.parametrize("size", [1, 257, 262_145, 1_500_000])
def test_every_segment_is_proven(size: int) -> None:
    tree, segments = tree_of(random.Random(size).randbytes(size))
    shape = tree.shape
    assert len(segments) == shape.segments
    for index, segment in enumerate(segments):
        assert len(segment) == shape.segment_bytes(index)
        leaf, proof = tree.segment_root(index), tree.proof(index)
        assert len(proof.siblings) == len(list(sides(index, shape.padded_segments)))
        check_proof(tree.root, leaf, index, shape.padded_segments, proof)


def test_a_proof_for_another_place_data_or_length_is_refused() -> None:
    tree, _ = tree_of(random.Random(7).randbytes(1_500_000))
    leaves, proof, leaf = tree.shape.padded_segments, tree.proof(2), tree.segment_root(2)
    other = Hash32(keccak(b"other"))
    for root, given_leaf, index, siblings in (
        (other, leaf, 2, proof.siblings),
        (tree.root, other, 2, proof.siblings),
        (tree.root, leaf, 3, proof.siblings),
        (tree.root, leaf, 2, proof.siblings[:-1]),
        (tree.root, leaf, 2, (*proof.siblings, other)),
    ):
        with pytest.raises(InvalidProof):
            check_proof(root, given_leaf, index, leaves, Proof(siblings))


@given(st.integers(1, 200), st.data())
def test_proofs_of_any_tree_lead_to_its_root(leaves: int, data: st.DataObject) -> None:
    hashes = [keccak(number.to_bytes(2, "big")) for number in range(leaves)]
    shape = shape_of(leaves * SEGMENT_BYTES)
    tree = FileTree(shape, [Hash32(item) for item in hashes])
    index = data.draw(st.integers(0, leaves - 1))
    check_proof(
        tree.root, tree.segment_root(index), index, shape.padded_segments, tree.proof(index)
    )


@given(st.integers(1, 2**45))
def test_padding_adds_at_most_a_sixteenth_of_the_next_power_of_two(size: int) -> None:
    """The Flow refuses more than four nodes (facts §3), which is what the padding is for."""
    shape = shape_of(size)
    heights = node_heights(shape.padded_chunks)
    assert shape.chunks <= shape.padded_chunks
    assert len(heights) <= 4
    assert heights[0] - heights[-1] < 4
    assert sum(1 << height for height in heights) == shape.padded_chunks
    assert shape.segments <= shape.padded_segments


def test_the_tree_is_left_full() -> None:
    """Five leaves: a pair of pairs on the left, the fifth alone on the right."""
    a, b, c, d, e = (keccak(bytes([number])) for number in range(5))
    left = keccak(keccak(a + b) + keccak(c + d))
    assert root_of([a, b, c, d, e]) == keccak(left + e)
    assert SEGMENT_CHUNKS == 1024
