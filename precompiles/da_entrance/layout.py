"""Where everything lies in the entrance's storage: Solidity's layout of ERC-7201 structs.

`DAEntrance` is the deployed contract's struct, member by member (facts §2, "Storage"), and roles and
initialization lie where OpenZeppelin 5 has them. What the deployed contract's escrow keeps, and the
index of commitments by data root, are in structs of ours.
"""

from typing import Final

from precompiles.solidity.slots import erc_7201

ENTRANCE: Final = erc_7201("0g.storage.DAEntrance")
COMMITMENTS: Final = ENTRANCE
"""identifier → erasure commitment: X, and Y in the next slot."""
QUORUM_INDEX: Final = ENTRANCE + 1
SAMPLED: Final = ENTRANCE + 2
"""Key of a sampling response → 1."""
CURRENT_EPOCH: Final = ENTRANCE + 3
SAMPLE_SEED: Final = ENTRANCE + 4
SAMPLE_ROUND: Final = ENTRANCE + 5
NEXT_SAMPLE_HEIGHT: Final = ENTRANCE + 6
PODAS_TARGET: Final = ENTRANCE + 7
ROUND_SUBMISSIONS: Final = ENTRANCE + 8
TARGET_ROUND_SUBMISSIONS: Final = ENTRANCE + 9
CURRENT_EPOCH_REWARD: Final = ENTRANCE + 10
ACTIVED_REWARD: Final = ENTRANCE + 11
TOTAL_BASE_REWARD: Final = ENTRANCE + 12
SERVICE_FEE: Final = ENTRANCE + 13
"""Never written, here as there."""
TARGET_ROUND_SUBMISSIONS_NEXT: Final = ENTRANCE + 14
EPOCH_WINDOW_SIZE: Final = ENTRANCE + 15
REWARD_RATIO: Final = ENTRANCE + 16
BASE_REWARD: Final = ENTRANCE + 17
BLOB_PRICE: Final = ENTRANCE + 18
SAMPLE_PERIOD: Final = ENTRANCE + 19
SERVICE_FEE_RATE_BPS: Final = ENTRANCE + 20
TREASURY: Final = ENTRANCE + 21

PAYMENTS: Final = erc_7201("0g.storage.PullPayment")
"""Account → wei to be fetched. The deployed contract has the address of its escrow in this slot."""
NEWEST: Final = erc_7201("zerog.storage.DAEntrance")
"""Data root → its commitment of the newest epoch: 2^128 + epoch · 2^64 + quorum id."""
