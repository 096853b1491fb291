"""The precompile 0x0a: a polynomial, known by its KZG commitment, has this value there (EIP-4844).

Of the trusted setup a check needs one point, which stands here: reading all of it takes ckzg two seconds,
and that would be in the middle of a block.
"""

from hashlib import sha256
from typing import Final

from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar

from chain.py_evm.frame import Frame
from chain.py_evm.frame_errors import InvalidPrecompileInput

GAS: Final = 50_000
INPUT_BYTES: Final = 192
VERSIONED_HASH_VERSION: Final = b"\x01"
SECRET_IN_G2: Final = bytes.fromhex(
    "b5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72"
    "185cbfee53492714734429b7b38608e23926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2"
)
"""τ·H, compressed: the second of the KZG ceremony's powers of τ in G2."""
FIELD_ELEMENTS_AND_MODULUS: Final = (4096).to_bytes(32, "big") + bytes.fromhex(
    "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001"
)
"""What the precompile answers: how many field elements a blob has, and the field's modulus."""


def point_evaluation(frame: Frame) -> None:
    """Versioned hash ‖ z ‖ y ‖ commitment ‖ proof."""
    frame.consume_gas(GAS)
    data = frame.msg.data
    if len(data) != INPUT_BYTES:
        raise InvalidPrecompileInput("invalid input length")
    commitment, proof = data[96:144], data[144:192]
    if VERSIONED_HASH_VERSION + sha256(commitment).digest()[1:] != data[:32]:
        raise InvalidPrecompileInput("mismatched versioned hash")
    if not is_proof(commitment, data[32:64], data[64:96], proof):
        raise InvalidPrecompileInput("error verifying kzg proof")
    frame.output = FIELD_ELEMENTS_AND_MODULUS


def is_proof(commitment: bytes, z: bytes, y: bytes, proof: bytes) -> bool:
    """Whether the proof shows p(z) = y; False also of what is no point or no field element.

    e(C - y·G, H) = e(π, (τ - z)·H), with z moved to the left so that G2 is spared a multiplication.
    Points are 48 bytes compressed, z and y 32 bytes big-endian.
    """
    try:
        point, witness = _point(commitment), _point(proof)
        at, value = Scalar.from_be_bytes(z), Scalar.from_be_bytes(y)
    except ValueError:
        return False
    left = point - G1Point() * value + witness * at
    secret = G2Point.from_compressed_bytes_unchecked(SECRET_IN_G2)
    return GT.pairing_check([left, -witness], [G2Point(), secret])


def _point(compressed: bytes) -> G1Point:
    """Raises `ValueError`. The native code takes any infinity whose flag is set; only one is canonical."""
    point = G1Point.from_compressed_bytes(compressed)
    if point.to_compressed_bytes() != compressed:
        raise ValueError("a point at infinity with other bits set")
    return point
