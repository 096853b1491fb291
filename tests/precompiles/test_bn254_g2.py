"""The second group against py_ecc."""

from hypothesis import given, settings
from hypothesis import strategies as st
from py_ecc import bn128

from precompiles.bn254 import G2_GENERATOR, G2_INFINITY, G2Point
from precompiles.bn254_g2 import multiply_g2_generator, multiply_g2_point, sum_g2_points
from precompiles.bn254_unchecked import R


def reference(scalar: int) -> G2Point:
    point = bn128.multiply(bn128.G2, scalar)
    if point is None:
        return G2_INFINITY
    (a, b), (c, d) = ([int(part) for part in coordinate.coeffs] for coordinate in point)
    return (a, b), (c, d)


@given(st.integers(0, R - 1))
@settings(max_examples=15)
def test_multiples_of_the_generator_agree_with_py_ecc(scalar: int) -> None:
    assert multiply_g2_generator(scalar) == reference(scalar)


@given(st.lists(st.integers(0, 6), max_size=6))
@settings(max_examples=30)
def test_sums_agree_with_multiples(scalars: list[int]) -> None:
    """Doublings, opposites and infinity among them."""
    points = [multiply_g2_generator(scalar - 3) for scalar in scalars]
    total = sum(scalars) - 3 * len(scalars)
    assert sum_g2_points(points) == multiply_g2_generator(total)


def test_multiples_of_infinity_are_infinity() -> None:
    assert multiply_g2_point(G2_INFINITY, 5) == G2_INFINITY
    assert multiply_g2_point(G2_GENERATOR, R) == G2_INFINITY
