"""geth's state overrides as changes of a state, so that their root can be worked out as well."""

from collections.abc import Mapping
from typing import Final

from eth_hash.auto import keccak
from eth_typing import Address, Hash32
from eth_utils import to_checksum_address

from chain.account_records import EMPTY_CODE_HASH
from chain.engine import Account, AccountChange, AccountOverride, StateReader
from chain.errors import InvalidOverride

_NOTHING: Final = Account(nonce=0, balance=0, code_hash=EMPTY_CODE_HASH)


def override_changes(
    reader: StateReader, overrides: Mapping[Address, AccountOverride]
) -> tuple[AccountChange, ...]:
    """What the overrides make of the state; raises `InvalidOverride` with geth's text.

    As in geth every account of which an override says anything exists afterwards, be it empty.
    """
    return tuple(
        _change(reader, address, overrides[address])
        for address in sorted(overrides)
        if _says_anything(overrides[address])
    )


def _says_anything(override: AccountOverride) -> bool:
    values = (override.nonce, override.balance, override.code, override.state)
    return bool(override.state_diff) or any(value is not None for value in values)


def _change(reader: StateReader, address: Address, override: AccountOverride) -> AccountChange:
    if override.state is not None and override.state_diff:
        raise InvalidOverride(
            f"account {to_checksum_address(address)} has both 'state' and 'stateDiff'"
        )
    before = reader.account(address)
    account = before or _NOTHING
    nonce = account.nonce if override.nonce is None else override.nonce
    balance = account.balance if override.balance is None else override.balance
    code_hash = account.code_hash
    if override.code is not None:
        code_hash = Hash32(keccak(override.code))
    replaces_storage = override.state is not None
    slots = override.state if override.state is not None else override.state_diff
    return AccountChange(
        address,
        Account(nonce, balance, code_hash),
        wipes_storage=replaces_storage and before is not None,
        slots=tuple(sorted(slots.items())),
        code=override.code or None,
    )
