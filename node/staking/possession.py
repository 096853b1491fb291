"""Proof that a consensus key wants to be an account's validator, as `Staking.sol` asks for it."""

from dataclasses import dataclass
from typing import Final

from coincurve import PublicKey
from eth_hash.auto import keccak

from chain.staking import STAKING_CONTRACT
from consensus.signatures import public_key_of, sign

POSSESSION_DOMAIN: Final = keccak(b"zerog-proof-of-possession/1")
_ETHEREUM_RECOVERY: Final = 27
"""ecrecover's v begins here."""


@dataclass(frozen=True, slots=True)
class Possession:
    """The key's coordinates and its signature: big-endian words of 32 bytes."""

    key_x: bytes
    key_y: bytes
    v: int
    r: bytes
    s: bytes

    @property
    def arguments(self) -> tuple[bytes, bytes, int, bytes, bytes]:
        """Of `createValidator`."""
        return self.key_x, self.key_y, self.v, self.r, self.s


def possession_of(secret: bytes, chain_id: int, owner: bytes) -> Possession:
    """`secret` is the consensus key, 32 bytes; `owner` the account (20) that sends the transaction."""
    signature = sign(secret, possession_digest(chain_id, owner))
    point = PublicKey(public_key_of(secret)).format(compressed=False)[1:]
    return Possession(
        key_x=point[:32],
        key_y=point[32:],
        v=signature[64] + _ETHEREUM_RECOVERY,
        r=signature[:32],
        s=signature[32:64],
    )


def possession_digest(chain_id: int, owner: bytes) -> bytes:
    """keccak of ABI words: domain, chain id, the contract's address, the owner."""
    words = (POSSESSION_DOMAIN, chain_id.to_bytes(32, "big"), STAKING_CONTRACT, owner)
    return keccak(b"".join(word.rjust(32, b"\0") for word in words))
