"""What makes a submission valid (facts §3)."""

from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from precompiles.contract import OVERFLOW, panic, refusal
from precompiles.errors import Refusal
from precompiles.storage_flow.submissions import Submission

SOMEBODY = Address(b"\1" * 20)
ROOT = Hash32(b"\2" * 32)
INVALID = refusal("Invalid submission").data


def with_heights(*heights: int, length: int | None = None, who: Address = SOMEBODY) -> Submission:
    full = sum(256 << height for height in heights if height < 64)
    return Submission(full if length is None else length, b"", [(ROOT, h) for h in heights], who)


def refusal_of(submission: Submission) -> bytes | None:
    try:
        submission.check()
    except Refusal as error:
        return error.data
    return None


@pytest.mark.parametrize("heights", [(0,), (3, 2, 1, 0), (9, 6), (63,), (63, 62, 61, 60)])
def test_falling_heights_of_four_neighbours_under_64_are_valid(heights: tuple[int, ...]) -> None:
    assert refusal_of(with_heights(*heights)) is None


@pytest.mark.parametrize(
    "heights", [(), (64,), (2**255,), (4, 0), (3, 3), (9, 7, 8), (9, 8, 8), (7, 2, 3)]
)
def test_other_heights_are_not(heights: tuple[int, ...]) -> None:
    assert refusal_of(with_heights(*heights)) == INVALID


def test_heights_that_rise_from_first_to_last_are_an_underflow() -> None:
    """0G's contract subtracts before it compares."""
    assert refusal_of(with_heights(1, 3)) == panic(OVERFLOW).data


def test_a_submission_of_nobody_is_invalid_whatever_else_it_is() -> None:
    assert refusal_of(with_heights(0, who=Address(bytes(20)))) == INVALID
    assert refusal_of(with_heights(1, 3, who=Address(bytes(20)))) == INVALID


@pytest.mark.parametrize(
    ("heights", "most_wasted"),
    [
        ((0,), 1),
        ((3,), 1),
        ((3, 2, 1, 0), 1),
        ((4,), 1),
        ((5,), 2),
        ((10,), 64),
        ((5, 4), 4),
        ((9, 6), 64),
    ],
)
def test_a_length_fits_the_sectors_and_wastes_less_than_a_sixteenth_or_so(
    heights: tuple[int, ...], most_wasted: int
) -> None:
    """`most_wasted` sectors would be a smaller file, which has other subtrees."""
    full = sum(256 << height for height in heights)
    least = full - most_wasted * 256
    for length in (least + 1, full):
        assert refusal_of(with_heights(*heights, length=length)) is None
    for length in (0, least, full + 1, 2**256 - 1):
        assert refusal_of(with_heights(*heights, length=length)) == INVALID


def test_the_identity_is_the_hash_of_the_roots() -> None:
    nodes: list[tuple[Hash32, int]] = [(ROOT, 3), (Hash32(b"\3" * 32), 1)]
    one: Any = Submission(2_560, b"tag", nodes, SOMEBODY)
    assert one.identity == keccak(ROOT + b"\3" * 32)
    assert one.sectors == 10
