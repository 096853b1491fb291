"""The state against a model: roots, reads at every block, overlays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
import rlp
from eth_hash.auto import keccak
from eth_typing import Address, Hash32
from hypothesis import example, given, settings
from hypothesis import strategies as st
from trie import HexaryTrie

from chain.account_records import (
    EMPTY_CODE_HASH,
    decode_record,
    encode_record,
    encode_trie_value,
    storage_root_of,
)
from chain.engine import Account, AccountChange, StateReader
from chain.key_value import MemoryStore, Table
from chain.state import (
    Overlay,
    StateAt,
    merged_changes,
    prepare_update,
    state_root,
    write_update,
)
from chain.trie_nodes import EMPTY_ROOT

ADDRESSES = [Address(bytes(19) + bytes([n])) for n in range(4)] + [Address(b"\xff" * 20)]
SLOTS = [0, 1, 2, 2**255, 2**256 - 1]
CODES = [b"", b"\x00", b"\x60\x00"]
Block = Sequence[AccountChange]


@dataclass
class ModelAccount:
    account: Account
    storage: dict[int, int] = field(default_factory=dict)


Model = dict[Address, ModelAccount]


def after(model: Mapping[Address, ModelAccount], block: Block) -> Model:
    result = dict(model)
    for change in block:
        old = result.pop(change.address, None)
        if change.account is None:
            continue
        storage = {} if old is None or change.wipes_storage else dict(old.storage)
        storage.update(change.slots)
        storage = {slot: value for slot, value in storage.items() if value}
        result[change.address] = ModelAccount(change.account, storage)
    return result


def reference_root(model: Model) -> bytes:
    accounts = HexaryTrie({})
    for address, entry in model.items():
        storage = HexaryTrie({})
        for slot, value in entry.storage.items():
            storage[keccak(slot.to_bytes(32, "big"))] = rlp.encode(value)
        account = entry.account
        accounts[keccak(address)] = rlp.encode(
            [account.nonce, account.balance, storage.root_hash, account.code_hash]
        )
    return accounts.root_hash


@st.composite
def changes(draw: st.DrawFn) -> AccountChange:
    address = draw(st.sampled_from(ADDRESSES))
    if draw(st.integers(0, 4)) == 0:
        return AccountChange(address, None)
    code = draw(st.sampled_from(CODES))
    nonce, balance = draw(st.integers(0, 300)), draw(st.sampled_from([0, 1, 10**18, 2**256 - 1]))
    slots = draw(st.dictionaries(st.sampled_from(SLOTS), st.sampled_from([0, 1, 127, 128, 2**255])))
    return AccountChange(
        address,
        Account(nonce, balance, Hash32(keccak(code))),
        wipes_storage=draw(st.booleans()),
        slots=tuple(sorted(slots.items())),
        code=code,
    )


BLOCKS = st.lists(changes(), max_size=5, unique_by=lambda change: change.address).map(
    lambda block: tuple(sorted(block, key=lambda change: change.address))
)


def commit(store: MemoryStore, number: int, block: Block) -> bytes:
    with store.write() as batch:
        update = prepare_update(batch, block)
        write_update(batch, number, update)
    return update.state_root


def check_reads(reader: StateReader, model: Model) -> None:
    for address in ADDRESSES:
        entry = model.get(address)
        assert reader.account(address) == (entry and entry.account)
        for slot in SLOTS:
            assert reader.slot(address, slot) == (entry.storage.get(slot, 0) if entry else 0)
        if entry:
            assert keccak(reader.code(entry.account.code_hash)) == entry.account.code_hash


ACCOUNT = Account(1, 10, EMPTY_CODE_HASH)
WITH_STORAGE = AccountChange(ADDRESSES[4], ACCOUNT, slots=((1, 5), (2, 6)))
RECREATED = AccountChange(ADDRESSES[4], ACCOUNT, wipes_storage=True, slots=((2, 6), (2**255, 7)))


@settings(max_examples=100, deadline=None)
@given(blocks=st.lists(BLOCKS, max_size=5))
@example([(WITH_STORAGE,), (RECREATED,)])
@example([(WITH_STORAGE,), (AccountChange(ADDRESSES[4], None),), (RECREATED,)])
def test_roots_and_reads_at_every_block_are_the_model_s(blocks: list[Block]) -> None:
    store, models = MemoryStore(), list[Model]()
    for number, block in enumerate(blocks):
        models.append(after(models[-1] if models else {}, block))
        assert commit(store, number, block) == reference_root(models[-1])
    with store.snapshot() as snapshot:
        for number, model in enumerate(models):
            check_reads(StateAt(snapshot, number), model)
        check_reads(StateAt(snapshot), models[-1] if models else {})
        assert state_root(snapshot) == reference_root(models[-1] if models else {})


@settings(max_examples=50, deadline=None)
@given(blocks=st.lists(BLOCKS, min_size=1, max_size=4))
def test_tables_hold_nothing_that_a_state_built_at_once_does_not(blocks: list[Block]) -> None:
    store, fresh, model = MemoryStore(), MemoryStore(), Model()
    for number, block in enumerate(blocks):
        commit(store, number, block)
        model = after(model, block)
    at_once = [
        AccountChange(address, entry.account, slots=tuple(sorted(entry.storage.items())))
        for address, entry in sorted(model.items())
    ]
    commit(fresh, 0, at_once)
    with store.snapshot() as got, fresh.snapshot() as expected:
        for table in (Table.ACCOUNTS, Table.SLOTS, Table.ACCOUNT_TRIE, Table.STORAGE_TRIES):
            assert dict(got.scan(table, b"")) == dict(expected.scan(table, b""))


@settings(max_examples=50, deadline=None)
@given(base=BLOCKS, parent=BLOCKS, pending=BLOCKS)
def test_overlays_read_as_if_their_blocks_were_written(
    base: Block, parent: Block, pending: Block
) -> None:
    store = MemoryStore()
    commit(store, 0, base)
    model = after(after({}, base), parent)
    with store.snapshot() as snapshot:
        one = Overlay(StateAt(snapshot), parent)
        check_reads(one, model)
        two = Overlay(one, pending)
        check_reads(two, after(model, pending))


@settings(max_examples=50, deadline=None)
@given(base=BLOCKS, parent=BLOCKS, child=BLOCKS)
@example(
    (WITH_STORAGE,),
    (AccountChange(ADDRESSES[4], None),),
    (replace(RECREATED, wipes_storage=False),),
)
def test_merged_changes_have_the_root_of_both_blocks(
    base: Block, parent: Block, child: Block
) -> None:
    store = MemoryStore()
    commit(store, 0, base)
    with store.snapshot() as snapshot:
        merged = prepare_update(snapshot, merged_changes(parent, child))
    assert merged.state_root == reference_root(after(after(after({}, base), parent), child))


def test_preparing_writes_nothing() -> None:
    store = MemoryStore()
    with store.write() as batch:
        prepare_update(batch, [WITH_STORAGE])
    with store.snapshot() as snapshot:
        assert all(not list(snapshot.scan(table, b"")) for table in Table)


def test_an_update_prepared_on_another_state_is_not_written() -> None:
    store = MemoryStore()
    with store.snapshot() as snapshot:
        update = prepare_update(snapshot, [WITH_STORAGE])
    commit(store, 0, [AccountChange(ADDRESSES[0], ACCOUNT)])
    with pytest.raises(AssertionError, match=EMPTY_ROOT.hex()), store.write() as batch:
        write_update(batch, 1, update)


def test_what_does_not_change_leaves_no_history() -> None:
    store = MemoryStore()
    commit(store, 1, [WITH_STORAGE])
    commit(store, 2, [WITH_STORAGE])
    with store.snapshot() as snapshot:
        history = [k[-1] for k, _ in snapshot.scan(Table.ACCOUNT_HISTORY, b"")]
        history += [k[-1] for k, _ in snapshot.scan(Table.SLOT_HISTORY, b"")]
    assert history == [1, 1, 1]


def test_block_hashes_are_those_of_the_headers_up_to_the_block() -> None:
    store = MemoryStore()
    with store.write() as batch:
        for number in range(3):
            batch.put(Table.HEADERS, number.to_bytes(8, "big"), b"header %d" % number)
    with store.snapshot() as snapshot:
        hashes = [StateAt(snapshot, 1).block_hash(number) for number in (-1, 0, 1, 2)]
        assert hashes == [None, keccak(b"header 0"), keccak(b"header 1"), None]
        assert StateAt(snapshot).block_hash(2) == keccak(b"header 2")
        assert StateAt(snapshot).block_hash(3) is None
        overlay = Overlay(StateAt(snapshot), (), {3: Hash32(b"\x03" * 32)})
        assert [overlay.block_hash(number) for number in (2, 3, 4)] == [
            keccak(b"header 2"),
            b"\x03" * 32,
            None,
        ]


@given(
    nonce=st.integers(0, 2**64 - 1),
    balance=st.integers(0, 2**256 - 1),
    code_hash=st.sampled_from([EMPTY_CODE_HASH, Hash32(b"\x0c" * 32)]),
    root=st.sampled_from([EMPTY_ROOT, Hash32(b"\x0d" * 32)]),
)
def test_account_records_are_read_as_written(
    nonce: int, balance: int, code_hash: Hash32, root: Hash32
) -> None:
    account = Account(nonce, balance, code_hash)
    record = encode_record(account, root)
    assert decode_record(record) == account
    assert storage_root_of(record) == root
    assert encode_trie_value(account, root) == rlp.encode([nonce, balance, root, code_hash])
