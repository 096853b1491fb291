"""The DA entrance (0x…da01) in a genesis document: its account where it is there from block zero."""

from typing import Any

from eth_typing import Address

from chain.config import ChainConfig
from chain.engine import AccountChange
from genesis.errors import InvalidGenesis
from precompiles.da_entrance.activation import initial_storage
from precompiles.da_entrance.entrance import ADDRESS
from precompiles.dispatch import CODE_BYTE

_KEY = f"0x{ADDRESS.hex()}"


def da_entrance_alloc(admin: Address) -> dict[str, Any]:
    """The account as the contract's `initialize` leaves it, before DASigners' first epoch."""
    slots = initial_storage(admin, epoch=0, block_number=0)
    storage = {f"0x{slot:064x}": f"0x{value:064x}" for slot, value in sorted(slots.items())}
    return {_KEY: {"balance": "0x0", "code": f"0x{CODE_BYTE.hex()}", "storage": storage}}


def check_da_entrance(config: ChainConfig, alloc: tuple[AccountChange, ...]) -> None:
    """Raises InvalidGenesis where `alloc` has something else at the entrance's address.

    Without code there it gets code and storage in the first block in which it is active.
    """
    change = next((change for change in alloc if change.address == ADDRESS), None)
    if config.da_entrance is None or change is None or change.code is None:
        return
    if change.code != CODE_BYTE:
        expected = "0x01 or none: the DA entrance is there"
        raise InvalidGenesis(f"alloc.{_KEY}.code", expected, "other code")
    wanted = initial_storage(config.da_entrance.admin, epoch=0, block_number=0)
    if any(dict(change.slots).get(slot) != value for slot, value in wanted.items()):
        expected = "what initialize writes for config.zerog.daEntrance.admin"
        raise InvalidGenesis(f"alloc.{_KEY}.storage", expected, "another storage")
