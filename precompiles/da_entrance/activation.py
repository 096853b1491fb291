"""The storage with which the entrance begins: what `initialize` writes, with the genesis document's admin."""

from collections.abc import Mapping
from typing import Final

from eth_typing import Address

from precompiles.da_entrance import layout
from precompiles.solidity import roles, slots

SAMPLE_PERIOD: Final = 30
TARGET_ROUND_SUBMISSIONS: Final = 20
EPOCH_WINDOW_SIZE: Final = 300
REWARD_RATIO: Final = 1_200_000
MAX_PODAS_TARGET: Final = ((1 << 256) - 1) // 128
VERSION: Final = 1


def initial_storage(admin: Address, epoch: int, block_number: int) -> Mapping[int, int]:
    """Slot → value. `epoch` is DASigners' at the block in which the entrance becomes active.

    `admin` has the two roles that `initialize` gives its caller (facts §2).
    """
    storage = {
        slots.INITIALIZED: VERSION,
        layout.CURRENT_EPOCH: epoch,
        layout.SAMPLE_PERIOD: SAMPLE_PERIOD,
        layout.NEXT_SAMPLE_HEIGHT: (block_number // SAMPLE_PERIOD + 1) * SAMPLE_PERIOD,
        layout.PODAS_TARGET: MAX_PODAS_TARGET,
        layout.TARGET_ROUND_SUBMISSIONS_NEXT: TARGET_ROUND_SUBMISSIONS,
        layout.EPOCH_WINDOW_SIZE: EPOCH_WINDOW_SIZE,
        layout.REWARD_RATIO: REWARD_RATIO,
    }
    for role in (roles.DEFAULT_ADMIN_ROLE, roles.PARAMS_ADMIN_ROLE):
        storage |= roles.first_member(role, admin)
    return {slot: value for slot, value in storage.items() if value}
