"""The facade that consensus drives: what is built elsewhere is executed here, or refused by name."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from eth_typing import Address, Hash32
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain.blocks import Block, Header, decode_block, encode_block
from chain.chain import (
    AlreadyInitialized,
    Chain,
    EntriesNotPrescribed,
    Expectations,
    Invalid,
    NotOnHead,
    Valid,
)
from chain.engine import Environment, StateReader, Transcript, Withdrawal
from chain.errors import (
    BlockOversized,
    HeaderMismatch,
    InvalidBlock,
    InvalidTransactionInBlock,
    NonceTooHigh,
    UndecodableBlock,
)
from chain.executed_block import transactions_root, withdrawals_root
from chain.importing import import_block
from chain.key_value import MemoryStore, Table
from chain.py_evm.engine import PyEvmEngine
from chain.stored_blocks import NotInitialized

ETHER = 10**18
OTHER = Hash32(b"\x99" * 32)
FREE_FIELDS = {
    "coinbase",
    "timestamp",
    "extra_data",
    "mix_hash",
    "parent_beacon_block_root",
    "gas_limit",
}
"""The proposer's own, or prescribed by consensus (`Expectations`) and free without it."""
SENTINEL = 2**64 - 1
MakeSetting = Callable[..., Any]


def invalid(verdict: object) -> InvalidBlock:
    assert isinstance(verdict, Invalid)
    return verdict.reason


def resealed(block: Block, **changes: Any) -> Block:
    """The block with other header fields."""
    return replace(block, header=replace(block.header, **changes))


def test_a_store_without_a_chain_cannot_be_opened(make_config: Callable[..., Any]) -> None:
    with pytest.raises(NotInitialized, match="holds no chain"):
        Chain(MemoryStore(), make_config(), PyEvmEngine())


def test_block_zero_is_written_once_and_only_with_its_own_state(make_setting: MakeSetting) -> None:
    setting = make_setting()
    assert setting.open().head == setting.genesis
    with pytest.raises(AlreadyInitialized, match="already holds a chain, head 0"):
        Chain.initialize(setting.store, setting.genesis, ())
    empty = MemoryStore()
    with pytest.raises(HeaderMismatch, match="state_root"):
        Chain.initialize(empty, setting.genesis, ())
    with pytest.raises(NotInitialized):
        Chain(empty, setting.config, setting.engine)


@pytest.mark.parametrize(
    "rules", [{}, {"RestakingActivationTime": 0, "zerog": {"precompiles": "0g"}}]
)
def test_what_one_builds_the_others_find_valid(
    make_setting: MakeSetting, make_config: Callable[..., Any], keys: Sequence[Any], rules: Any
) -> None:
    ours, theirs = make_setting(make_config(**rules)), make_setting(make_config(**rules))
    for nonce in range(3):
        payload = ours.build(keys[0].sign(nonce, value=5), keys[1].sign(nonce)).payload
        verdict = theirs.chain.execute_payload(payload)
        assert isinstance(verdict, Valid)
        assert verdict.executed.block.header == decode_block(payload).header
        theirs.chain.commit(verdict.executed)
        mine = ours.chain.execute_payload(payload)
        assert isinstance(mine, Valid)
        ours.chain.commit(mine.executed)
        assert ours.chain.head.hash == theirs.chain.head.hash
    assert ours.chain.head.number == 3
    assert theirs.open().head.hash == ours.chain.head.hash


class CountingEngine(PyEvmEngine):
    """Counts the blocks that it executes."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = 0

    def begin_block(self, environment: Environment, reader: StateReader) -> Transcript:
        self.blocks += 1
        return super().begin_block(environment, reader)


def test_a_payload_is_executed_once_whoever_made_it(
    make_setting: MakeSetting, keys: Sequence[Any]
) -> None:
    ours, theirs = make_setting(), make_setting()
    engines = [CountingEngine(), CountingEngine()]
    builder = Chain(ours.store, ours.config, engines[0])
    checker = Chain(theirs.store, theirs.config, engines[1])
    executed = builder.build_payload(ours.attributes(), ours.offer(keys[0].sign(0)), lambda: False)
    assert builder.execute_payload(executed.payload) == Valid(executed)
    assert builder.execute_payload(executed.block) == Valid(executed)
    for _ in range(3):
        assert isinstance(checker.execute_payload(executed.payload), Valid)
    bad = resealed(executed.block, state_root=OTHER)
    for _ in range(3):
        assert isinstance(checker.execute_payload(bad), Invalid)
    assert [engine.blocks for engine in engines] == [1, 2]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state_root", OTHER),
        ("receipts_root", OTHER),
        ("transactions_root", OTHER),
        ("withdrawals_root", OTHER),
        ("requests_hash", OTHER),
        ("ommers_hash", OTHER),
        ("parent_hash", OTHER),
        ("bloom", b"\x01" * 256),
        ("gas_used", 20_999),
        ("gas_limit", 37_000_000),
        ("blob_gas_used", 131_072),
        ("excess_blob_gas", 1),
        ("base_fee", 1),
        ("number", 2),
        ("timestamp", 999),
        ("difficulty", 1),
        ("nonce", b"\x01" * 8),
    ],
)
def test_a_wrong_header_field_is_named_with_got_and_expected(
    make_setting: MakeSetting, keys: Sequence[Any], field: str, value: Any
) -> None:
    setting = make_setting()
    block = setting.build(keys[0].sign(0, value=1)).block
    reason = invalid(setting.open().execute_payload(resealed(block, **{field: value})))
    assert isinstance(reason, HeaderMismatch)
    assert (reason.field, reason.got) == (field, value)
    assert str(reason.expected) in str(reason) or reason.expected.hex() in str(reason)  # type: ignore[attr-defined]
    assert setting.chain.head == setting.genesis


def test_a_block_may_not_hold_a_transaction_that_cannot_run(
    make_setting: MakeSetting, keys: Sequence[Any]
) -> None:
    setting = make_setting()
    block = setting.build(keys[0].sign(0)).block
    transactions = (keys[0].sign(1),)
    forged = replace(
        resealed(block, transactions_root=transactions_root(transactions)),
        transactions=transactions,
    )
    reason = invalid(setting.chain.execute_payload(forged))
    assert isinstance(reason, InvalidTransactionInBlock)
    assert reason.index == 0
    assert isinstance(reason.reason, NonceTooHigh)


def test_nobody_mints_by_a_sentinel_withdrawal_on_our_network(
    make_setting: MakeSetting, make_config: Callable[..., Any]
) -> None:
    """Facts §1b: it would credit any amount to anyone."""
    setting = make_setting(make_config(RestakingActivationTime=0, StakingActivationTime=0))
    block = setting.build().block
    thief = Withdrawal(0, SENTINEL, Address(b"\x13" * 20), 10**9)
    minting = replace(
        resealed(block, withdrawals_root=withdrawals_root([thief])), withdrawals=(thief,)
    )
    reason = invalid(setting.chain.execute_payload(minting))
    assert isinstance(reason, EntriesNotPrescribed)
    assert str(reason) == "withdrawals: got 1 entries, expected none"
    slashing = replace(block, slashed=(thief,))
    assert slashing.header.hash == block.header.hash, "no header field binds the slashed entries"
    reason = invalid(setting.chain.execute_payload(slashing))
    assert str(reason) == "slashed: got 1 entries, expected none"


def test_a_block_carries_the_entries_that_consensus_prescribes_and_no_others(
    make_setting: MakeSetting, make_config: Callable[..., Any]
) -> None:
    setting = make_setting(make_config(RestakingActivationTime=0, StakingActivationTime=0))
    reward = Withdrawal(1, SENTINEL, Address(b"\x13" * 20), 7)
    slash = Withdrawal(0, 0, Address(b"\x14" * 20), 9)
    attributes = replace(setting.attributes(), withdrawals=(reward,), slashed=(slash,))
    built = setting.chain.build_payload(attributes, setting.offer(), lambda: False)
    assert (built.block.withdrawals, built.block.slashed) == ((reward,), (slash,))
    expected = replace(EXPECTED, withdrawals=(reward,), slashed=(slash,))
    for chain in (setting.chain, setting.open()):
        reason = invalid(chain.execute_payload(built.payload, EXPECTED))
        assert str(reason) == "withdrawals: got 1 entries, expected none"
        other = replace(expected, slashed=(replace(slash, amount=8),))
        reason = invalid(chain.execute_payload(built.payload, other))
        place = f"of 0x{slash.address.hex()}"
        assert str(reason) == f"slashed: got 9 gwei {place}, expected 8 gwei {place}"
        assert isinstance(chain.execute_payload(built.payload, expected), Valid)


def test_a_foreign_chain_may_carry_withdrawals(make_setting: MakeSetting) -> None:
    setting = make_setting(allows_withdrawals=True)
    block = setting.build().block
    withdrawal = Withdrawal(0, 1, Address(b"\x13" * 20), 7)
    paying = replace(
        resealed(block, withdrawals_root=withdrawals_root([withdrawal])),
        withdrawals=(withdrawal,),
    )
    reason = invalid(setting.chain.execute_payload(paying))
    assert isinstance(reason, HeaderMismatch)
    assert reason.field == "state_root"
    paid = resealed(paying, state_root=reason.expected)
    verdict = setting.chain.execute_payload(paid)
    assert isinstance(verdict, Valid)
    setting.chain.commit(verdict.executed)
    with setting.queries.view() as view:
        assert view.balance(withdrawal.address, 1) == 7 * 10**9


EXPECTED = Expectations(
    timestamp=1_001,
    prev_randao=Hash32(b"\x77" * 32),
    parent_beacon_block_root=Hash32(bytes(32)),
    coinbase=Address(b"\xc0" * 20),
)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"timestamp": 1_002}, "timestamp"),
        ({"prev_randao": OTHER}, "mix_hash"),
        ({"parent_beacon_block_root": OTHER}, "parent_beacon_block_root"),
        ({"coinbase": Address(bytes(20))}, "coinbase"),
    ],
)
def test_consensus_prescribes_fields_also_of_a_known_payload(
    make_setting: MakeSetting, changed: dict[str, Any], field: str
) -> None:
    setting = make_setting()
    payload = setting.build().payload
    for chain in (setting.chain, setting.open()):
        for _ in range(2):
            reason = invalid(chain.execute_payload(payload, replace(EXPECTED, **changed)))
            assert isinstance(reason, HeaderMismatch)
            assert reason.field == field
        assert isinstance(chain.execute_payload(payload, EXPECTED), Valid)
        anyone = replace(EXPECTED, coinbase=None)
        assert isinstance(chain.execute_payload(payload, anyone), Valid)


def test_the_expected_time_never_lies_before_the_parents(make_setting: MakeSetting) -> None:
    setting = make_setting()
    attributes = setting.attributes(timestamp=1)
    payload = setting.chain.build_payload(attributes, setting.offer(), lambda: False).payload
    assert decode_block(payload).header.timestamp == setting.genesis.timestamp
    verdict = setting.open().execute_payload(payload, replace(EXPECTED, timestamp=1))
    assert isinstance(verdict, Valid)


def test_transactions_that_the_pool_knows_are_taken_from_it(
    make_setting: MakeSetting, keys: Sequence[Any]
) -> None:
    setting = make_setting()
    known, unknown = keys[0].sign(0, value=1), keys[1].sign(0, value=1)
    payload = setting.build(known, unknown).payload
    chain = Chain(
        setting.store,
        setting.config,
        setting.engine,
        known_transaction={known.hash: known}.get,
    )
    verdict = chain.execute_payload(payload)
    assert isinstance(verdict, Valid)
    taken = {item.hash: item for item in verdict.executed.block.transactions}
    assert taken[known.hash] is known
    assert taken[unknown.hash] is not unknown
    assert taken[unknown.hash] == unknown


def test_a_commit_writes_the_block_and_its_records_together(
    make_setting: MakeSetting, keys: Sequence[Any]
) -> None:
    setting = make_setting()
    executed = setting.build(keys[0].sign(0))
    record = (Table.CERTIFICATES, b"\x01", b"certificate")

    class Broken(Exception):
        pass

    def broken_records() -> Any:
        yield record
        raise Broken

    with pytest.raises(Broken):
        setting.chain.commit(executed, broken_records())
    assert setting.open().head == setting.genesis == setting.chain.head
    setting.chain.commit(executed, [record])
    assert setting.open().head == executed.block.header == setting.chain.head
    with setting.store.snapshot() as snapshot:
        assert snapshot.get(Table.CERTIFICATES, b"\x01") == b"certificate"


def test_only_what_follows_the_head_is_committed(make_setting: MakeSetting) -> None:
    setting = make_setting()
    first, second = setting.build(), setting.build()
    setting.chain.commit(first)
    with pytest.raises(NotOnHead):
        setting.chain.commit(second)
    reason = invalid(setting.chain.execute_payload(second.payload))
    assert isinstance(reason, HeaderMismatch)
    assert reason.field == "number"


def test_noise_is_an_undecodable_block(make_setting: MakeSetting) -> None:
    setting = make_setting()
    for noise in (b"", b"\xc0", b"\xff" * 40, setting.build().payload[:-1]):
        assert isinstance(invalid(setting.chain.execute_payload(noise)), UndecodableBlock)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_flipped_bit_is_an_invalid_block_and_nothing_else(
    make_setting: MakeSetting, keys: Sequence[Any], data: st.DataObject
) -> None:
    setting = make_setting()
    payload = bytearray(setting.build(keys[0].sign(0, value=3)).payload)
    place = data.draw(st.integers(0, len(payload) - 1))
    payload[place] ^= 1 << data.draw(st.integers(0, 7))
    verdict = setting.open().execute_payload(bytes(payload))
    if isinstance(verdict, Valid):
        changed = _changed_fields(setting.chain, verdict.executed.block)
        assert changed <= FREE_FIELDS, changed
    else:
        assert isinstance(verdict.reason, InvalidBlock)


def _changed_fields(chain: Chain, block: Block) -> set[str]:
    built = next(iter(chain._verdicts.values()))
    assert isinstance(built, Valid)
    header: Header = built.executed.block.header
    return {name for name in vars(header) if getattr(header, name) != getattr(block.header, name)}


def test_a_payload_survives_its_encoding(make_setting: MakeSetting, keys: Sequence[Any]) -> None:
    executed = make_setting().build(keys[0].sign(0), keys[1].sign_unprotected(0, keys[2].address))
    assert decode_block(executed.payload) == executed.block
    assert encode_block(executed.block) == executed.payload


def test_osaka_bounds_a_blocks_bytes(make_setting: MakeSetting, make_config: MakeSetting) -> None:
    """EIP-7934."""
    limit = 8 * 1024 * 1024
    for forks, is_bounded in (({}, False), ({"osakaTime": 1}, True)):
        setting = make_setting(make_config(**forks))
        block = setting.build().block
        with setting.store.snapshot() as snapshot:
            for size in (limit, limit + 1):
                arguments = (setting.engine, setting.config, setting.genesis, block, bytes(size))
                if size > limit and is_bounded:
                    with pytest.raises(BlockOversized, match=r"8388609 bytes, at most 8388608"):
                        import_block(*arguments, snapshot)
                else:
                    assert import_block(*arguments, snapshot).block == block
