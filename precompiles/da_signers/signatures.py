"""BLS signatures over BN254 as DA signers make them and as the chain checks them (facts §1a-1, §2).

Pure: hashes, keys, signing and aggregation for the precompile, the demo and command-line tools.
"""

from collections.abc import Iterable
from typing import Final

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from precompiles.bn254 import (
    G1_GENERATOR,
    G2_GENERATOR,
    G2_INFINITY,
    G2Point,
    InvalidPoint,
    add_points,
    is_on_curve,
    multiply_point,
    negate,
    pairing_product_is_one,
    sum_points,
    words,
)
from precompiles.bn254_g2 import multiply_g2_generator, sum_g2_points
from precompiles.bn254_unchecked import INFINITY, P, Point, R

_REGISTRATION_TAG: Final = b"0G_BN254_Pubkey_Registration"
_SQUARE_ROOT_EXPONENT: Final = (P + 1) // 4


def registration_message_hash(signer: Address, chain_id: int) -> Hash32:
    """What a new signer signs: keccak(address ‖ chain id as 32 bytes ‖ tag)."""
    return Hash32(keccak(signer + words(chain_id) + _REGISTRATION_TAG))


def epoch_registration_hash(signer: Address, next_epoch: int, chain_id: int) -> Hash32:
    """What a signer signs for an epoch: keccak(address ‖ epoch as uint64 ‖ chain id as 32 bytes)."""
    return Hash32(keccak(signer + next_epoch.to_bytes(8, "big") + words(chain_id)))


def blob_message_hash(data_root: Hash32, epoch: int, quorum_id: int, commitment: Point) -> Hash32:
    """What the signers of a blob sign: keccak of its root, epoch, quorum and erasure commitment (§2)."""
    return Hash32(keccak(data_root + words(epoch, quorum_id, *commitment)))


def hash_to_g1(digest: bytes) -> Point:
    """The first point at or after x = digest, by try and increment; y = a^((p+1)/4)."""
    x = int.from_bytes(digest, "big") % P
    while True:
        y = square_root((x * x * x + 3) % P)
        if y is not None:
            return x, y
        # Ends at the latest at p - 1, which is on the curve.
        x += 1


def square_root(square: int) -> int | None:
    """The root a^((p+1)/4) of a field element, None where it has none."""
    root = pow(square, _SQUARE_ROOT_EXPONENT, P)
    return root if root * root % P == square else None


def public_keys(secret_key: int) -> tuple[Point, G2Point]:
    """The public key in both groups."""
    return multiply_point(G1_GENERATOR, secret_key), multiply_g2_generator(secret_key)


def sign(secret_key: int, message_point: Point) -> Point:
    """secret key · H, with H from `hash_to_g1`."""
    return multiply_point(message_point, secret_key)


def aggregate_signatures(signatures: Iterable[Point]) -> Point:
    """The signature of all signers together."""
    return sum_points(signatures)


def aggregate_g2_keys(keys: Iterable[G2Point]) -> G2Point:
    """The key that an aggregated signature is checked with, real part first."""
    return sum_g2_points(keys)


def is_signature_of_signer(
    message_point: Point, signature: Point, key_g1: Point, key_g2: G2Point
) -> bool:
    """The precompile's check of a registration; γ hashes the message point first (facts §1a-1)."""
    gamma = _gamma(message_point, signature, key_g1, *key_g2)
    return _holds(message_point, signature, key_g1, key_g2, gamma)


def is_signature_of_blob(
    message_point: Point, signature: Point, key_g1: Point, key_g2: G2Point
) -> bool:
    """The DA entrance's check of an aggregated signature; γ hashes the message point last (§2, step 4)."""
    (x_real, x_imaginary), (y_real, y_imaginary) = key_g2
    # The contract holds the key in EIP-197's order and hashes its words as they lie.
    gamma = _gamma(signature, key_g1, (x_imaginary, x_real), (y_imaginary, y_real), message_point)
    return _holds(message_point, signature, key_g1, key_g2, gamma)


def _gamma(*pairs: tuple[int, int]) -> int:
    return int.from_bytes(keccak(b"".join(words(*pair) for pair in pairs)), "big") % R


def _holds(
    message_point: Point, signature: Point, key_g1: Point, key_g2: G2Point, gamma: int
) -> bool:
    """e(S + γ·PK1, −G2) · e(H + γ·G1, PK2) = 1, on the curve and, as gnark computes it, off it.

    A pairing with (x, 0) or (0, y) is 1: every line function lies in a subfield that the final
    exponentiation maps to 1 (facts [O2]). With any other point off the curve, and with a G2 key
    outside the group, the equation holds with the chance of a guessed discrete logarithm: refused.
    """
    left = add_points(signature, multiply_point(key_g1, gamma))
    right = add_points(message_point, multiply_point(G1_GENERATOR, gamma))
    if 0 in left:
        left = INFINITY
    if not is_on_curve(left):
        return False
    pairs = [(negate(left), G2_GENERATOR)]
    if key_g2 != G2_INFINITY:
        pairs.append((right, key_g2))
    try:
        return pairing_product_is_one(pairs)
    except InvalidPoint:
        return False
