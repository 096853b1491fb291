"""Contexts: one an epoch of blocks, from a root and a block hash."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_abi.abi import decode
from eth_hash.auto import keccak
from eth_typing import Address

from precompiles.storage_flow.contexts import NEW_EPOCH

EMPTY = bytes(keccak(b""))
STRANGER = Address(b"\xa2" * 20)


def hash_of(number: int) -> bytes:
    return bytes(keccak(number.to_bytes(8, "big")))


def digest_of(number: int, root: bytes, length: int) -> bytes:
    return bytes(keccak(hash_of(number) + root + length.to_bytes(32, "big")))


def test_before_the_first_epoch_is_over_there_is_the_first_context(flow: Any) -> None:
    assert flow.call("getContext") == (0, 0, bytes(32), 1, EMPTY, EMPTY)
    flow.number = 100
    flow.call("makeContext()")
    assert flow.call("epoch") == 0
    assert not flow.logs


def test_an_epoch_is_over_in_the_block_after_its_last(flow: Any) -> None:
    flow.submit(8)
    root = flow.call("computeFlowRoot")
    flow.number = 101
    context = flow.call("makeContextWithResult", caller=STRANGER)
    digest = digest_of(100, root, 512)
    assert context == (1, 100, root, 512, hash_of(100), digest) == flow.call("getContext")
    topics, data = flow.logs[-1]
    assert topics == (NEW_EPOCH, STRANGER.rjust(32, b"\0"), (1).to_bytes(32, "big"))
    assert topics[0].hex().startswith("bc8a3fd8")
    assert topics[0].hex().endswith("e993")
    kinds = ["bytes32", "uint256", "uint256", "bytes32"]
    assert decode(kinds, data) == (root, 1, 512, digest)
    assert flow.call("getEpochRange(", digest) == (0, 512)
    assert flow.call("getEpochRangeHistory", 0) == (0, 512, digest)
    assert flow.call("epochStartPosition") == 512


@pytest.mark.parametrize(
    ("distance", "is_known"), [(1, True), (256, True), (257, True), (8_191, True), (8_192, False)]
)
@pytest.mark.parametrize("first", [0, 20_000])
def test_a_block_hash_is_known_for_8191_blocks(
    flow_of: Callable[..., Any], first: int, distance: int, is_known: bool
) -> None:
    """Facts §3: 256 by the opcode, further back from EIP-2935; older epochs have no range."""
    flow, end = flow_of(first_block=first), first + 100
    flow.number = end + distance
    flow.call("makeContextFixedTimes", 0)
    epoch, start, root, length, block, digest = flow.call("getContext")
    assert (epoch, start, root, length) == (1, end, bytes(32), 1)
    assert block == (hash_of(end) if is_known else EMPTY)
    assert digest == (digest_of(end, bytes(32), 1) if is_known else EMPTY)
    assert flow.call("getEpochRange(", digest) == ((0, 1) if is_known else (0, 0))


def test_missed_epochs_are_made_one_by_one_or_all_at_once(flow: Any) -> None:
    flow.number = 1_050
    flow.call("makeContextFixedTimes", 2)
    assert flow.call("epoch") == 3
    flow.call("makeContextFixedTimes", 2**256 - 1)
    assert flow.call("epoch") == 10
    flow.number = 1_301
    flow.submit(0)
    assert flow.call("epoch") == 13
    assert [int.from_bytes(topics[2], "big") for topics, _ in flow.logs[:13]] == [*range(1, 14)]


def test_a_submission_belongs_to_the_epoch_after_those_that_are_over(flow: Any) -> None:
    flow.submit(0)
    flow.number = 101
    flow.submit(1)
    assert flow.call("getEpochRangeHistory", 0)[:2] == (0, 2)
    flow.number = 201
    flow.call("makeContext()")
    assert flow.call("getEpochRangeHistory", 1)[:2] == (2, 4)


def test_the_context_of_a_sector_is_found(flow: Any, refused: type[Exception]) -> None:
    for epoch in range(6):
        flow.number = epoch * 100 + 1
        if epoch % 2:
            flow.submit(epoch)
    with pytest.raises(refused, match=r"^Can not find proper context$"):
        flow.call("queryContextAtPosition", flow.call("tree")[0] - 1)
    with pytest.raises(refused, match=r"^Queried position exceeds upper bound$"):
        flow.call("queryContextAtPosition", flow.call("tree")[0])
    for position in range(flow.call("epochStartPosition")):
        start, end, _ = flow.call("queryContextAtPosition", position)
        assert start <= position < end
    flow.number = 601
    assert flow.call("queryContextAtPosition", flow.call("tree")[0] - 1)[1] == flow.call("tree")[0]


def test_an_entry_that_is_not_in_the_history_is_out_of_bounds(
    flow: Any, refused: type[Exception]
) -> None:
    panic = keccak(b"Panic(uint256)")[:4] + (0x32).to_bytes(32, "big")
    with pytest.raises(refused, match=panic.hex()):
        flow.call("getEpochRangeHistory", 0)


def test_set_params_sets_nothing_that_is_set(flow_of: Callable[..., Any]) -> None:
    flow = flow_of(first_block=0)
    flow.call("setParams", 5, 2**255, STRANGER, caller=STRANGER)
    assert (flow.call("firstBlock"), flow.call("blocksPerEpoch")) == (0, 100)
