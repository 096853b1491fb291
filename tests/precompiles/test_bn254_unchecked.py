"""gnark's arithmetic on and off the curve (facts [O2])."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precompiles import bn254
from precompiles.bn254_unchecked import INFINITY, P, R, add_points, multiply_point, sum_points

COORDINATES = st.one_of(st.integers(0, P - 1), st.integers(0, 4), st.just(0))
POINTS = st.tuples(COORDINATES, COORDINATES)


def test_every_recorded_sum_is_gnarks(recorded: dict[str, Any]) -> None:
    for *coordinates, total in recorded["add"]:
        x1, y1, x2, y2 = (int(word, 16) for word in coordinates)
        assert bn254.words(*add_points((x1, y1), (x2, y2))).hex() == total


def test_every_recorded_product_is_gnarks(recorded: dict[str, Any]) -> None:
    for x, y, scalar, product in recorded["multiply"]:
        point = (int(x, 16), int(y, 16))
        assert bn254.words(*multiply_point(point, int(scalar, 16))).hex() == product


def test_equal_x_with_another_y_adds_to_infinity() -> None:
    """[O2], in getAggPkG1's sum."""
    assert add_points((5, 6), (5, 7)) == INFINITY
    assert sum_points([(5, 6), (5, 7), (1, 2)]) == (1, 2)


def test_a_point_with_y_zero_doubles_to_infinity() -> None:
    """[O2], in getAggPkG1's sum."""
    assert add_points((5, 0), (5, 0)) == INFINITY


@given(st.lists(POINTS, max_size=8))
def test_a_sum_is_its_additions_one_by_one(points: list[tuple[int, int]]) -> None:
    total = INFINITY
    for point in points:
        total = add_points(total, point)
    assert sum_points(points) == total


@given(st.integers(0, R - 1), st.integers(0, R - 1))
def test_on_the_curve_it_is_the_native_product(key: int, scalar: int) -> None:
    point = bn254.multiply_point(bn254.G1_GENERATOR, key)
    assert multiply_point(point, scalar) == bn254.multiply_point(point, scalar)


@pytest.mark.parametrize("scalar", [0, 1, 2, R - 1])
def test_infinity_times_anything_is_infinity(scalar: int) -> None:
    assert multiply_point(INFINITY, scalar) == INFINITY


@given(st.integers(1, P - 1), st.integers(0, R - 1))
def test_a_multiple_of_a_point_with_y_zero_has_y_zero(x: int, scalar: int) -> None:
    """[O2]: (x, 0) times γ is infinity when both halves of γ are even, otherwise again of that form."""
    assert multiply_point((x, 0), scalar)[1] == 0
