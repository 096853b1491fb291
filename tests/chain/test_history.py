"""A history that is kept for some blocks: what can be read, what is refused, what is gone from disk."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain import history
from chain.block_store import HEAD_KEY
from chain.chain import Chain
from chain.engine import Account, AccountChange
from chain.history import changed_accounts, forget_history, history_floor
from chain.key_value import KeyValueStore, MemoryStore, Table
from chain.proofs import proof
from chain.query_errors import StateNotKept
from chain.state import StateAt, prepare_update, write_update
from chain.verify import find_differences
from node.database import LmdbStore

NO_CODE = Hash32(keccak(b""))
OWNERS = [Address(keccak(bytes([n]))[:20]) for n in range(20)]
SLOTS_A_BLOCK = 50
KEPT = 16


def write_block(store: KeyValueStore, number: int, kept: int | None) -> None:
    """Every owner paid, and other slots of the first written, in a circle."""
    slots = tuple(
        sorted(((number * 37 + i) % 2_000, number * 1_000 + i + 1) for i in range(SLOTS_A_BLOCK))
    )
    changes = [
        AccountChange(
            owner, Account(number, 10**18 + number, NO_CODE), slots=slots if not i else ()
        )
        for i, owner in sorted(enumerate(OWNERS), key=lambda item: item[1])
    ]
    with store.write() as batch:
        write_update(batch, number, prepare_update(batch, changes))
        batch.put(Table.META, HEAD_KEY, number.to_bytes(8, "big"))
        if kept is not None:
            forget_history(batch, number, kept)


def rows(store: KeyValueStore) -> dict[Table, int]:
    with store.snapshot() as snapshot:
        return {
            table: sum(1 for _ in snapshot.scan(table, b""))
            for table in (Table.ACCOUNT_HISTORY, Table.SLOT_HISTORY, Table.CHANGES)
        }


def test_kept_blocks_are_read_and_proven_as_if_nothing_had_been_forgotten() -> None:
    whole, pruned = MemoryStore(), MemoryStore()
    for number in range(3 * KEPT):
        write_block(whole, number, None)
        write_block(pruned, number, KEPT)
    head = 3 * KEPT - 1
    with whole.snapshot() as expected, pruned.snapshot() as found:
        assert history_floor(expected) == 0
        assert history_floor(found) == head - KEPT
        for number in range(head - KEPT, head + 1):
            for owner in OWNERS:
                assert StateAt(found, number).account(owner) == Account(
                    number, 10**18 + number, NO_CODE
                )
            for slot in range(0, 2_000, 13):
                value = StateAt(expected, number).slot(OWNERS[0], slot)
                assert StateAt(found, number).slot(OWNERS[0], slot) == value
            assert proof(found, number, OWNERS[0], [5]) == proof(expected, number, OWNERS[0], [5])
        assert list(changed_accounts(found, head - 2)) == list(changed_accounts(expected, head - 2))


def test_what_is_forgotten_leaves_no_row_behind() -> None:
    store = MemoryStore()
    for number in range(3 * KEPT):
        write_block(store, number, KEPT)
    assert rows(store) == {
        Table.ACCOUNT_HISTORY: KEPT * len(OWNERS),
        Table.SLOT_HISTORY: KEPT * SLOTS_A_BLOCK,
        Table.CHANGES: KEPT * len(OWNERS),
    }


def test_a_long_history_is_let_go_over_many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "ROWS_FORGOTTEN_MAX", 95)
    store = MemoryStore()
    for number in range(40):
        write_block(store, number, None)
    before = sum(rows(store).values())
    write_block(store, 40, KEPT)
    with store.snapshot() as snapshot:
        assert history_floor(snapshot) == 40 - KEPT, "refused from now on, also what is still there"
    deleted = before + 2 * len(OWNERS) + SLOTS_A_BLOCK - sum(rows(store).values())
    assert 0 < deleted <= 2 * 95
    for number in range(41, 160):
        write_block(store, number, KEPT)
    assert rows(store)[Table.SLOT_HISTORY] == KEPT * SLOTS_A_BLOCK
    assert rows(store)[Table.CHANGES] == KEPT * len(OWNERS)


def test_keeping_more_again_does_not_bring_back_what_is_gone() -> None:
    store = MemoryStore()
    for number in range(30):
        write_block(store, number, 5)
    write_block(store, 30, 25)
    with store.snapshot() as snapshot:
        assert history_floor(snapshot) == 24


def test_a_pruned_chain_refuses_states_that_are_gone_and_answers_the_rest(
    make_setting: Callable[..., Any],
) -> None:
    setting = make_setting()
    setting.chain = Chain(setting.store, setting.config, setting.engine, history_blocks_kept=2)
    sender = setting.keys[0]
    for nonce in range(6):
        setting.extend(sender.sign(nonce, value=1))
    with setting.queries.view() as view:
        assert [view.nonce(sender.address, number) for number in (4, 5, 6)] == [4, 5, 6]
        for number in range(4):
            root = view.header(number).state_root.hex()
            with pytest.raises(StateNotKept) as caught:
                view.balance(sender.address, number)
            assert str(caught.value).startswith(f"missing trie node {root} (path )")
            with pytest.raises(StateNotKept):
                view.proof(sender.address, [], number)
            assert view.find_block(number) is not None, "blocks are kept"
    with setting.store.snapshot() as snapshot:
        assert list(find_differences(snapshot)) == []


@pytest.mark.slow
def test_the_file_stays_as_large_as_it_is_while_history_comes_and_goes(tmp_path: Path) -> None:
    """A soak: 3,000 blocks; what history adds is taken from pages that forgotten history freed."""
    sizes = {}
    for kept in (None, 100):
        with LmdbStore(tmp_path / f"kept {kept}") as store:
            for number in range(3_000):
                write_block(store, number, kept)
                if number == 500:
                    early = store.size_bytes()
            sizes[kept] = store.size_bytes() / early
    assert sizes[100] <= 1.05
    assert sizes[None] > 3, "without pruning it grows: the measure can fail"
