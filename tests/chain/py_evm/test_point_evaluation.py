"""KZG point evaluation against ckzg, which reads the whole trusted setup."""

from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import ckzg
import eth
import pytest
from eth_typing import Address
from py_arkworks_bls12381 import G1Point, Scalar

from chain.py_evm.point_evaluation import SECRET_IN_G2, is_proof

SETUP_FILE = Path(eth.__file__).parent / "_utils" / "kzg_trusted_setup.txt"
MODULUS = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
P = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB
INFINITY = b"\xc0" + bytes(47)
FIELD_ELEMENTS = 4_096

Case = tuple[bytes, bytes, bytes, bytes]
"""Commitment, z, y, proof."""


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


@pytest.fixture(scope="module")
def trusted_setup() -> Any:
    return ckzg.load_trusted_setup(str(SETUP_FILE), 0)


@pytest.fixture(scope="module")
def honest(trusted_setup: Any) -> Case:
    """A random blob, at a random place."""
    random = Random(4844)
    blob = b"".join(word(random.randrange(MODULUS)) for _ in range(FIELD_ELEMENTS))
    z = word(random.randrange(MODULUS))
    proof, y = ckzg.compute_kzg_proof(blob, z, trusted_setup)
    return ckzg.blob_to_kzg_commitment(blob, trusted_setup), z, bytes(y), bytes(proof)


def verdict_of_ckzg(case: Case, trusted_setup: Any) -> bool:
    try:
        return bool(ckzg.verify_kzg_proof(*case, trusted_setup))
    except RuntimeError:
        return False


def test_the_secret_is_the_ceremonys() -> None:
    words = SETUP_FILE.read_text().split()
    lagrange_points = int(words[0])
    assert words[2 + lagrange_points + 1] == SECRET_IN_G2.hex()


def test_an_honest_proof_holds(honest: Case, trusted_setup: Any) -> None:
    assert is_proof(*honest)
    assert verdict_of_ckzg(honest, trusted_setup)


@pytest.mark.parametrize("place", range(4))
def test_a_proof_with_one_part_changed_does_not_hold(honest: Case, place: int) -> None:
    other = G1Point() * Scalar(7)
    parts = list(honest)
    parts[place] = other.to_compressed_bytes() if place in (0, 3) else word(7)
    assert not is_proof(*parts)


def _outside_the_subgroup() -> bytes:
    x = 4
    while True:
        compressed = bytearray(x.to_bytes(48, "big"))
        compressed[0] |= 0x80
        try:
            point = G1Point.from_compressed_bytes_unchecked(bytes(compressed))
        except ValueError:
            x += 1
            continue
        if not point.is_in_subgroup():
            return bytes(compressed)
        x += 1


def _flagged(flags: int, x: int) -> bytes:
    return bytes([flags | x >> 376]) + (x % (1 << 376)).to_bytes(47, "big")


POINTS = {
    "infinity": INFINITY,
    "infinity with a last bit": INFINITY[:-1] + b"\1",
    "infinity with a sign": b"\xe0" + bytes(47),
    "infinity, not compressed": b"\x40" + bytes(47),
    "no flags": bytes(48),
    "off the curve": _flagged(0x80, 1),
    "zero": _flagged(0x80, 0),
    "zero with a sign": _flagged(0xA0, 0),
    "the modulus": _flagged(0x80, P),
    "beyond the modulus": _flagged(0x80, P + 4),
    "all ones": b"\xff" * 48,
    "outside the subgroup": _outside_the_subgroup(),
    "generator": G1Point().to_compressed_bytes(),
    "minus generator": (-G1Point()).to_compressed_bytes(),
}


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS.keys())
def test_points_are_taken_and_refused_as_by_ckzg(
    point: bytes, honest: Case, trusted_setup: Any
) -> None:
    commitment, z, y, proof = honest
    cases = (
        (point, z, y, proof),
        (commitment, z, y, point),
        # With the proof at infinity a commitment to the constant y holds.
        (point, z, word(0), INFINITY),
        (point, z, word(1), INFINITY),
        (INFINITY, z, word(0), point),
    )
    for case in cases:
        assert is_proof(*case) == verdict_of_ckzg(case, trusted_setup)


@pytest.mark.parametrize("value", [0, 1, MODULUS - 1, MODULUS, MODULUS + 1, 2**256 - 1])
def test_field_elements_are_taken_and_refused_as_by_ckzg(value: int, trusted_setup: Any) -> None:
    constant = (G1Point() * Scalar.from_be_bytes_mod_order(word(value))).to_compressed_bytes()
    for case in (
        (constant, word(5), word(value), INFINITY),
        (constant, word(value), word(5), INFINITY),
        (G1Point().to_compressed_bytes(), word(value), word(1), INFINITY),
    ):
        assert is_proof(*case) == verdict_of_ckzg(case, trusted_setup)


def test_the_precompile_answers_the_size_of_blobs_and_refuses_with_gas_gone(world: Any) -> None:
    """EIP-4844: the constant polynomial 0 has commitment and proof at infinity."""
    at = Address((10).to_bytes(20, "big"))
    versioned_hash = b"\x01" + sha256(INFINITY).digest()[1:]
    data = versioned_hash + word(5) + word(0) + INFINITY + INFINITY
    result = world.call(at, data)
    assert result.error is None
    assert result.output == word(FIELD_ELEMENTS) + word(MODULUS)
    zeros = data.count(0)
    assert result.peak_gas_used - 21_000 - 4 * zeros - 16 * (len(data) - zeros) == 50_000
    wrong = versioned_hash + word(5) + word(1) + INFINITY + INFINITY
    assert world.call(at, wrong).error == "error verifying kzg proof"
    assert world.call(at, b"\x02" + data[1:]).error == "mismatched versioned hash"
    assert world.call(at, data[:-1]).error == "invalid input length"
