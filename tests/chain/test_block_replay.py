"""A block executed again comes out as it did, whoever listens; and stops where it must."""

from typing import Any

import pytest
from eth_typing import Address

from chain.block_replay import (
    BlockReplay,
    GenesisNotTraceable,
    TracingFailed,
    TransactionIndexOutOfRange,
)
from chain.blocks import Block
from chain.chain import Chain
from chain.engine import StateReader
from chain.importing import environment_of
from chain.query_errors import StateNotKept
from chain.state import StateAt
from chain.tracing.budget import TraceBudget
from chain.tracing.call_tree import CallTreeTracer
from chain.tracing.noop import NoopTracer

COUNTER = Address(b"\x51" * 20)
# SLOAD(0) + 1 → SSTORE(0); LOG0 of nothing.
COUNTING = bytes.fromhex("5f546001015f555f5fa0")


@pytest.fixture
def setting(make_setting: Any) -> Any:
    """Two blocks of three calls each, by two senders."""
    setting = make_setting(codes={COUNTER: COUNTING})
    for first in (0, 2):
        setting.extend(
            setting.keys[0].sign(first, to=COUNTER, gas_limit=100_000, tip=3),
            setting.keys[0].sign(first + 1, to=COUNTER, gas_limit=100_000, tip=2),
            setting.keys[1].sign(first // 2, to=COUNTER, gas_limit=100_000, tip=1),
        )
    return setting


def replay(setting: Any, number: int) -> BlockReplay:
    with setting.queries.view() as view:
        block = view.find_block(number)
        assert block is not None
        found: BlockReplay = view.replay(block)
        return found


def test_receipts_come_out_as_they_were_stored(setting: Any) -> None:
    for number in (1, 2):
        receipts = replay(setting, number).trace_all(lambda _: NoopTracer())
        with setting.queries.view() as view:
            stored = view.find_receipts(number)
        for again, placed in zip(receipts, stored, strict=True):
            kept = placed.receipt
            assert again.gas_used == kept.gas_used
            assert again.cumulative_gas_used == kept.cumulative_gas_used
            assert again.logs == kept.logs
            assert again.succeeded == kept.succeeded


def test_one_transaction_alone_is_told_of(setting: Any) -> None:
    """Those before it run first: the counter stands at four."""
    tracer = CallTreeTracer(TraceBudget())
    replay(setting, 2).trace_one(1, tracer)
    assert tracer.root.start.depth == 0
    assert len(tracer.root.logs) == 1
    with setting.queries.view() as view:
        placed = view.find_transaction_at(2, 1)
    assert tracer.message.sender == placed.sender


def test_the_state_inside_a_block_is_after_the_transactions_before(setting: Any) -> None:
    counts = [replay(setting, 2).state_before(index).slot(COUNTER, 0) for index in range(3)]
    assert counts == [3, 4, 5]


@pytest.mark.parametrize("has_tracer", [False, True])
def test_changes_are_the_same_with_and_without_a_tracer(setting: Any, has_tracer: bool) -> None:
    with setting.queries.view() as view, setting.store.snapshot() as snapshot:
        block = view.find_block(2)
        reader: StateReader = StateAt(snapshot, 1)
        transcript = setting.engine.begin_block(
            environment_of(block.header, setting.config), reader
        )
        for placed in view.transactions(block):
            tracer = CallTreeTracer(TraceBudget()) if has_tracer else None
            transcript.try_transaction(placed.transaction, placed.sender, tracer)
        assert transcript.changes() == transcript.finish([], []).changes
        slots = {change.address: change.slots for change in transcript.changes()}
        assert slots[COUNTER] == ((0, StateAt(snapshot).slot(COUNTER, 0)),)


def test_block_zero_has_no_state_before_it(setting: Any) -> None:
    with pytest.raises(GenesisNotTraceable):
        replay(setting, 0)


def test_an_index_beyond_the_block_is_named(setting: Any) -> None:
    with pytest.raises(TransactionIndexOutOfRange, match="transaction index 3 out of range"):
        replay(setting, 1).trace_one(3, NoopTracer())


def test_a_block_that_cannot_be_executed_says_why(setting: Any) -> None:
    """A transaction of another nonce, in a block that somebody made up."""
    with setting.queries.view() as view:
        block = view.find_block(2)
        foreign = Block(block.header, (setting.keys[2].sign(7, to=COUNTER),), withdrawals=())
        with pytest.raises(TracingFailed, match="tracing failed: nonce too high"):
            view.replay(foreign).trace_all(lambda _: NoopTracer())


def test_a_state_that_is_not_kept_is_said_so(make_setting: Any) -> None:
    setting = make_setting(codes={COUNTER: COUNTING})
    setting.chain = Chain(setting.store, setting.config, setting.engine, history_blocks_kept=1)
    for nonce in range(4):
        setting.extend(setting.keys[0].sign(nonce, to=COUNTER, gas_limit=100_000))
    with setting.queries.view() as view, pytest.raises(StateNotKept):
        view.replay(view.find_block(2))
