"""Where a creation puts its contract."""

from typing import Final

from eth_hash.auto import keccak
from eth_typing import Address

from chain.rlp_items import encode_item

_CREATE2_PREFIX: Final = b"\xff"


def created_address(sender: Address, nonce: int) -> Address:
    """Of a transaction's creation or CREATE; `nonce` is the creator's before it (Yellow Paper 7)."""
    return Address(keccak(encode_item((sender, nonce)))[-20:])


def create2_address(sender: Address, salt: int, init_code: bytes) -> Address:
    """Of CREATE2 (EIP-1014)."""
    code_hash = keccak(init_code)
    return Address(keccak(_CREATE2_PREFIX + sender + salt.to_bytes(32, "big") + code_hash)[-20:])
