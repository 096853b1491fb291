"""The one list of precompiles beside Ethereum's: those that 0G adds, and ours."""

from eth_typing import Address

from precompiles.da_entrance.functions import da_entrance
from precompiles.da_signers.functions import EPOCH_BLOCKS, da_signers
from precompiles.interface import Precompile
from precompiles.wrapped_a0gi_base.functions import wrapped_a0gi_base


def zero_g_precompiles(da_epoch_blocks: int = EPOCH_BLOCKS) -> dict[Address, Precompile]:
    """By address; there at every fork where a chain has them at all (facts §1a)."""
    precompiles = (da_signers(da_epoch_blocks), wrapped_a0gi_base())
    return {precompile.address: precompile for precompile in precompiles}


def own_precompiles(da_epoch_blocks: int = EPOCH_BLOCKS) -> dict[Address, Precompile]:
    """By address: those that a chain has from the time on that its genesis document names."""
    entrance = da_entrance(da_epoch_blocks)
    return {entrance.address: entrance}
