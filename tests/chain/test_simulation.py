"""Simulated blocks are what real ones would be, one on top of the other, and bounded."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Address

from chain.engine import AccountOverride
from chain.errors import InvalidOverride, MaxFeeBelowBaseFee, NonceTooHigh
from chain.message_calls import BlockOverrides, CallRequest
from chain.query_errors import InvalidCall
from chain.simulation_request import (
    BlockGasLimitReached,
    BlockNumbersOutOfOrder,
    BlockStateCalls,
    NothingToSimulate,
    SimulatedBlockResult,
    SimulatedCall,
    SimulatedCallInvalid,
    SimulationRequest,
    TimestampsOutOfOrder,
    TooManyBlocks,
)
from chain.transfer_logs import NATIVE_TOKEN

GWEI = 10**9
TO = Address(b"\xaa" * 20)
LOGGER = Address(b"\xbb" * 20)
LOGS_ONCE = bytes.fromhex("5f5fa0")
"""LOG0 of nothing."""
FORWARDER = Address(b"\xcc" * 20)
PAYS_THEN_REVERTS = bytes.fromhex("5f5f5f5f600173") + TO + bytes.fromhex("5af15f5ffd")
COUNTER = Address(b"\xdd" * 20)
COUNTS = bytes.fromhex("5f546001015f555f545f5260205ff3")
"""Adds one to slot 0 and returns it."""
BLOCK_HASH_OF_PARENT = bytes.fromhex("600143034060005260206000f3")
CODES = {LOGGER: LOGS_ONCE, FORWARDER: PAYS_THEN_REVERTS, COUNTER: COUNTS}


@pytest.fixture
def setting(make_setting: Callable[..., Any]) -> Any:
    return make_setting(codes=CODES)


def simulated(setting: Any, *blocks: BlockStateCalls, **options: Any) -> list[SimulatedBlockResult]:
    with setting.queries.view() as view:
        found: list[SimulatedBlockResult] = view.simulate(SimulationRequest(blocks, **options))
        return found


def call(**fields: Any) -> SimulatedCall:
    return SimulatedCall(CallRequest(**fields))


def test_a_simulated_block_has_the_roots_of_the_real_one(setting: Any, keys: Sequence[Any]) -> None:
    setting.extend(keys[1].sign(0, value=5))
    attributes = setting.attributes()
    fees = {"max_fee_per_gas": 10 * GWEI, "max_priority_fee_per_gas": GWEI}
    sender = keys[0].address
    wanted = BlockStateCalls(
        calls=[
            call(sender=sender, to=TO, value=7, gas=21_000, **fees),
            call(sender=sender, to=COUNTER, gas=100_000, **fees),
            call(sender=sender, to=LOGGER, gas=50_000, **fees),
        ],
        block_overrides=BlockOverrides(
            timestamp=attributes.timestamp,
            coinbase=attributes.coinbase,
            prev_randao=attributes.prev_randao,
            beacon_root=attributes.parent_beacon_block_root,
        ),
    )
    (block,) = simulated(setting, wanted, is_validating=True)
    real = setting.extend(
        keys[0].sign(0, to=TO, value=7),
        keys[0].sign(1, to=COUNTER, gas_limit=100_000),
        keys[0].sign(2, to=LOGGER, gas_limit=50_000),
    ).block.header
    got = block.block.header
    for field in ("parent_hash", "state_root", "receipts_root", "bloom", "gas_used", "base_fee",
                  "gas_limit", "requests_hash", "blob_gas_used", "excess_blob_gas"):  # fmt: skip
        assert getattr(got, field) == getattr(real, field), field


def test_a_block_goes_on_where_the_one_before_it_ended(setting: Any) -> None:
    counting = BlockStateCalls(calls=[call(to=COUNTER)])
    blocks = simulated(setting, counting, counting, counting)
    outputs = [int.from_bytes(block.calls[0].result.output, "big") for block in blocks]
    assert outputs == [1, 2, 3]
    hashes = [block.block.header.hash for block in blocks]
    assert [block.block.header.parent_hash for block in blocks[1:]] == hashes[:-1]
    with setting.queries.view() as view:
        assert view.slot(COUNTER, 0, 0) == 0


def test_a_gap_in_the_numbers_is_filled_and_blockhash_sees_the_fillers(setting: Any) -> None:
    asking = BlockStateCalls(
        calls=[call(to=TO)],
        block_overrides=BlockOverrides(number=4),
        state_overrides={TO: AccountOverride(code=BLOCK_HASH_OF_PARENT)},
    )
    blocks = simulated(setting, asking)
    assert [block.block.header.number for block in blocks] == [1, 2, 3, 4]
    times = [block.block.header.timestamp for block in blocks]
    assert times == [1_012, 1_024, 1_036, 1_048]
    assert blocks[3].calls[0].result.output == blocks[2].block.header.hash


def test_moved_value_is_a_log_unless_it_is_taken_back(setting: Any, keys: Sequence[Any]) -> None:
    sender = keys[0].address
    paying = BlockStateCalls(
        calls=[
            call(sender=sender, to=TO, value=3),
            call(sender=sender, to=FORWARDER, value=1),
            call(sender=sender, to=LOGGER, value=2),
        ]
    )
    (block,) = simulated(setting, paying, traces_transfers=True)
    paid, reverted, logged = block.calls
    ((_, log),) = paid.logs
    assert log.address == NATIVE_TOKEN
    assert log.topics[0] == keccak(b"Transfer(address,address,uint256)")
    assert [topic[12:] for topic in log.topics[1:]] == [sender, TO]
    assert int.from_bytes(log.data, "big") == 3
    assert reverted.result.is_revert
    assert not reverted.logs
    assert [log.address for _, log in logged.logs] == [NATIVE_TOKEN, LOGGER]
    (block,) = simulated(setting, paying)
    assert [len(done.logs) for done in block.calls] == [0, 0, 1]


def test_without_validation_fees_and_nonces_are_nobodys_concern(setting: Any) -> None:
    poor = Address(b"\x99" * 20)
    free = SimulatedCall(CallRequest(sender=poor, to=TO), nonce=77)
    (block,) = simulated(setting, BlockStateCalls(calls=[free]))
    assert block.block.header.base_fee == 0
    assert block.calls[0].result.error is None
    priced = BlockStateCalls(calls=[free], block_overrides=BlockOverrides(base_fee=GWEI))
    (block,) = simulated(setting, priced)
    assert block.calls[0].result.error is None
    with pytest.raises(SimulatedCallInvalid) as refusal:
        simulated(setting, BlockStateCalls(calls=[free]), is_validating=True)
    assert isinstance(refusal.value.reason, NonceTooHigh)
    with pytest.raises(SimulatedCallInvalid) as refusal:
        simulated(setting, BlockStateCalls(calls=[call(sender=poor, to=TO)]), is_validating=True)
    assert isinstance(refusal.value.reason, MaxFeeBelowBaseFee)


def test_an_overridden_balance_wraps_where_it_overflows(setting: Any) -> None:
    rich = AccountOverride(balance=2**256 - 1)
    shows_balance = AccountOverride(balance=2**256 - 1, code=bytes.fromhex("475f5260205ff3"))
    paying = BlockStateCalls(
        calls=[call(sender=FORWARDER, to=TO, value=5)],
        state_overrides={FORWARDER: rich, TO: shows_balance},
    )
    (block,) = simulated(setting, paying)
    assert int.from_bytes(block.calls[0].result.output, "big") == 4


def test_all_calls_together_get_no_more_gas_than_the_cap(setting: Any) -> None:
    with setting.queries.view() as view:
        blocks = view.simulate(
            SimulationRequest([BlockStateCalls(calls=[call(to=TO), call(to=TO)])] * 2)
        )
    limits = [done.transaction.gas_limit for block in blocks for done in block.calls]
    cap, room = 50_000_000, setting.gas_limit
    assert limits == [min(cap - 21_000 * n, room - 21_000 * (n % 2)) for n in range(4)]


@pytest.mark.parametrize(
    ("blocks", "refusal"),
    [
        pytest.param([], NothingToSimulate, id="no blocks"),
        pytest.param([BlockStateCalls()] * 257, TooManyBlocks, id="too many"),
        pytest.param(
            [BlockStateCalls(block_overrides=BlockOverrides(number=257))], TooManyBlocks, id="gap"
        ),
        pytest.param(
            [BlockStateCalls(block_overrides=BlockOverrides(number=0))],
            BlockNumbersOutOfOrder,
            id="number",
        ),
        pytest.param(
            [BlockStateCalls(block_overrides=BlockOverrides(timestamp=1_000))],
            TimestampsOutOfOrder,
            id="time",
        ),
        pytest.param(
            [BlockStateCalls(calls=[call(to=TO, gas=36_000_001)])], BlockGasLimitReached, id="gas"
        ),
        pytest.param(
            [BlockStateCalls(calls=[call(gas_price=1, max_fee_per_gas=1)])], InvalidCall, id="fees"
        ),
        pytest.param(
            [BlockStateCalls(state_overrides={TO: AccountOverride(move_precompile_to=LOGGER)})],
            InvalidOverride,
            id="no precompile",
        ),
    ],
)
def test_what_cannot_be_simulated_is_refused(
    setting: Any, blocks: list[BlockStateCalls], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        simulated(setting, *blocks)
