"""Signatures that cost little: a run makes thousands, and what they prove is tested elsewhere."""

from functools import lru_cache

from eth_hash.auto import keccak

from consensus.encoding import signing_digest
from consensus.errors import InvalidSignature
from consensus.signatures import SIGNATURE_BYTES
from consensus.values import Proposal, ValidatorAddress, Vote

CHAIN = b"simulation".ljust(32)
_ADDRESS_BYTES = 20
_SIGNATURES_KEPT_MAX = 4_096


def false_signature(message: Proposal | Vote) -> bytes:
    """The validator's of the message, whatever signature that has."""
    return signature_of_digest(message.validator, signing_digest(CHAIN, message))


@lru_cache(maxsize=_SIGNATURES_KEPT_MAX)
def signature_of_digest(validator: ValidatorAddress, digest: bytes) -> bytes:
    """Names the signer and the digest, as a real one does."""
    return (validator + keccak(validator + digest)).ljust(SIGNATURE_BYTES, b"\0")


def false_recover(digest: bytes, signature: bytes) -> ValidatorAddress:
    """Raises InvalidSignature."""
    validator = ValidatorAddress(signature[:_ADDRESS_BYTES])
    if signature != signature_of_digest(validator, digest):
        raise InvalidSignature("not a signature of this digest")
    return validator
