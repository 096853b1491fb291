"""What a block does first where a precompile begins with it: the account gets code.

Without code the account would count as empty and be swept with its storage (EIP-158), and Solidity, which
asks for code before it calls, would not call it. Where the genesis document gives it the code, nothing is
left to do.
"""

from eth_typing import Address

from chain.precompile_views import StorageReaderView
from chain.py_evm.evm_state import EvmState
from chain.storage_flow import StorageFlow
from precompiles.da_entrance.activation import initial_storage
from precompiles.da_entrance.entrance import ADDRESS, DA_SIGNERS
from precompiles.da_signers.epochs import current_epoch
from precompiles.dispatch import CODE_BYTE
from precompiles.storage_flow.activation import initial_storages
from precompiles.storage_flow.addresses import PRECOMPILES


def activate_precompiles(state: EvmState) -> None:
    """Before the first transaction; changes something in one block alone, the first of its rules."""
    missing = [address for address in state.rules.plugins if state.get_code(address) != CODE_BYTE]
    for address in missing:
        state.set_code(address, CODE_BYTE)
    admin = state.rules.da_entrance_admin
    if admin is not None and not state.get_code(ADDRESS):
        _begin_da_entrance(state, admin)
        missing.append(ADDRESS)
    flow = state.rules.storage_flow
    if flow is not None:
        missing += _begin_storage_flow(state, flow)
    if missing:
        state.settle()


def _begin_da_entrance(state: EvmState, admin: Address) -> None:
    """With the storage that the contract's `initialize` would have written."""
    epoch = current_epoch(StorageReaderView(state, DA_SIGNERS))
    state.set_code(ADDRESS, CODE_BYTE)
    for slot, value in initial_storage(admin, epoch, state.block_number).items():
        state.set_storage(ADDRESS, slot, value)


def _begin_storage_flow(state: EvmState, flow: StorageFlow) -> list[Address]:
    """With the storages that the contracts' `initialize` would have written; the accounts that begin."""
    missing = [address for address in PRECOMPILES if not state.get_code(address)]
    if missing:
        storages = initial_storages(
            flow.admin, flow.price_per_sector, flow.blocks_per_epoch, flow.first_block
        )
        for address in missing:
            state.set_code(address, CODE_BYTE)
            for slot, value in storages[address].items():
                state.set_storage(address, slot, value)
    return missing
