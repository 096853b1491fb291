"""The storages with which Flow and market begin: what the contracts' `initialize` write."""

from collections.abc import Mapping
from typing import Final

from eth_hash.auto import keccak
from eth_typing import Address

from precompiles.solidity import roles, slots
from precompiles.storage_flow import layout
from precompiles.storage_flow.addresses import FLOW, MARKET, REWARD, ROOT_HISTORY
from precompiles.storage_flow.pausing import PAUSER_ROLE

EMPTY_HASH: Final = int.from_bytes(keccak(b""), "big")
"""Stands for a block hash that nobody knows any more."""
VERSION: Final = 1


def initial_storages(
    admin: Address, price_per_sector: int, blocks_per_epoch: int, first_block: int
) -> Mapping[Address, Mapping[int, int]]:
    """Account → slot → value. `admin` has every role of both; the price is in wei a sector of 256 bytes."""
    flow = {
        layout.MARKET_ADDRESS: _number(MARKET),
        layout.TREE_LENGTH: 1,
        layout.UNSTAGED_HEIGHT: 1,
        layout.OPEN_NODES: 1,
        layout.CONTEXT + 3: 1,
        layout.CONTEXT + 4: EMPTY_HASH,
        layout.CONTEXT + 5: EMPTY_HASH,
        layout.FIRST_BLOCK: first_block,
        layout.ROOT_HISTORY: _number(ROOT_HISTORY),
        layout.BLOCKS_PER_EPOCH: blocks_per_epoch,
        slots.INITIALIZED: VERSION,
        **roles.first_member(roles.DEFAULT_ADMIN_ROLE, admin),
        **roles.first_member(PAUSER_ROLE, admin),
    }
    market = {
        layout.PRICE_PER_SECTOR: price_per_sector,
        layout.MARKET_FLOW: _number(FLOW),
        layout.MARKET_REWARD: _number(REWARD),
        slots.INITIALIZED: VERSION,
        **roles.first_member(roles.DEFAULT_ADMIN_ROLE, admin),
        **roles.first_member(roles.PARAMS_ADMIN_ROLE, admin),
    }
    storages = {FLOW: flow, MARKET: market, ROOT_HISTORY: {}}
    return {
        address: {slot: value for slot, value in storage.items() if value}
        for address, storage in storages.items()
    }


def _number(address: Address) -> int:
    return int.from_bytes(address, "big")
