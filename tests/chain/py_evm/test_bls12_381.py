"""EIP-2537's precompiles against py-evm's, which are written in Python over py_ecc."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from eth.exceptions import VMError
from eth.precompiles import bls12_381 as reference
from eth_typing import Address
from py_arkworks_bls12381 import G1Point, G2Point, Scalar

from chain.forks.fork import Fork
from chain.py_evm.bls12_381 import bls_precompiles

P = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB
RANDOM = Random(2537)


class Recorder:
    """As much of a frame as a precompile touches."""

    def __init__(self, data: bytes) -> None:
        self.msg, self.data, self.output, self.gas = self, data, b"", 0

    def consume_gas(self, amount: int, reason: str = "") -> None:
        self.gas += amount


def outcome(function: Callable[[Any], Any], data: bytes) -> tuple[bytes, int] | str:
    frame = Recorder(data)
    try:
        function(frame)
    except VMError:
        return "failed"
    return frame.output, frame.gas


def field(value: int) -> bytes:
    return value.to_bytes(64, "big")


def padded(point: G1Point | G2Point) -> bytes:
    raw = point.to_xy_bytes_be()
    return b"".join(bytes(16) + raw[at : at + 48] for at in range(0, len(raw), 48))


def scalar() -> int:
    return RANDOM.choice((0, 1, 2, 2**255, 2**256 - 1, RANDOM.getrandbits(256)))


def in_g1() -> bytes:
    return padded(G1Point() * Scalar(RANDOM.getrandbits(120)))


def in_g2() -> bytes:
    return padded(G2Point() * Scalar(RANDOM.getrandbits(120)))


def outside_the_subgroup() -> bytes:
    x = 4
    while True:
        y_squared = (x**3 + 4) % P
        y = pow(y_squared, (P + 1) // 4, P)
        if y * y % P == y_squared:
            return field(x) + field(y)
        x += 1


OFF_THE_CURVE = field(1) + field(1)
CASES = {
    0x0B: (
        reference.bls12_g1_add,
        [
            in_g1() + in_g1(),
            in_g1() + bytes(128),
            bytes(256),
            outside_the_subgroup() + in_g1(),
            in_g1() + OFF_THE_CURVE,
            field(P) + field(0) + in_g1(),
            b"\x01" + in_g1()[1:] + in_g1(),
            in_g1(),
        ],
    ),
    0x0C: (
        reference.bls12_g1_msm,
        [
            in_g1() + scalar().to_bytes(32, "big"),
            b"".join(in_g1() + scalar().to_bytes(32, "big") for _ in range(3)),
            bytes(128) + b"\x01" * 32,
            outside_the_subgroup() + b"\x01" * 32,
            OFF_THE_CURVE + b"\x01" * 32,
            b"",
            in_g1(),
        ],
    ),
    0x0D: (
        reference.bls12_g2_add,
        [in_g2() + in_g2(), bytes(512), in_g2() + bytes(256), field(1) * 8, in_g2()],
    ),
    0x0E: (
        reference.bls12_g2_msm,
        [
            in_g2() + scalar().to_bytes(32, "big"),
            in_g2() + b"\xff" * 32 + bytes(256) + b"\x05" * 32,
            field(1) * 4 + b"\x01" * 32,
            b"",
        ],
    ),
    0x0F: (
        reference.bls12_pairing_check,
        [
            padded(G1Point()) + padded(G2Point()) + padded(-G1Point()) + padded(G2Point()),
            in_g1() + in_g2(),
            bytes(384),
            outside_the_subgroup() + in_g2(),
            b"",
            bytes(383),
        ],
    ),
    0x10: (reference.bls12_map_fp_to_g1, [field(0), field(5), field(P - 1), field(P), b""]),
    0x11: (
        reference.bls12_map_fp2_to_g2,
        [field(0) + field(0), field(3) + field(P - 2), field(P) + field(0), b""],
    ),
}


@pytest.mark.parametrize("number", CASES, ids=hex)
def test_a_precompile_answers_and_costs_what_py_evms_does(number: int) -> None:
    ours = bls_precompiles()[Address(number.to_bytes(20, "big"))]
    function, inputs = CASES[number]
    for data in inputs:
        assert outcome(ours, data) == outcome(function, data), data.hex()


def test_the_discount_ends_at_128_pairs() -> None:
    """EIP-2537: beyond the table its last entry counts."""
    ours = bls_precompiles()[Address((0x0C).to_bytes(20, "big"))]
    for count, discount in ((1, 1_000), (2, 949), (128, 519), (129, 519)):
        frame = Recorder(bytes(160) * count)
        ours(frame)  # type: ignore[arg-type]
        assert frame.gas == count * 12_000 * discount // 1_000


def test_they_are_there_from_prague_on(worlds: Any) -> None:
    map_to_g1 = Address((0x10).to_bytes(20, "big"))
    assert len(worlds.ethereum(Fork.PRAGUE).call(map_to_g1, field(5)).output) == 128
    assert worlds.ethereum(Fork.CANCUN).call(map_to_g1, field(5)).output == b""
