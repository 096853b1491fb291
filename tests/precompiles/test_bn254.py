"""The curve against py_ecc, and what it refuses (EIP-196, EIP-197). `IMPLEMENTATIONS` are tested alike."""

from threading import Thread
from typing import Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_ecc import bn128

from precompiles import bn254
from precompiles.bn254 import G1_GENERATOR, G2_GENERATOR, G2_INFINITY, InvalidPoint, words
from precompiles.bn254_unchecked import INFINITY, P, Point, R

SCALARS = st.one_of(st.integers(0, R - 1), st.integers(0, 20), st.integers(R - 5, R - 1))


class Curve(Protocol):
    """The three precompiles: raw input to raw output; `InvalidPoint` where there is none."""

    def add(self, data: bytes, /) -> bytes: ...

    def multiply(self, data: bytes, /) -> bytes: ...

    def pairing_check(self, data: bytes, /) -> bytes: ...


IMPLEMENTATIONS: list[Curve] = [bn254]
any_curve = pytest.mark.parametrize("curve", IMPLEMENTATIONS, ids=["pyrevm"])


def reference_point(scalar: int) -> Point:
    point = bn128.multiply(bn128.G1, scalar)
    return INFINITY if point is None else (int(point[0]), int(point[1]))


@any_curve
@given(a=SCALARS, b=SCALARS)
@settings(max_examples=30)
def test_addition_and_multiplication_agree_with_py_ecc(curve: Curve, a: int, b: int) -> None:
    p, q = reference_point(a), reference_point(b)
    total = words(*reference_point((a + b) % R))
    assert curve.multiply(words(*G1_GENERATOR, a)) == words(*p)
    assert bn254.multiply_point(G1_GENERATOR, a) == p
    assert curve.add(words(*p, *q)) == total
    assert words(*bn254.add_points(p, q)) == total


@any_curve
def test_a_scalar_of_the_precompile_may_be_any_word(curve: Curve) -> None:
    assert curve.multiply(words(*G1_GENERATOR, R + 2)) == words(*reference_point(2))
    assert curve.multiply(words(*G1_GENERATOR, R)) == bytes(64)


@any_curve
def test_short_input_is_padded_and_long_input_cut(curve: Curve) -> None:
    assert curve.add(b"") == bytes(64)
    assert curve.add(words(*G1_GENERATOR)) == words(*G1_GENERATOR)
    assert curve.add(words(*G1_GENERATOR, 0, 0, 5)) == words(*G1_GENERATOR)
    assert curve.multiply(words(*G1_GENERATOR)) == bytes(64)


@any_curve
@pytest.mark.parametrize("data", [words(1, 3), words(P, 0), words(1, 2 + P), words(2**256 - 1, 1)])
def test_points_off_the_curve_and_unreduced_coordinates_are_refused(
    curve: Curve, data: bytes
) -> None:
    with pytest.raises(InvalidPoint):
        curve.add(data)
    with pytest.raises(InvalidPoint):
        curve.multiply(data + words(1))


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


@any_curve
@pytest.mark.parametrize("a", [1, 7, R - 1])
def test_a_pairing_check_is_that_of_the_discrete_logarithms(curve: Curve, a: int) -> None:
    (x, y) = G2_GENERATOR
    g2 = words(x[1], x[0], y[1], y[0])
    p, minus_p = reference_point(a), bn254.negate(reference_point(a))
    assert curve.pairing_check(words(*p) + g2 + words(*minus_p) + g2) == words(1)
    assert curve.pairing_check(words(*p) + g2 + words(*p) + g2) == words(0)
    assert curve.pairing_check(b"") == words(1)


@any_curve
@pytest.mark.parametrize("length", [1, 191, 193])
def test_a_pairing_takes_whole_pairs_only(curve: Curve, length: int) -> None:
    with pytest.raises(InvalidPoint):
        curve.pairing_check(bytes(length))


@any_curve
def test_threads_do_not_share_anything(curve: Curve) -> None:
    results: list[bytes] = []
    threads = [
        Thread(target=lambda: results.append(curve.multiply(words(*G1_GENERATOR, 5))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [words(*reference_point(5))] * 4
