"""Signatures that cost nothing: a run makes thousands, and what they prove is tested elsewhere."""

from eth_hash.auto import keccak

from consensus.errors import InvalidSignature
from consensus.signatures import SIGNATURE_BYTES
from consensus.values import ValidatorAddress

CHAIN = b"simulation".ljust(32)
_ADDRESS_BYTES = 20


def false_signature(validator: ValidatorAddress, digest: bytes) -> bytes:
    """Names the signer and the digest, as a real one does."""
    return (validator + keccak(validator + digest)).ljust(SIGNATURE_BYTES, b"\0")


def false_recover(digest: bytes, signature: bytes) -> ValidatorAddress:
    """Raises InvalidSignature."""
    validator = ValidatorAddress(signature[:_ADDRESS_BYTES])
    if signature != false_signature(validator, digest):
        raise InvalidSignature("not a signature of this digest")
    return validator
