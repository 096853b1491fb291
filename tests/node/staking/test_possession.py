"""The digest that the key signs is the one that the contract asks for."""

from consensus.signatures import public_key_of, recover
from consensus.validators import address_of
from node.staking.possession import possession_digest, possession_of

SECRET, OWNER = b"\x05" * 32, b"\x07" * 20


def test_the_keys_signature_of_the_digest_recovers_to_its_address() -> None:
    proof = possession_of(SECRET, 16_601, OWNER)
    digest = possession_digest(16_601, OWNER)
    signature = proof.r + proof.s + bytes([proof.v - 27])
    assert recover(digest, signature) == address_of(public_key_of(SECRET))
    assert public_key_of(SECRET)[1:] == proof.key_x


def test_chain_and_owner_are_in_the_digest() -> None:
    digests = {possession_digest(chain, owner) for chain in (1, 2) for owner in (OWNER, bytes(20))}
    assert len(digests) == 4
