"""Arithmetic in BN254's second group, for those who make keys and signatures (no precompile needs it)."""

from collections.abc import Iterable

from precompiles.bn254 import G2_GENERATOR, G2_INFINITY, FieldPair, G2Point
from precompiles.bn254_unchecked import P, R

_Jacobian = tuple[FieldPair, FieldPair, FieldPair]
_ZERO: FieldPair = (0, 0)
_JACOBIAN_INFINITY: _Jacobian = ((1, 0), (1, 0), _ZERO)


def _multiply(a: FieldPair, b: FieldPair) -> FieldPair:
    return (a[0] * b[0] - a[1] * b[1]) % P, (a[0] * b[1] + a[1] * b[0]) % P


def _square(a: FieldPair) -> FieldPair:
    return (a[0] + a[1]) * (a[0] - a[1]) % P, 2 * a[0] * a[1] % P


def _scaled(a: FieldPair, factor: int) -> FieldPair:
    return a[0] * factor % P, a[1] * factor % P


def _minus(a: FieldPair, b: FieldPair) -> FieldPair:
    return (a[0] - b[0]) % P, (a[1] - b[1]) % P


def _double(point: _Jacobian) -> _Jacobian:
    """dbl-2009-l of the Explicit-Formulas Database."""
    x, y, z = point
    yy = _square(y)
    s = _scaled(_multiply(x, yy), 4)
    m = _scaled(_square(x), 3)
    x3 = _minus(_square(m), _scaled(s, 2))
    y3 = _minus(_multiply(m, _minus(s, x3)), _scaled(_square(yy), 8))
    return x3, y3, _scaled(_multiply(y, z), 2)


def _add(p: _Jacobian, q: _Jacobian) -> _Jacobian:
    """add-1998-cmo-2."""
    if p[2] == _ZERO:
        return q
    if q[2] == _ZERO:
        return p
    z1z1, z2z2 = _square(p[2]), _square(q[2])
    u1, u2 = _multiply(p[0], z2z2), _multiply(q[0], z1z1)
    s1 = _multiply(p[1], _multiply(q[2], z2z2))
    s2 = _multiply(q[1], _multiply(p[2], z1z1))
    h, r = _minus(u2, u1), _minus(s2, s1)
    if h == _ZERO:
        return _JACOBIAN_INFINITY if r != _ZERO else _double(p)
    hh = _square(h)
    hhh, v = _multiply(h, hh), _multiply(u1, hh)
    x3 = _minus(_minus(_square(r), hhh), _scaled(v, 2))
    y3 = _minus(_multiply(r, _minus(v, x3)), _multiply(s1, hhh))
    return x3, y3, _multiply(_multiply(p[2], q[2]), h)


def _jacobian(point: G2Point) -> _Jacobian:
    return _JACOBIAN_INFINITY if point == G2_INFINITY else (*point, (1, 0))


def _affine(point: _Jacobian) -> G2Point:
    x, y, (z_real, z_imaginary) = point
    if point[2] == _ZERO:
        return G2_INFINITY
    norm = pow(z_real * z_real + z_imaginary * z_imaginary, -1, P)
    inverse = (z_real * norm % P, -z_imaginary * norm % P)
    square = _square(inverse)
    return _multiply(x, square), _multiply(y, _multiply(square, inverse))


def sum_g2_points(points: Iterable[G2Point]) -> G2Point:
    """The sum of points of the group."""
    total = _JACOBIAN_INFINITY
    for point in points:
        total = _add(total, _jacobian(point))
    return _affine(total)


def multiply_g2_point(point: G2Point, scalar: int) -> G2Point:
    """scalar · point by double-and-add; its time tells about the scalar."""
    total, addend = _JACOBIAN_INFINITY, _jacobian(point)
    for bit in bin(scalar % R)[2:]:
        total = _double(total)
        if bit == "1":
            total = _add(total, addend)
    return _affine(total)


def multiply_g2_generator(scalar: int) -> G2Point:
    return multiply_g2_point(G2_GENERATOR, scalar)
