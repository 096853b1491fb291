"""The native curve against py_ecc, and what it refuses (EIP-196, EIP-197)."""

from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_ecc import bn128

from precompiles import bn254
from precompiles.bn254 import G1_GENERATOR, G2_GENERATOR, G2_INFINITY, InvalidPoint, words
from precompiles.bn254_unchecked import INFINITY, P, Point, R

SCALARS = st.one_of(st.integers(0, R - 1), st.integers(0, 20), st.integers(R - 5, R - 1))


def reference_point(scalar: int) -> Point:
    point = bn128.multiply(bn128.G1, scalar)
    return INFINITY if point is None else (int(point[0]), int(point[1]))


@given(SCALARS, SCALARS)
@settings(max_examples=30)
def test_addition_and_multiplication_agree_with_py_ecc(a: int, b: int) -> None:
    p, q = reference_point(a), reference_point(b)
    total = words(*reference_point((a + b) % R))
    assert bn254.multiply_point(G1_GENERATOR, a) == p
    assert bn254.add(words(*p, *q)) == total
    assert words(*bn254.add_points(p, q)) == total


def test_a_scalar_of_the_precompile_may_be_any_word() -> None:
    assert bn254.multiply(words(*G1_GENERATOR, R + 2)) == words(*reference_point(2))
    assert bn254.multiply(words(*G1_GENERATOR, R)) == bytes(64)


def test_short_input_is_padded_and_long_input_cut() -> None:
    assert bn254.add(b"") == bytes(64)
    assert bn254.add(words(*G1_GENERATOR)) == words(*G1_GENERATOR)
    assert bn254.add(words(*G1_GENERATOR, 0, 0, 5)) == words(*G1_GENERATOR)
    assert bn254.multiply(words(*G1_GENERATOR)) == bytes(64)


@pytest.mark.parametrize("data", [words(1, 3), words(P, 0), words(1, 2 + P), words(2**256 - 1, 1)])
def test_points_off_the_curve_and_unreduced_coordinates_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidPoint):
        bn254.add(data)
    with pytest.raises(InvalidPoint):
        bn254.multiply(data + words(1))


def test_a_pairing_is_bilinear() -> None:
    pair = (reference_point(6), G2_GENERATOR)
    two_g2 = bn128.multiply(bn128.G2, 2)
    doubled = tuple(tuple(map(int, coordinate.coeffs)) for coordinate in two_g2)
    other = (bn254.negate(reference_point(3)), doubled)
    assert bn254.pairing_product_is_one([pair, other])
    assert not bn254.pairing_product_is_one([pair, pair])
    assert bn254.pairing_product_is_one([(INFINITY, G2_GENERATOR), (G1_GENERATOR, G2_INFINITY)])
    assert bn254.pairing_product_is_one([])


@pytest.mark.parametrize(
    "g2", [((0, 1), (0, 0)), ((1, 2), (3, 4)), ((P, 0), (0, 0)), ((1, 0), G2_GENERATOR[1])]
)
def test_a_malformed_g2_point_is_refused(g2: bn254.G2Point) -> None:
    with pytest.raises(InvalidPoint):
        bn254.pairing_product_is_one([(G1_GENERATOR, g2)])


@pytest.mark.parametrize("length", [1, 191, 193])
def test_a_pairing_takes_whole_pairs_only(length: int) -> None:
    with pytest.raises(InvalidPoint):
        bn254.pairing_check(bytes(length))


def test_threads_do_not_share_anything() -> None:
    results: list[bytes] = []
    threads = [
        Thread(target=lambda: results.append(bn254.multiply(words(*G1_GENERATOR, 5))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [words(*reference_point(5))] * 4
