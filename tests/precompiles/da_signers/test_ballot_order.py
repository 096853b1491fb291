"""The order of ballots against Go's `sort.Slice` (facts [O1])."""

from typing import Any

import pytest
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from precompiles.da_signers.ballot_order import ballot_order


def _keys(shape: str, count: int, distinct: int) -> list[int]:
    match shape:
        case "mixed":
            hashes = (keccak(index.to_bytes(4, "big")) for index in range(count))
            return [int.from_bytes(digest[:4], "big") % distinct for digest in hashes]
        case "descending":
            return [(count - 1 - index) * distinct // count for index in range(count)]
        case "periodic":
            return [index % distinct for index in range(count)]
    keys = [index * distinct // count for index in range(count)]
    if shape == "nearly":
        for index in (count // 3, count // 2, count - 2):
            keys[index] = 0
    return keys


def _digest(keys: list[int]) -> str:
    order = ballot_order([key.to_bytes(4, "big") for key in keys])
    return keccak(b"".join(index.to_bytes(4, "big") for index in order)).hex()


def test_every_recorded_order_is_gos(recorded: dict[str, Any]) -> None:
    for shape, count, distinct, digest in recorded["sort"]:
        keys = _keys(shape, count, distinct) if count else []
        assert _digest(keys) == digest, (shape, count, distinct)


def test_too_many_bad_pivots_end_in_heap_sort(recorded: dict[str, Any]) -> None:
    """An input made against the choice of pivots, with ties that heap sort moves about."""
    keys, digest = recorded["heap_sort"]
    assert _digest(keys) == digest


@pytest.mark.parametrize("count", [2, 12])
def test_up_to_twelve_ballots_are_sorted_stably(count: int) -> None:
    assert ballot_order([b"same"] * count) == list(range(count))


@given(st.lists(st.integers(0, 2**32 - 1), unique=True, max_size=200))
def test_without_ties_it_is_the_sorted_order(keys: list[int]) -> None:
    assert ballot_order([key.to_bytes(4, "big") for key in keys]) == sorted(
        range(len(keys)), key=keys.__getitem__
    )


@given(st.lists(st.integers(0, 20), max_size=300))
def test_with_ties_it_is_a_permutation_in_order(keys: list[int]) -> None:
    order = ballot_order([bytes([key]) for key in keys])
    assert sorted(order) == list(range(len(keys)))
    assert [keys[index] for index in order] == sorted(keys)


def test_a_prefix_is_that_of_the_whole_order(recorded: dict[str, Any]) -> None:
    """Equal ballots too: which of them come first is what the rest of the sort must not decide."""
    for shape, count, distinct, _ in recorded["sort"]:
        ballots = [
            key.to_bytes(4, "big") for key in (_keys(shape, count, distinct) if count else [])
        ]
        whole = ballot_order(ballots)
        for needed in (0, 1, 13, count // 3, count - 1, count + 5):
            assert ballot_order(ballots, max(0, needed)) == whole[: max(0, needed)], (shape, count)


@given(st.lists(st.integers(0, 200), max_size=600), st.integers(0, 600))
def test_any_prefix_is_that_of_the_whole_order(keys: list[int], needed: int) -> None:
    ballots = [bytes([key]) for key in keys]
    assert ballot_order(ballots, needed) == ballot_order(ballots)[:needed]
