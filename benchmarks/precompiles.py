"""How fast each of Ethereum's precompiles burns gas, at the worst input found; beside untouched py-evm's.

Guard: at least 10 Mgas/s each. The function of the precompile alone is timed, in CPU time of one core, with
the 100 gas of the cheapest call to it (EIP-2929) counted in: BLAKE2F of no rounds has none of its own.

    python benchmarks/precompiles.py [--all] [--without-py-evm]
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

sys.path.append(sys.path.pop(0))  # `precompiles.py` in this folder would hide the package.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")

from coincurve import PrivateKey
from eth.exceptions import VMError
from eth.vm.forks.prague.computation import PragueComputation
from eth_typing import Address
from py_arkworks_bls12381 import G1Point, G2Point, Scalar

from chain.forks.fork import Fork
from chain.py_evm.ethereum_precompiles import ethereum_precompiles
from precompiles import bn254

GUARD_MGAS = 10.0
CALL_GAS = 100
ROUNDS = 5
ROUND_SECONDS = 0.02
SLOW_SECONDS = 1
"""What takes longer is timed once."""
BN254_P = 21888242871839275222246405745257275088696311157297823662689037894645226208583
BN254_R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
ONES = b"\xff" * 32

Input = tuple[str, bytes]


class Recorder:
    """As much of a frame as a precompile touches."""

    def __init__(self, data: bytes) -> None:
        self.msg, self.data, self.data_as_bytes, self.output, self.gas = self, data, data, b"", 0

    def consume_gas(self, amount: int, reason: str = "") -> None:
        self.gas += amount


@dataclass(frozen=True)
class Speed:
    """Of one precompile on one input."""

    what: str
    gas: int
    seconds: float

    @property
    def mgas(self) -> float:
        """Mgas/s, the call's 100 gas included."""
        return (self.gas + CALL_GAS) / self.seconds / 1e6


def speed(function: Callable[[Any], Any], what: str, data: bytes) -> Speed:
    frame = Recorder(data)
    start = time.process_time()
    _call(function, frame)
    first = time.process_time() - start
    times = [first]
    repeats = max(1, min(5_000, int(ROUND_SECONDS / max(first, 1e-6))))
    for _ in range(ROUNDS if first < SLOW_SECONDS else 0):
        start = time.process_time()
        for _ in range(repeats):
            _call(function, Recorder(data))
        times.append((time.process_time() - start) / repeats)
    return Speed(what, frame.gas, min(times))


def _call(function: Callable[[Any], Any], frame: Recorder) -> None:
    # Refused input is paid for too.
    with suppress(VMError):
        function(frame)


def ecrecover_inputs() -> Iterator[Input]:
    digest = sha256(b"a message").digest()
    signature = PrivateKey(b"\x11" * 32).sign_recoverable(digest, hasher=None)
    v = (27 + signature[64]).to_bytes(32, "big")
    yield "a signature", digest + v + signature[:64]
    yield "r on no point", digest + v + (5).to_bytes(32, "big") + signature[32:64]
    yield "r of 1, s of 1", digest + v + bn254.words(1, 1)
    yield "nothing", b""


def sized_inputs() -> Iterator[Input]:
    for size in (0, 1, 32, 33, 55, 56, 64, 119, 256, 1_000, 10_000, 100_000, 1_000_000):
        yield f"{size} bytes", (b"\xa5" * size)


def modexp_inputs() -> Iterator[Input]:
    for modulus_size in (1, 7, 8, 9, 16, 24, 32, 33, 64, 128, 256, 512, 1_024):
        for exponent_size in (1, 3, 32, 33, 40, 64, 128, 512, 2_048):
            if modulus_size * exponent_size <= 1 << 17:
                yield from _modexp_shapes(modulus_size, exponent_size)


def _modexp_shapes(modulus_size: int, exponent_size: int) -> Iterator[Input]:
    largest = (1 << 8 * modulus_size) - 1
    base = largest // 3 | 1
    exponents = {"ones": (1 << 8 * exponent_size) - 1, "three": 3}
    moduli = {"odd": largest, "even": largest - 1, "power of two": 1 << 8 * modulus_size - 1}
    sizes = bn254.words(modulus_size, exponent_size, modulus_size)
    for exponent_name, exponent in exponents.items():
        for modulus_name, modulus in moduli.items():
            yield (
                f"{modulus_size}-byte {modulus_name} modulus, {exponent_size}-byte exponent "
                f"({exponent_name})",
                sizes
                + base.to_bytes(modulus_size, "big")
                + exponent.to_bytes(exponent_size, "big")
                + modulus.to_bytes(modulus_size, "big"),
            )


def bn254_point(scalar: int) -> bytes:
    return bn254.words(*bn254.multiply_point(bn254.G1_GENERATOR, scalar))


def bn254_g2() -> bytes:
    (a, b), (c, d) = bn254.G2_GENERATOR
    return bn254.words(b, a, d, c)


def bn254_add_inputs() -> Iterator[Input]:
    one, other = bn254_point(BN254_R // 3), bn254_point(BN254_R // 7)
    yield "two points", one + other
    yield "a point twice", one + one
    yield "a point and its negative", one + bn254_point(-(BN254_R // 3))
    yield "infinity twice", bytes(128)
    yield "nothing", b""
    yield "off the curve", bn254.words(1, 1, 1, 1)


def bn254_multiply_inputs() -> Iterator[Input]:
    point = bn254_point(BN254_R // 3)
    for name, scalar in (
        ("all ones", (1 << 256) - 1),
        ("order - 1", BN254_R - 1),
        ("half the order", BN254_R // 2),
        ("2^255", 1 << 255),
        ("zero", 0),
    ):
        yield f"a point times {name}", point + bn254.words(scalar)
    yield "infinity times all ones", bytes(64) + ONES


def bn254_pairing_inputs() -> Iterator[Input]:
    for count in (0, 1, 2, 3, 4, 8, 16, 64, 256):
        pairs = b"".join(bn254_point(BN254_R // (3 + index)) + bn254_g2() for index in range(count))
        yield f"{count} pairs", pairs
    yield "8 pairs of infinity and a point", (bytes(64) + bn254_g2()) * 8
    yield "8 pairs of a point and infinity", (bn254_point(3) + bytes(128)) * 8


def blake2f_inputs() -> Iterator[Input]:
    for rounds in (0, 1, 12, 100, 200, 1_000, 10_000, 1_000_000):
        yield f"{rounds} rounds", rounds.to_bytes(4, "big") + b"\xa5" * 208 + b"\1"


def point_evaluation_inputs() -> Iterator[Input]:
    def case(name: str, commitment: G1Point, y: int, proof: G1Point) -> Input:
        raw = commitment.to_compressed_bytes()
        versioned_hash = b"\1" + sha256(raw).digest()[1:]
        return name, versioned_hash + bn254.words(5, y) + raw + proof.to_compressed_bytes()

    some = G1Point() * Scalar.from_be_bytes_mod_order(ONES)
    yield case("a constant polynomial", G1Point() * Scalar(7), 7, G1Point.identity())
    yield case("a wrong proof", some, 7, some + G1Point())


def _padded(point: G1Point | G2Point) -> bytes:
    raw = point.to_xy_bytes_be()
    return b"".join(bytes(16) + raw[at : at + 48] for at in range(0, len(raw), 48))


def _bls_point(group: type[G1Point] | type[G2Point], number: int) -> bytes:
    return _padded(group() * Scalar.from_be_bytes_mod_order(sha256(bytes([number])).digest()))  # type: ignore[operator]


def bls_add_inputs(group: type[G1Point] | type[G2Point]) -> Iterator[Input]:
    one, other = _bls_point(group, 1), _bls_point(group, 2)
    yield "two points", one + other
    yield "a point twice", one + one
    yield "infinity twice", bytes(2 * len(one))


def bls_multiply_inputs(group: type[G1Point] | type[G2Point]) -> Iterator[Input]:
    for count in (1, 2, 3, 4, 8, 16, 32, 64, 128, 256):
        yield f"{count} points", b"".join(_bls_point(group, n % 256) + ONES for n in range(count))
    order_less_one = (0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000000).to_bytes(
        32, "big"
    )
    yield "1 point, order - 1", _bls_point(group, 1) + order_less_one


def bls_pairing_inputs() -> Iterator[Input]:
    for count in (1, 2, 3, 4, 8, 16, 64):
        yield (
            f"{count} pairs",
            b"".join(_bls_point(G1Point, n) + _bls_point(G2Point, n) for n in range(count)),
        )


def field_inputs(count: int) -> Iterator[Input]:
    for name, value in (("zero", 0), ("one", 1), ("2^380 - 1", (1 << 380) - 1)):
        yield f"elements of {name}", value.to_bytes(64, "big") * count


INPUTS: dict[int, tuple[str, Callable[[], Iterable[Input]]]] = {
    0x01: ("ECRECOVER", ecrecover_inputs),
    0x02: ("SHA-256", sized_inputs),
    0x03: ("RIPEMD-160", sized_inputs),
    0x04: ("identity", sized_inputs),
    0x05: ("MODEXP", modexp_inputs),
    0x06: ("BN254 add", bn254_add_inputs),
    0x07: ("BN254 multiply", bn254_multiply_inputs),
    0x08: ("BN254 pairing", bn254_pairing_inputs),
    0x09: ("BLAKE2F", blake2f_inputs),
    0x0A: ("KZG evaluation", point_evaluation_inputs),
    0x0B: ("BLS12-381 G1 add", lambda: bls_add_inputs(G1Point)),
    0x0C: ("BLS12-381 G1 MSM", lambda: bls_multiply_inputs(G1Point)),
    0x0D: ("BLS12-381 G2 add", lambda: bls_add_inputs(G2Point)),
    0x0E: ("BLS12-381 G2 MSM", lambda: bls_multiply_inputs(G2Point)),
    0x0F: ("BLS12-381 pairing", bls_pairing_inputs),
    0x10: ("BLS12-381 map to G1", lambda: field_inputs(1)),
    0x11: ("BLS12-381 map to G2", lambda: field_inputs(2)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="print every input, not the worst alone")
    parser.add_argument("--without-py-evm", action="store_true", help="leave out its column")
    options = parser.parse_args()
    ours, theirs = ethereum_precompiles(Fork.PRAGUE), PragueComputation.get_precompiles()
    print(f"{'':24}{'gas':>10} {'µs':>10} {'Mgas/s':>8} {'py-evm':>8}  worst input")
    is_fast = True
    for number, (name, inputs) in INPUTS.items():
        at = Address(number.to_bytes(20, "big"))
        speeds = {data: speed(ours[at], what, data) for what, data in inputs()}
        data, worst = min(speeds.items(), key=lambda item: item[1].mgas)
        is_fast = is_fast and worst.mgas >= GUARD_MGAS
        py_evm = "" if options.without_py_evm else f"{speed(theirs[at], '', data).mgas:.3f}"
        print(
            f"{number:#04x} {name:19}{worst.gas:10} {worst.seconds * 1e6:10.1f} {worst.mgas:8.1f} "
            f"{py_evm:>8}  {worst.what}"
        )
        for each in speeds.values() if options.all else ():
            print(f"{'':24}{each.gas:10} {each.seconds * 1e6:10.1f} {each.mgas:8.1f}  {each.what}")
    print(f"all at least {GUARD_MGAS:g} Mgas/s" if is_fast else "TOO SLOW")
    assert is_fast


if __name__ == "__main__":
    main()
