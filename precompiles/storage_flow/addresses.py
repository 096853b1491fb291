"""Where the Flow and what belongs to it are."""

from typing import Final

from eth_typing import Address
from eth_utils.address import to_canonical_address

FLOW: Final = Address(to_canonical_address("0x000000000000000000000000000000000000f10a"))
MARKET: Final = Address(to_canonical_address("0x000000000000000000000000000000000000f10b"))
ROOT_HISTORY: Final = Address(to_canonical_address("0x000000000000000000000000000000000000f10c"))
REWARD: Final = Address(to_canonical_address("0x000000000000000000000000000000000000f10d"))
"""Holds the fees; an account without code and without a key, from which the market alone takes."""
PRECOMPILES: Final = (FLOW, MARKET, ROOT_HISTORY)
BLOCK_HASHES: Final = Address(to_canonical_address("0x0000f90827f1c53a10cb7a02335b175320002935"))
"""EIP-2935's contract."""
