"""The storage Flow (0x…f10a) in a genesis document: its section, and its accounts from block zero."""

from collections.abc import Mapping
from typing import Any

from eth_typing import Address

from chain.config import ChainConfig
from chain.engine import AccountChange
from chain.storage_flow import StorageFlow
from genesis.errors import InvalidGenesis
from precompiles.dispatch import CODE_BYTE
from precompiles.storage_flow.activation import initial_storages


def storage_flow_section(flow: StorageFlow) -> dict[str, Any]:
    """`config.zerog.storageFlow`."""
    return {
        "time": flow.time,
        "admin": f"0x{flow.admin.hex()}",
        "pricePerSector": hex(flow.price_per_sector),
        "blocksPerEpoch": flow.blocks_per_epoch,
        "firstBlock": flow.first_block,
    }


def storage_flow_alloc(flow: StorageFlow) -> dict[str, Any]:
    """Flow, market and history of roots, as the contracts' `initialize` leave them."""
    return {
        f"0x{address.hex()}": {
            "balance": "0x0",
            "code": f"0x{CODE_BYTE.hex()}",
            "storage": {
                f"0x{slot:064x}": f"0x{value:064x}" for slot, value in sorted(storage.items())
            },
        }
        for address, storage in _storages(flow).items()
    }


def check_storage_flow(config: ChainConfig, alloc: tuple[AccountChange, ...]) -> None:
    """Raises InvalidGenesis where `alloc` has something else at one of the addresses.

    Accounts without code there get code and storage in the first block in which the Flow is active.
    """
    if config.storage_flow is None:
        return
    changes = {change.address: change for change in alloc}
    for address, storage in _storages(config.storage_flow).items():
        change = changes.get(address)
        if change is None or change.code is None:
            continue
        key = f"alloc.0x{address.hex()}"
        if change.code != CODE_BYTE:
            raise InvalidGenesis(f"{key}.code", "0x01 or none: a precompile is there", "other code")
        slots = dict(change.slots)
        if any(slots.get(slot) != value for slot, value in storage.items()):
            expected = "what config.zerog.storageFlow says"
            raise InvalidGenesis(f"{key}.storage", expected, "another storage")


def _storages(flow: StorageFlow) -> Mapping[Address, Mapping[int, int]]:
    return initial_storages(
        flow.admin, flow.price_per_sector, flow.blocks_per_epoch, flow.first_block
    )
