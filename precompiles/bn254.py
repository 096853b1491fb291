"""The curve BN254 (alt_bn128): the three Ethereum precompiles and typed points, over native code.

`add`, `multiply` and `pairing_check` take and give what EIP-196 and EIP-197 say. The functions on
points also take what the native code refuses, as 0g-geth does (`bn254_unchecked`).
"""

from collections.abc import Iterable
from typing import Final

from pyrevm import EVM

from precompiles.bn254_unchecked import INFINITY, P, Point, R
from precompiles.bn254_unchecked import add_points as add_points
from precompiles.bn254_unchecked import multiply_point as multiply_point_by_glv
from precompiles.bn254_unchecked import sum_points as sum_points
from precompiles.errors import PrecompileError

G1_GENERATOR: Final = (1, 2)

FieldPair = tuple[int, int]
"""An element of the quadratic extension: real part, imaginary part."""
G2Point = tuple[FieldPair, FieldPair]
"""x and y; both zero is infinity."""
G2_INFINITY: Final = ((0, 0), (0, 0))
G2_GENERATOR: Final = (
    (
        10857046999023057135944570762232829481370756359578518086990519993285655852781,
        11559732032986387107991004021392285783925812861821192530917403151452391805634,
    ),
    (
        8495653923123431417604973247489272438418190587263600148770280649306958101930,
        4082367875863433681332203403145435568316851327593401208105741076214120093531,
    ),
)

_NOBODY = "0x" + "00" * 20
_ADD, _MULTIPLY, _PAIRING = (f"0x{number:040x}" for number in (6, 7, 8))


class InvalidPoint(PrecompileError):
    """Coordinates out of range, a point off its curve or group, or input of the wrong length."""


def _run(precompile: str, data: bytes) -> bytes:
    # An EVM costs 2 µs; sharing one would tie callers to a thread.
    try:
        return bytes(EVM().message_call(_NOBODY, precompile, calldata=data, is_static=True))
    except RuntimeError as error:
        raise InvalidPoint(str(error)) from None


def add(data: bytes) -> bytes:
    """Precompile 0x06 (EIP-196): two G1 points, short input padded with zeros. Raises `InvalidPoint`."""
    return _run(_ADD, data)


def multiply(data: bytes) -> bytes:
    """Precompile 0x07 (EIP-196): a G1 point and a scalar. Raises `InvalidPoint`."""
    return _run(_MULTIPLY, data)


def pairing_check(data: bytes) -> bytes:
    """Precompile 0x08 (EIP-197): pairs of G1 and G2 points; the word 1 or 0. Raises `InvalidPoint`."""
    return _run(_PAIRING, data)


def words(*values: int) -> bytes:
    """32-byte big-endian words."""
    return b"".join(value.to_bytes(32, "big") for value in values)


def is_on_curve(point: Point) -> bool:
    """Whether a point with reduced coordinates is infinity or satisfies y² = x³ + 3."""
    x, y = point
    return point == INFINITY or (y * y - x * x * x - 3) % P == 0


def negate(point: Point) -> Point:
    return point[0], -point[1] % P


def multiply_point(point: Point, scalar: int) -> Point:
    """scalar · point, natively on the curve, as gnark off it; the coordinates must be reduced."""
    scalar %= R
    if not is_on_curve(point):
        return multiply_point_by_glv(point, scalar)
    product = multiply(words(*point, scalar))
    return int.from_bytes(product[:32], "big"), int.from_bytes(product[32:], "big")


def pairing_product_is_one(pairs: Iterable[tuple[Point, G2Point]]) -> bool:
    """Whether ∏ e(Pᵢ, Qᵢ) = 1. Raises `InvalidPoint` for a point outside its group."""
    data = b"".join(
        # EIP-197 puts the imaginary part first.
        words(*point, x[1], x[0], y[1], y[0])
        for point, (x, y) in pairs
    )
    return pairing_check(data)[-1] == 1
