"""What a submission costs, from its receipt: the published sum, and less than 0G's contract asks."""

from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak
from eth_typing import Address

from chain.storage_flow import StorageFlow
from precompiles.contract import CALL_GAS, INPUT_WORD_GAS
from precompiles.solidity import prices
from precompiles.storage_flow import gas
from precompiles.storage_flow.addresses import FLOW

ADMIN = Address(b"\xad" * 20)
ROOT = bytes(keccak(b"zerog"))
SUBMISSION = "((uint256,bytes,(bytes32,uint256)[]),address)"
SELECTOR = bytes.fromhex("bc8c11f8")
OF_THE_CONTRACT = (
    ([8], 358_533), ([9, 8, 7, 6], 215_900), ([9, 8, 7, 6], 187_959), ([0], 191_594),
)  # fmt: skip
"""Heights, and the gas that 0G's own contract used for them, one after the other."""


def call_data(heights: list[int]) -> bytes:
    length = sum(256 << height for height in heights)
    data = (length, b"", [(ROOT, height) for height in heights])
    return SELECTOR + encode([SUBMISSION], [(data, "0x" + ADMIN.hex())])


def intrinsic(data: bytes) -> int:
    """EIP-2028."""
    return 21_000 + sum(16 if byte else 4 for byte in data)


@pytest.fixture
def used(world: Any) -> Any:
    """`used(heights)`: the gas of a paid submission, each in a block of its own."""
    rules = replace(world.environment.rules, storage_flow=StorageFlow(0, ADMIN, 1, 10**6, 0))
    world.environment = replace(world.environment, rules=rules)
    nonces = iter(range(100))

    def submit(heights: list[int]) -> int:
        value = sum(1 << height for height in heights)
        data = call_data(heights)
        transaction = world.alice.sign(next(nonces), FLOW, gas=10**6, data=data, value=value)
        [receipt] = world.block(transaction).receipts
        assert receipt.succeeded
        spent: int = receipt.gas_used
        return spent

    return submit


def test_every_submission_costs_less_than_0gs_contract_asks(used: Any) -> None:
    for heights, asked in OF_THE_CONTRACT:
        assert used(heights) < asked * 4 / 5


def test_a_submission_costs_the_published_sum(used: Any) -> None:
    """docs/storage-flow-gas.md: the third sector but one of a tree of four, with its fee."""
    used([0])
    used([0])
    work = (
        CALL_GAS + 10 * INPUT_WORD_GAS
        + gas.SUBMISSION + prices.hashing(32) + 2 * gas.LEVEL
        + (12 + 3) * prices.SLOT_READ
        + prices.SLOT_SET + 3 * prices.SLOT_CHANGE
        + prices.log(3, 11 * 32)
        + prices.TRANSFER
    )  # fmt: skip
    assert used([0]) == intrinsic(call_data([0])) + work == 69_112
