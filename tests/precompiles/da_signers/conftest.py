"""Signers with keys, and the registry's side of DASigners."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from eth_typing import Address

from precompiles.da_signers.functions import REGISTRY, da_signers
from precompiles.da_signers.signatures import (
    epoch_registration_hash,
    hash_to_g1,
    public_keys,
    registration_message_hash,
    sign,
)

ZERO_KEYS = ((0, 0), ((0, 0), (0, 0)))


def address_of(number: int) -> Address:
    return Address(number.to_bytes(20, "big"))


@dataclass
class Registry:
    """Registers signers as the registry contract does. Secret key 0 has the all-zero keys."""

    chain: Any

    def register(self, secret_key: int, address: Address, socket: bytes = b"0.0.0.0:1234") -> Any:
        keys = public_keys(secret_key) if secret_key else ZERO_KEYS
        point = hash_to_g1(registration_message_hash(address, self.chain.chain_id))
        signature = sign(secret_key, point)
        return self.chain.invoke(
            "registerSigner", (address, socket, *keys), signature, caller=REGISTRY
        )

    def register_next_epoch(self, secret_key: int, address: Address, votes: int) -> Any:
        (epoch,) = self.chain.invoke("epochNumber")
        digest = epoch_registration_hash(address, epoch + 1, self.chain.chain_id)
        signature = sign(secret_key, hash_to_g1(digest))
        return self.chain.invoke("registerNextEpoch", address, signature, votes, caller=REGISTRY)


@pytest.fixture
def registry(chain_of: Callable[..., Any]) -> Registry:
    return Registry(chain_of(da_signers()))
