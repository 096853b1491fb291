"""State overrides of precompiles: one that is overridden is an ordinary account, or moves away."""

from collections.abc import Mapping

from eth_typing import Address
from eth_utils import to_checksum_address

from chain.engine import AccountOverride
from chain.errors import InvalidOverride
from chain.py_evm.evm_state import FramePrecompile


def move_precompiles(
    precompiles: Mapping[Address, FramePrecompile], overrides: Mapping[Address, AccountOverride]
) -> dict[Address, FramePrecompile]:
    """The precompiles in force: an overridden one is gone from its address, moved where it is asked to.

    Raises `InvalidOverride` with geth's texts (internal/ethapi/override).
    """
    left = dict(precompiles)
    destinations: set[Address] = set()
    for address, override in overrides.items():
        if address in destinations:
            raise InvalidOverride(
                f"account {_hex(address)} has already been overridden by a precompile"
            )
        precompile, destination = left.get(address), override.move_precompile_to
        if destination is not None:
            if precompile is None:
                raise InvalidOverride(f"account {_hex(address)} is not a precompile")
            if destination in overrides:
                raise InvalidOverride(f"account {_hex(destination)} is already overridden")
            left[destination] = precompile
            destinations.add(destination)
        if precompile is not None:
            del left[address]
    return left


def _hex(address: Address) -> str:
    return to_checksum_address(address)
