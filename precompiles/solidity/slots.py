"""Where Solidity puts things in a storage: mappings, lists, and the structs of ERC-7201 namespaces."""

from typing import Final

from eth_hash.auto import keccak


def erc_7201(namespace: str) -> int:
    """The first slot of a namespace's struct (ERC-7201)."""
    inner = int.from_bytes(keccak(namespace.encode()), "big") - 1
    return int.from_bytes(keccak(inner.to_bytes(32, "big")), "big") & ~0xFF


INITIALIZED: Final = erc_7201("openzeppelin.storage.Initializable")
ROLES: Final = erc_7201("openzeppelin.storage.AccessControl")
"""Role → { account → 1, role of its admins in the next slot }."""
ROLE_MEMBERS: Final = erc_7201("openzeppelin.storage.AccessControlEnumerable")
"""Role → { list of accounts, account → place in the list, from 1, in the next slot }."""
PAUSED: Final = erc_7201("openzeppelin.storage.Pausable")


def item(mapping: int, key: bytes) -> int:
    """The slot of a mapping's value; the key is a word or shorter, padded on the left."""
    return int.from_bytes(keccak(key.rjust(32, b"\0") + mapping.to_bytes(32, "big")), "big")


def element(array: int, index: int) -> int:
    """The slot of a dynamic array's element of one word."""
    return (int.from_bytes(keccak(array.to_bytes(32, "big")), "big") + index) % (1 << 256)
