"""The precompile 0x100 from Osaka on: whether something is a signature over secp256r1 (EIP-7951).

Over OpenSSL. What the EIP lets through and what not is checked here first; OpenSSL hears only of numbers
in range.
"""

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from chain.py_evm.frame import Frame

GAS: Final = 6_900
INPUT_BYTES: Final = 160
FIELD_MODULUS: Final = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
VERIFIED: Final = (1).to_bytes(32, "big")


def p256_verify(frame: Frame) -> None:
    """Hash ‖ r ‖ s ‖ x ‖ y, 32 bytes each; answers 1 as a word, or nothing. It never fails but for gas."""
    frame.consume_gas(GAS)
    data = frame.msg.data
    frame.output = VERIFIED if len(data) == INPUT_BYTES and is_signature(data) else b""


def is_signature(data: bytes) -> bool:
    """Whether the key (x, y) signed the hash; False also of numbers out of range and of no point."""
    r, s, x, y = (int.from_bytes(data[start : start + 32], "big") for start in (32, 64, 96, 128))
    if not (0 < r < ORDER and 0 < s < ORDER and x < FIELD_MODULUS and y < FIELD_MODULUS):
        return False
    try:
        key = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
        key.verify(encode_dss_signature(r, s), data[:32], ECDSA(Prehashed(SHA256())))
    except (ValueError, InvalidSignature):
        # The point at infinity, (0, 0), is not on the curve either.
        return False
    return True
