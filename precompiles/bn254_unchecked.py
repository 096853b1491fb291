"""G1 arithmetic on any pair of field elements, on the curve or not, as gnark-crypto 0.16 does it.

0g-geth checks no key for being on the curve (facts [O2]), so its sums and products of points off the
curve are part of the state. The addition formulas do not use the curve's constant: they give a result
for every input. (0, 0) is infinity wherever it turns up.
"""

from collections.abc import Iterable
from typing import Final

P: Final = 21888242871839275222246405745257275088696311157297823662689037894645226208583
"""Modulus of the coordinates."""
R: Final = 21888242871839275222246405745257275088548364400416034343698204186575808495617
"""Order of the group, modulus of the scalars."""

Point = tuple[int, int]
"""x and y, each below P."""
INFINITY: Final = (0, 0)
_Jacobian = tuple[int, int, int]
_JACOBIAN_INFINITY: Final = (1, 1, 0)

_CUBE_ROOT_OF_ONE: Final = 2203960485148121921418603742825762020974279258880205651966
_LATTICE_1: Final = (9931322734385697763, -147946756881789319000765030803803410728)
_LATTICE_2: Final = (147946756881789319010696353538189108491, 9931322734385697763)
"""Short vectors (a, b) with a + b·λ = 0 mod R, as gnark finds them (facts [O2])."""
_SPLIT_SHIFT_BITS: Final = 512
_FACTOR_1: Final = (_LATTICE_2[1] << _SPLIT_SHIFT_BITS) // R
_FACTOR_2: Final = (_LATTICE_1[1] << _SPLIT_SHIFT_BITS) // R
_WORD_BITS: Final = 64
_WINDOW_BITS: Final = 2


def _double(point: _Jacobian) -> _Jacobian:
    """dbl-2007-bl of the Explicit-Formulas Database, for a = 0."""
    x, y, z = point
    xx, yy = x * x % P, y * y % P
    yyyy = yy * yy % P
    s = 2 * ((x + yy) ** 2 - xx - yyyy)
    m = 3 * xx
    x3 = (m * m - 2 * s) % P
    return x3, (m * (s - x3) - 8 * yyyy) % P, 2 * y * z % P


def _add(p: _Jacobian, q: _Jacobian) -> _Jacobian:
    """add-2007-bl; equal points double, equal x with another y gives z = 0."""
    if not p[2]:
        return q
    if not q[2]:
        return p
    z1z1, z2z2 = q[2] * q[2] % P, p[2] * p[2] % P
    u1, u2 = q[0] * z2z2 % P, p[0] * z1z1 % P
    s1, s2 = q[1] * p[2] * z2z2 % P, p[1] * q[2] * z1z1 % P
    if u1 == u2 and s1 == s2:
        return _double(p)
    h, r = u2 - u1, 2 * (s2 - s1)
    i = 4 * h * h % P
    j, v = h * i % P, u1 * i % P
    x3 = (r * r - j - 2 * v) % P
    return x3, (r * (v - x3) - 2 * s1 * j) % P, 2 * p[2] * q[2] * h % P


def _affine(point: _Jacobian) -> Point:
    x, y, z = point
    if not z:
        return INFINITY
    inverse = pow(z, -1, P)
    square = inverse * inverse % P
    return x * square % P, y * square * inverse % P


def add_points(a: Point, b: Point) -> Point:
    """a + b: (x, 0) doubled and equal x with another y are infinity."""
    return sum_points((a, b))


def sum_points(points: Iterable[Point]) -> Point:
    """The points added one after the other, which off the curve is not the same in every order."""
    total = _JACOBIAN_INFINITY
    for x, y in points:
        if not (x or y):
            continue
        tx, ty, tz = total
        if not tz or not (tx or ty):
            total = (x, y, 1)
            continue
        # madd-2007-bl, spelled out here: an aggregate of a full quorum adds 3,072 points.
        zz = tz * tz % P
        h = (x * zz - tx) % P
        half_r = (y * tz * zz - ty) % P
        if not h:
            total = _JACOBIAN_INFINITY if half_r else _double((x, y, 1))
            continue
        hh = h * h % P
        hhh, v = h * hh % P, tx * hh % P
        x3 = (half_r * half_r - hhh - 2 * v) % P
        total = (x3, (half_r * (v - x3) - ty * hhh) % P, tz * h % P)
    return _affine(total)


def _split(scalar: int) -> tuple[int, int]:
    """k1 and k2 with k1 + k2·λ = scalar mod R, rounded down as gnark does: (x, 0) tells them apart.

    gnark rounds the two factors to the nearest; a unit there is worth 2^-258 of a step here.
    """
    c1 = scalar * _FACTOR_1 >> _SPLIT_SHIFT_BITS
    c2 = -(scalar * _FACTOR_2) >> _SPLIT_SHIFT_BITS
    return (
        scalar - c1 * _LATTICE_1[0] - c2 * _LATTICE_2[0],
        -c1 * _LATTICE_1[1] - c2 * _LATTICE_2[1],
    )


def multiply_point(point: Point, scalar: int) -> Point:
    """scalar · point by gnark's windowed GLV method, for 0 ≤ scalar < R.

    Off the curve the endomorphism is no multiplication, so the result depends on the method.
    """
    if point == INFINITY:
        return INFINITY
    x, y = point
    k1, k2 = _split(scalar)
    table = _window_table(
        (x, y if k1 >= 0 else -y % P, 1),
        (x * _CUBE_ROOT_OF_ONE % P, y if k2 >= 0 else -y % P, 1),
    )
    k1, k2 = abs(k1), abs(k2)
    words = max(1, -(-max(k1.bit_length(), k2.bit_length()) // _WORD_BITS))
    total = _JACOBIAN_INFINITY
    for shift in range(words * _WORD_BITS - _WINDOW_BITS, -1, -_WINDOW_BITS):
        total = _double(_double(total))
        index = (k2 >> shift & 3) << 2 | k1 >> shift & 3
        if index:
            total = _add(total, table[index])
    return _affine(total)


def _window_table(first: _Jacobian, second: _Jacobian) -> list[_Jacobian]:
    """At 4·j + i: j times the second plus i times the first, built in gnark's order."""
    table = [_JACOBIAN_INFINITY, first, _double(first)]
    table.append(_add(table[2], first))
    doubled = _double(second)
    for multiple in (second, doubled, None):
        base = multiple or _add(doubled, second)
        table += [base, *(_add(base, table[i]) for i in (1, 2, 3))]
    return table
