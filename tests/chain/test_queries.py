"""What JSON-RPC asks: one snapshot a view, any block's state, logs by bloom, geth's refusals."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from eth_typing import Address, Hash32

from chain.answers import BlockTag
from chain.engine import AccountOverride
from chain.key_value import MemoryStore
from chain.log_filter import LogFilter
from chain.message_calls import BlockOverrides, CallRequest
from chain.queries import Queries, QueryLimits
from chain.query_errors import (
    BlockRangeBeyondHead,
    BlockRangeTooLarge,
    CallRefused,
    ExecutionFailed,
    ExecutionReverted,
    GasRequiredExceedsAllowance,
    HeaderForHashNotFound,
    HeaderNotFound,
    InvalidBlockRange,
    InvalidCall,
    TooManyLogs,
)
from chain.stored_blocks import NotInitialized

GWEI, ETHER = 10**9, 10**18
MakeSetting = Callable[..., Any]
KEEPER = Address(b"\x4e" * 20)
"""Logs the word that it is called with as topic, stores it at slot 0, returns it."""
KEEPER_CODE = bytes.fromhex("5f355f5fa15f355f555f545f5260205ff3")
NUMBER = Address(b"\x4f" * 20)
"""Returns number ‖ timestamp ‖ base fee ‖ gas price of its block."""
NUMBER_CODE = bytes.fromhex("435f5242602052486040523a60605260805ff3")
REVERTING = Address(b"\x50" * 20)
REVERTING_CODE = bytes.fromhex("5f5ffd")
INVALID = Address(b"\x51" * 20)
INVALID_CODE = bytes.fromhex("fe")
CODES = {
    KEEPER: KEEPER_CODE, NUMBER: NUMBER_CODE, REVERTING: REVERTING_CODE, INVALID: INVALID_CODE,
}  # fmt: skip


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


@pytest.fixture
def setting(make_setting: MakeSetting, keys: Sequence[Any]) -> Any:
    """Blocks 1 and 3 call the keeper with 11, 12 and 13; block 2 is a transfer; block 4 is empty."""
    setting = make_setting(codes=CODES)
    alice, bob = keys[0], keys[1]
    call = {"to": KEEPER, "gas_limit": 100_000}
    setting.extend(
        alice.sign(0, data=word(11), tip=2 * GWEI, **call), bob.sign(0, data=word(12), **call)
    )
    setting.extend(bob.sign(1, to=alice.address, value=ETHER))
    setting.extend(bob.sign(2, tip=3 * GWEI), alice.sign(1, data=word(13), **call))
    setting.extend()
    return setting


def test_a_store_without_a_chain_answers_nothing(make_setting: MakeSetting) -> None:
    setting = make_setting()
    queries = Queries(MemoryStore(), setting.config, setting.engine)
    with pytest.raises(NotInitialized), queries.view():
        pass


def test_blocks_are_found_by_number_hash_and_tag(setting: Any) -> None:
    with setting.queries.view() as view:
        assert view.head.number == 4
        for tag in (BlockTag.LATEST, BlockTag.SAFE, BlockTag.FINALIZED, BlockTag.PENDING):
            assert view.header(tag) == view.head
        assert view.header(BlockTag.EARLIEST) == setting.genesis
        second = view.header(2)
        assert view.header(second.hash) == second
        assert view.header(3).parent_hash == second.hash
        block = view.find_block(2)
        assert block is not None
        assert block.header == second
        assert len(block.transactions) == 1


def test_what_does_not_exist_is_none_or_geths_refusal(setting: Any) -> None:
    nowhere = Hash32(b"\x99" * 32)
    with setting.queries.view() as view:
        assert view.find_header(5) is view.find_block(nowhere) is None
        assert view.find_transaction(nowhere) is view.find_receipt(nowhere) is None
        assert view.find_receipts(5) is view.find_transaction_at(1, 2) is None
        assert view.find_transaction_at(1, -1) is None
        with pytest.raises(HeaderNotFound, match=r"^header not found$"):
            view.balance(KEEPER, 5)
        with pytest.raises(HeaderForHashNotFound, match=r"^header for hash not found$"):
            view.call(CallRequest(to=KEEPER), nowhere)


def test_a_view_keeps_its_head_while_the_chain_goes_on(setting: Any) -> None:
    with setting.queries.view() as view:
        setting.extend()
        assert view.head.number == 4
        assert view.find_header(5) is None
    with setting.queries.view() as view:
        assert view.head.number == 5


def test_transactions_and_receipts_know_their_place(setting: Any, keys: Sequence[Any]) -> None:
    with setting.queries.view() as view:
        block = view.find_block(3)
        assert block is not None
        placed = view.transactions(block)
        assert [item.sender for item in placed] == [keys[1].address, keys[0].address]
        second = placed[1]
        assert (second.index, second.block_number, second.block_hash) == (1, 3, block.header.hash)
        assert second.base_fee == block.header.base_fee
        assert view.find_transaction(second.transaction.hash) == second
        assert view.find_transaction_at(3, 1) == second
        assert view.find_transaction_at(block.header.hash, 1) == second
        receipts = view.find_receipts(3)
        assert receipts is not None
        assert [item.placed for item in receipts] == list(placed)
        assert receipts[1] == view.find_receipt(second.transaction.hash)
        assert receipts[1].receipt.effective_gas_price == block.header.base_fee + GWEI
        assert receipts[1].receipt.cumulative_gas_used == block.header.gas_used
        assert receipts[1].blob_gas_price == 1


def test_log_indexes_count_through_the_block(setting: Any) -> None:
    with setting.queries.view() as view:
        receipts = view.find_receipts(1)
        assert receipts is not None
        assert [item.first_log_index for item in receipts] == [0, 1]
        for item in receipts:
            assert view.find_receipt(item.placed.transaction.hash) == item


def test_every_blocks_state_can_be_asked(setting: Any, keys: Sequence[Any]) -> None:
    alice, bob = keys[0].address, keys[1].address
    with setting.queries.view() as view:
        assert [view.slot(KEEPER, 0, number) for number in range(5)] == [0, 12, 12, 13, 13]
        assert [view.nonce(bob, number) for number in range(5)] == [0, 1, 2, 3, 3]
        assert view.balance(alice, 2) == view.balance(alice, 1) + ETHER
        assert view.balance(alice, 0) == 1_000 * ETHER
        assert view.code(KEEPER, 0) == view.code(KEEPER, BlockTag.LATEST) == KEEPER_CODE
        assert view.code(alice, 4) == view.code(Address(b"\x99" * 20), 4) == b""
        assert view.account(Address(b"\x99" * 20), 4).nonce == 0
        assert view.state(1).slot(KEEPER, 0) == 12


def test_calls_run_at_any_block_and_change_nothing(setting: Any) -> None:
    request = CallRequest(to=KEEPER, data=word(77))
    with setting.queries.view() as view:
        assert view.call(request) == word(77)
        assert view.slot(KEEPER, 0, BlockTag.LATEST) == 13
        answer = view.call(CallRequest(to=NUMBER), 2)
        header = view.header(2)
        assert answer == word(2) + word(header.timestamp) + word(0) + word(0)
        paying = CallRequest(to=NUMBER, sender=setting.keys[0].address, max_fee_per_gas=5 * GWEI,
                             max_priority_fee_per_gas=GWEI)  # fmt: skip
        price = header.base_fee + GWEI
        assert view.call(paying, 2)[64:] == word(header.base_fee) + word(price)


def test_state_and_block_can_be_overridden(setting: Any) -> None:
    stranger = Address(b"\x99" * 20)
    with setting.queries.view() as view:
        answer = view.call(
            CallRequest(to=stranger),
            BlockTag.LATEST,
            {stranger: AccountOverride(code=NUMBER_CODE)},
            BlockOverrides(number=99, timestamp=12_345),
        )
        assert answer[:64] == word(99) + word(12_345)


def test_a_call_in_the_block_after_finds_the_hashes_of_this_one_and_its_parent(
    setting: Any,
) -> None:
    """As wallets try a transaction out."""
    stranger = Address(b"\x99" * 20)
    # BLOCKHASH of the block before, and of the one before that.
    code = bytes.fromhex("60014303405f52600243034060205260405ff3")
    with setting.queries.view() as view:
        answer = view.call(
            CallRequest(to=stranger),
            BlockTag.LATEST,
            {stranger: AccountOverride(code=code)},
            BlockOverrides(number=view.head_number + 1),
        )
        assert answer == view.head.hash + view.head.parent_hash


def test_failed_calls_say_why_in_geths_words(setting: Any) -> None:
    with setting.queries.view() as view:
        with pytest.raises(ExecutionReverted, match=r"^execution reverted$"):
            view.call(CallRequest(to=REVERTING))
        with pytest.raises(ExecutionFailed, match=r"^invalid opcode: INVALID$"):
            view.call(CallRequest(to=INVALID))
        with pytest.raises(CallRefused) as caught:
            view.call(CallRequest(to=KEEPER, gas=20_000))
        assert str(caught.value) == (
            "err: intrinsic gas too low: have 20000, want 21000 (supplied gas 20000)"
        )
        with pytest.raises(InvalidCall, match="both gasPrice and"):
            view.call(CallRequest(to=KEEPER, gas_price=1, max_fee_per_gas=1))
        with pytest.raises(
            InvalidCall, match=r"chainId does not match node's \(have=1, want=16601\)"
        ):
            view.estimate_gas(CallRequest(to=KEEPER, chain_id=1))


def test_a_call_with_blobs_pays_for_them_only_where_it_says_so(setting: Any) -> None:
    blobs: Any = {"blob_versioned_hashes": (b"\x01" + bytes(31),), "to": KEEPER, "data": word(1)}
    nobody = Address(b"\x99" * 20)
    dear = BlockOverrides(blob_base_fee=9)
    with setting.queries.view() as view:
        free = CallRequest(sender=nobody, **blobs)
        assert view.call(free, block_overrides=dear) == word(1)
        paying = CallRequest(sender=setting.keys[0].address, max_fee_per_blob_gas=9, **blobs)
        assert view.call(paying, block_overrides=dear) == word(1)
        with pytest.raises(CallRefused, match="max fee per blob gas less than block blob gas fee"):
            view.call(replace(paying, max_fee_per_blob_gas=8), block_overrides=dear)
        with pytest.raises(CallRefused, match="insufficient funds for gas"):
            view.call(replace(paying, sender=nobody), block_overrides=dear)


def test_a_call_never_gets_more_gas_than_the_cap(setting: Any) -> None:
    queries = Queries(setting.store, setting.config, setting.engine, QueryLimits(gas_cap=25_000))
    with queries.view() as view:
        with pytest.raises(ExecutionFailed, match=r"^out of gas$"):
            view.call(CallRequest(to=KEEPER, gas=10**9, data=word(1)))
        with pytest.raises(GasRequiredExceedsAllowance, match=r"\(25000\)"):
            view.estimate_gas(CallRequest(to=KEEPER, gas=10**9, data=word(1)))


def test_an_estimate_is_enough_for_the_real_transaction(setting: Any, keys: Sequence[Any]) -> None:
    alice = keys[0]
    with setting.queries.view() as view:
        gas = view.estimate_gas(CallRequest(sender=alice.address, to=KEEPER, data=word(14)))
        assert view.estimate_gas(CallRequest(sender=alice.address, to=alice.address)) == 21_000
    executed = setting.extend(alice.sign(2, to=KEEPER, data=word(14), gas_limit=gas))
    assert executed.result.receipts[0].succeeded


def found(view: Any, **fields: Any) -> list[tuple[int, int, int]]:
    """Block, log index and topic of the logs found."""
    return [
        (item.block_number, item.log_index, int.from_bytes(item.log.topics[0], "big"))
        for item in view.logs(LogFilter(**fields))
    ]


def test_logs_are_found_by_range_address_and_topic(setting: Any) -> None:
    everything = {"first_block": 0, "last_block": 4}
    with setting.queries.view() as view:
        assert found(view, **everything) == [(1, 0, 11), (1, 1, 12), (3, 0, 13)]
        assert found(view, first_block=2, last_block=3) == [(3, 0, 13)]
        assert found(view, addresses=(KEEPER,), **everything) == found(view, **everything)
        assert found(view, addresses=(NUMBER,), **everything) == []
        either = (Hash32(word(12)), Hash32(word(13)))
        assert found(view, topics=(either,), **everything) == [(1, 1, 12), (3, 0, 13)]
        assert found(view, topics=((),), **everything) == found(view, **everything)
        assert found(view, topics=((), ()), **everything) == [], "a log has one topic only"
        assert found(view, block_hash=view.header(3).hash) == [(3, 0, 13)]
        [log] = view.logs(LogFilter(first_block=3, last_block=3))
        assert (log.transaction_index, log.block_hash) == (1, view.header(3).hash)
        placed = view.find_transaction_at(3, 1)
        assert placed is not None
        assert log.transaction_hash == placed.transaction.hash
        assert log.block_timestamp == view.header(3).timestamp


def test_log_questions_are_bounded(setting: Any) -> None:
    limits = QueryLimits(log_blocks_max=3, log_results_max=2)
    queries = Queries(setting.store, setting.config, setting.engine, limits)
    with queries.view() as view:
        with pytest.raises(InvalidBlockRange, match=r"^invalid block range params$"):
            view.logs(LogFilter(first_block=2, last_block=1))
        with pytest.raises(BlockRangeBeyondHead):
            view.logs(LogFilter(first_block=4, last_block=5))
        with pytest.raises(BlockRangeTooLarge, match=r"^block range too large, max is 3$"):
            view.logs(LogFilter(first_block=0, last_block=3))
        assert len(found(view, first_block=2, last_block=4)) == 1
        with pytest.raises(TooManyLogs, match=r"^query returned more than 2 results$"):
            view.logs(LogFilter(first_block=1, last_block=3))
        with pytest.raises(HeaderForHashNotFound):
            view.logs(LogFilter(block_hash=Hash32(b"\x99" * 32)))
