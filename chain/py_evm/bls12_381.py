"""The seven precompiles over BLS12-381 (EIP-2537), on native code.

py-evm's own, in Python, need 1.7 s for a pairing check that costs 102,900 gas: a full block of them would
take ten minutes.
"""

from collections.abc import Callable, Sequence
from typing import Final

from eth.exceptions import VMError
from eth.precompiles.bls12_381.constants import (
    G1_MSM_DISCOUNTS,
    G1_MSM_MAX_DISCOUNT,
    G2_MSM_DISCOUNTS,
    G2_MSM_MAX_DISCOUNT,
)
from eth_typing import Address
from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar

from chain.py_evm.frame import Frame

G1_SIZE: Final = 128
G2_SIZE: Final = 256
SCALAR_SIZE: Final = 32
FIELD_SIZE: Final = 64
"""Of an encoded field element: 48 bytes behind 16 zeros."""
PADDING: Final = bytes(16)
G1_ADD_GAS: Final = 375
G2_ADD_GAS: Final = 600
G1_MULTIPLY_GAS: Final = 12_000
G2_MULTIPLY_GAS: Final = 22_500
PAIRING_GAS: Final = 37_700
PAIR_GAS: Final = 32_600
MAP_TO_G1_GAS: Final = 5_500
MAP_TO_G2_GAS: Final = 23_800


class InvalidBlsInput(VMError):
    """Burns all gas."""


def bls_precompiles() -> dict[Address, Callable[[Frame], None]]:
    """0x0b to 0x11, by address."""
    functions = (
        _add_in_g1, _multiply_in_g1, _add_in_g2, _multiply_in_g2, _check_pairing, _map_to_g1, _map_to_g2,
    )  # fmt: skip
    return {
        Address((0x0B + place).to_bytes(20, "big")): _with_named_errors(function)
        for place, function in enumerate(functions)
    }


def _with_named_errors(function: Callable[[Frame], None]) -> Callable[[Frame], None]:
    def run(frame: Frame) -> None:
        try:
            function(frame)
        except ValueError as error:  # How the native code refuses a field element or a point.
            raise InvalidBlsInput(str(error)) from error

    return run


def _add_in_g1(frame: Frame) -> None:
    frame.consume_gas(G1_ADD_GAS)
    first, second = _parts(frame.msg.data, 2 * G1_SIZE, G1_SIZE)
    # A sum needs no subgroup, a product and a pairing do (EIP-2537).
    points = (G1Point.from_xy_bytes_unchecked_be(_unpadded(part)) for part in (first, second))
    frame.output = _padded((next(points) + next(points)).to_xy_bytes_be())


def _add_in_g2(frame: Frame) -> None:
    frame.consume_gas(G2_ADD_GAS)
    first, second = _parts(frame.msg.data, 2 * G2_SIZE, G2_SIZE)
    points = (G2Point.from_xy_bytes_unchecked_be(_unpadded(part)) for part in (first, second))
    frame.output = _padded((next(points) + next(points)).to_xy_bytes_be())


def _multiply_in_g1(frame: Frame) -> None:
    discounts = (G1_MSM_DISCOUNTS, G1_MSM_MAX_DISCOUNT)
    pairs = _pairs_paid(frame, G1_SIZE + SCALAR_SIZE, G1_MULTIPLY_GAS, discounts)
    points = [G1Point.from_xy_bytes_be(_unpadded(pair[:G1_SIZE])) for pair in pairs]
    scalars = [Scalar.from_be_bytes_mod_order(pair[G1_SIZE:]) for pair in pairs]
    frame.output = _padded(G1Point.multiexp_unchecked(points, scalars).to_xy_bytes_be())


def _multiply_in_g2(frame: Frame) -> None:
    discounts = (G2_MSM_DISCOUNTS, G2_MSM_MAX_DISCOUNT)
    pairs = _pairs_paid(frame, G2_SIZE + SCALAR_SIZE, G2_MULTIPLY_GAS, discounts)
    points = [G2Point.from_xy_bytes_be(_unpadded(pair[:G2_SIZE])) for pair in pairs]
    scalars = [Scalar.from_be_bytes_mod_order(pair[G2_SIZE:]) for pair in pairs]
    frame.output = _padded(G2Point.multiexp_unchecked(points, scalars).to_xy_bytes_be())


def _pairs_paid(
    frame: Frame, size: int, gas: int, discounts: tuple[Sequence[int], int]
) -> list[bytes]:
    """Points with their scalars, after the gas for that many (EIP-2537's discount table)."""
    pairs = _rows(frame.msg.data, size)
    table, largest = discounts
    discount = table[len(pairs) - 1] if len(pairs) <= len(table) else largest
    frame.consume_gas(len(pairs) * gas * discount // 1_000)
    return pairs


def _check_pairing(frame: Frame) -> None:
    pairs = _rows(frame.msg.data, G1_SIZE + G2_SIZE)
    frame.consume_gas(PAIRING_GAS + len(pairs) * PAIR_GAS)
    in_g1 = [G1Point.from_xy_bytes_be(_unpadded(pair[:G1_SIZE])) for pair in pairs]
    in_g2 = [G2Point.from_xy_bytes_be(_unpadded(pair[G1_SIZE:])) for pair in pairs]
    frame.output = int(GT.pairing_check(in_g1, in_g2)).to_bytes(32, "big")


def _map_to_g1(frame: Frame) -> None:
    frame.consume_gas(MAP_TO_G1_GAS)
    [element] = _parts(frame.msg.data, FIELD_SIZE, FIELD_SIZE)
    frame.output = _padded(G1Point.map_from_fp_be(_unpadded(element)).to_xy_bytes_be())


def _map_to_g2(frame: Frame) -> None:
    frame.consume_gas(MAP_TO_G2_GAS)
    [element] = _parts(frame.msg.data, 2 * FIELD_SIZE, 2 * FIELD_SIZE)
    frame.output = _padded(G2Point.map_from_fp2_be(_unpadded(element)).to_xy_bytes_be())


def _parts(data: bytes, total: int, size: int) -> list[bytes]:
    if len(data) != total:
        raise InvalidBlsInput("invalid input length")
    return [data[at : at + size] for at in range(0, total, size)]


def _rows(data: bytes, size: int) -> list[bytes]:
    if not data or len(data) % size:
        raise InvalidBlsInput("invalid input length")
    return [data[at : at + size] for at in range(0, len(data), size)]


def _unpadded(data: bytes) -> bytes:
    """48 bytes of every 64."""
    fields = [data[at : at + FIELD_SIZE] for at in range(0, len(data), FIELD_SIZE)]
    if any(field[:16] != PADDING for field in fields):
        raise InvalidBlsInput("invalid field element top bytes")
    return b"".join(field[16:] for field in fields)


def _padded(data: bytes) -> bytes:
    return b"".join(PADDING + data[at : at + 48] for at in range(0, len(data), 48))
