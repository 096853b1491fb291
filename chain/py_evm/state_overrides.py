"""geth's state overrides (third parameter of eth_call): a reader over a reader, and moved precompiles."""

from collections.abc import Mapping

from eth_hash.auto import keccak
from eth_typing import Address, Hash32
from eth_utils import to_checksum_address

from chain.engine import Account, AccountOverride, StateReader
from chain.errors import InvalidOverride
from chain.py_evm.evm_state import FramePrecompile
from chain.py_evm.journal import EMPTY_CODE_HASH

Overrides = Mapping[Address, AccountOverride]


class OverriddenReader:
    """`StateReader` that answers as if the overrides had been the state."""

    def __init__(self, reader: StateReader, overrides: Overrides) -> None:
        self._reader, self._overrides = reader, overrides
        self._codes = {
            Hash32(keccak(override.code)): override.code
            for override in overrides.values()
            if override.code is not None
        }

    def account(self, address: Address) -> Account | None:
        account, override = self._reader.account(address), self._overrides.get(address)
        if override is None:
            return account
        # geth makes an object of every account that an override names.
        before = account or Account(0, 0, EMPTY_CODE_HASH)
        return Account(
            nonce=before.nonce if override.nonce is None else override.nonce,
            balance=before.balance if override.balance is None else override.balance,
            code_hash=(
                before.code_hash if override.code is None else Hash32(keccak(override.code))
            ),
        )

    def slot(self, address: Address, slot: int) -> int:
        override = self._overrides.get(address)
        if override is not None:
            if override.state is not None:
                return override.state.get(slot, 0)
            if slot in override.state_diff:
                return override.state_diff[slot]
        return self._reader.slot(address, slot)

    def has_storage(self, address: Address) -> bool:
        override = self._overrides.get(address)
        if override is not None and override.state is not None:
            return any(override.state.values())
        is_set = override is not None and any(override.state_diff.values())
        return is_set or self._reader.has_storage(address)

    def code(self, code_hash: Hash32) -> bytes:
        return self._codes[code_hash] if code_hash in self._codes else self._reader.code(code_hash)

    def block_hash(self, number: int) -> Hash32 | None:
        return self._reader.block_hash(number)


def move_precompiles(
    precompiles: Mapping[Address, FramePrecompile], overrides: Overrides
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
        if override.state is not None and override.state_diff:
            raise InvalidOverride(f"account {_hex(address)} has both 'state' and 'stateDiff'")
    return left


def _hex(address: Address) -> str:
    return to_checksum_address(address)
