"""What can be read and what the params admin may set, one row each."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from eth_typing import Address

from precompiles.contract import add, divide, multiply, require
from precompiles.da_entrance import layout
from precompiles.da_entrance.entrance import Entrance
from precompiles.da_entrance.sync import Synchronizer
from precompiles.solidity import roles
from precompiles.solidity.work import word

Setter = Callable[[Entrance, Any], None]

NUMBERS: Final = {
    "currentEpoch": layout.CURRENT_EPOCH,
    "sampleRound": layout.SAMPLE_ROUND,
    "nextSampleHeight": layout.NEXT_SAMPLE_HEIGHT,
    "podasTarget": layout.PODAS_TARGET,
    "roundSubmissions": layout.ROUND_SUBMISSIONS,
    "targetRoundSubmissions": layout.TARGET_ROUND_SUBMISSIONS,
    "targetRoundSubmissionsNext": layout.TARGET_ROUND_SUBMISSIONS_NEXT,
    "currentEpochReward": layout.CURRENT_EPOCH_REWARD,
    "activedReward": layout.ACTIVED_REWARD,
    "totalBaseReward": layout.TOTAL_BASE_REWARD,
    "serviceFee": layout.SERVICE_FEE,
    "epochWindowSize": layout.EPOCH_WINDOW_SIZE,
    "rewardRatio": layout.REWARD_RATIO,
    "baseReward": layout.BASE_REWARD,
    "blobPrice": layout.BLOB_PRICE,
    "samplePeriod": layout.SAMPLE_PERIOD,
    "serviceFeeRateBps": layout.SERVICE_FEE_RATE_BPS,
}
"""Getters of uint256 without arguments, and where they look."""


def sample_seed(entrance: Entrance) -> tuple[bytes]:
    return (word(entrance.load(layout.SAMPLE_SEED)),)


def setter(synchronizer: Synchronizer, set_value: Setter) -> Callable[..., Sequence[Any]]:
    """The params admin's alone; the chain is caught up with before anything is set (facts §2)."""

    def handle(entrance: Entrance, value: Any) -> tuple[()]:
        roles.require_role(entrance, roles.PARAMS_ADMIN_ROLE)
        synchronizer.sync(entrance)
        set_value(entrance, value)
        return ()

    return handle


def set_round_submissions(entrance: Entrance, value: int) -> None:
    target = entrance.load(layout.TARGET_ROUND_SUBMISSIONS)
    require(value <= multiply(target, 4), "Increase round submissions too large")
    require(value >= target // 4, "Decrease round submissions too large")
    require(value > 0, "Round submissions cannot be zero")
    entrance.store(layout.TARGET_ROUND_SUBMISSIONS_NEXT, value)


def set_epoch_window_size(entrance: Entrance, value: int) -> None:
    require(value > 0, "Epoch window size cannot be zero")
    entrance.store(layout.EPOCH_WINDOW_SIZE, value)


def set_reward_ratio(entrance: Entrance, value: int) -> None:
    require(value > 0, "Reward ratio must be non-zero")
    entrance.store(layout.REWARD_RATIO, value)


def set_sample_period(entrance: Entrance, value: int) -> None:
    """Before the first round its height moves too."""
    entrance.store(layout.SAMPLE_PERIOD, value)
    if not entrance.load(layout.SAMPLE_ROUND):
        period = add(divide(entrance.call.block.number, value), 1)
        entrance.store(layout.NEXT_SAMPLE_HEIGHT, multiply(period, value))


def set_treasury(entrance: Entrance, account: Address) -> None:
    entrance.store(layout.TREASURY, int.from_bytes(account, "big"))


def number_setter(slot: int) -> Setter:
    """Sets a number that may be any."""

    def set_number(entrance: Entrance, value: int) -> None:
        entrance.store(slot, value)

    return set_number
