"""The one list of precompiles that 0G adds to Ethereum's."""

from eth_typing import Address

from precompiles.da_signers.functions import EPOCH_BLOCKS, da_signers
from precompiles.interface import Precompile
from precompiles.wrapped_a0gi_base.functions import wrapped_a0gi_base


def zero_g_precompiles(da_epoch_blocks: int = EPOCH_BLOCKS) -> dict[Address, Precompile]:
    """By address; there at every fork where a chain has them at all (facts §1a)."""
    precompiles = (da_signers(da_epoch_blocks), wrapped_a0gi_base())
    return {precompile.address: precompile for precompile in precompiles}
