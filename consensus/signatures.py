"""secp256k1 with recovery: sign a 32-byte digest, recover the signer's address."""

from coincurve import PrivateKey, PublicKey
from eth_hash.auto import keccak

from consensus.errors import InvalidSignature
from consensus.values import ValidatorAddress

SIGNATURE_BYTES = 65
"""r ‖ s ‖ v: 32 and 32 bytes big-endian, v 0 or 1."""
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def sign(private_key: bytes, digest: bytes) -> bytes:
    """Deterministic (RFC 6979), s in the lower half: one message, one signature."""
    return PrivateKey(private_key).sign_recoverable(digest, hasher=None)


def public_key_of(private_key: bytes) -> bytes:
    """33 bytes, compressed."""
    return PrivateKey(private_key).public_key.format(compressed=True)


def recover(digest: bytes, signature: bytes) -> ValidatorAddress:
    """Who signed. Raises InvalidSignature.

    A high s is refused: else anybody could make a second valid signature of any message.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise InvalidSignature(f"signature has {len(signature)} bytes, expected {SIGNATURE_BYTES}")
    if signature[64] > 1:
        raise InvalidSignature(f"recovery id {signature[64]}, expected 0 or 1")
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        raise InvalidSignature("s is in the upper half")
    try:
        key = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except (ValueError, TypeError) as error:
        raise InvalidSignature(f"no key can be recovered: {error}") from error
    return ValidatorAddress(keccak(key.format(compressed=False)[1:])[-20:])
