"""The one list of precompiles beside Ethereum's: those that 0G adds, and ours."""

from eth_typing import Address

from precompiles.da_entrance.functions import da_entrance
from precompiles.da_signers.functions import EPOCH_BLOCKS, da_signers
from precompiles.interface import Precompile
from precompiles.storage_flow.functions import storage_flow
from precompiles.wrapped_a0gi_base.functions import wrapped_a0gi_base


def zero_g_precompiles(da_epoch_blocks: int = EPOCH_BLOCKS) -> dict[Address, Precompile]:
    """By address; there at every fork where a chain has them at all (facts §1a)."""
    precompiles = (da_signers(da_epoch_blocks), wrapped_a0gi_base())
    return {precompile.address: precompile for precompile in precompiles}


def own_precompiles(da_epoch_blocks: int = EPOCH_BLOCKS) -> dict[Address, Precompile]:
    """The DA entrance by address: a chain has it from the time on that its genesis document names."""
    entrance = da_entrance(da_epoch_blocks)
    return {entrance.address: entrance}


def storage_precompiles() -> dict[Address, Precompile]:
    """The storage Flow and what belongs to it, by address: from its time on too."""
    return {precompile.address: precompile for precompile in storage_flow()}
