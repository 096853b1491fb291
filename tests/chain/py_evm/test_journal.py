"""Undo, sweep, self-destruct, original values: what the journal keeps and forgets."""

from typing import Any

import pytest
from eth_typing import Address
from hypothesis import given
from hypothesis import strategies as st

from chain.engine import Account, AccountChange
from chain.forks.fork import Fork
from chain.py_evm.journal import EMPTY_CODE_HASH, RIPEMD160, Journal

A, B = Address(b"\x0a" * 20), Address(b"\x0b" * 20)


@pytest.fixture
def journal(world: Any) -> Journal:
    world.ledger.put(A, balance=5, nonce=1, slots={1: 10, 2: 20})
    return Journal(world.ledger, Fork.PRAGUE)


def observed(journal: Journal) -> tuple[Any, ...]:
    return (
        [journal.get_balance(address) for address in (A, B)],
        [journal.get_nonce(address) for address in (A, B)],
        [journal.get_code(address) for address in (A, B)],
        [journal.account_exists(address) for address in (A, B)],
        [journal.get_storage(address, slot) for address in (A, B) for slot in range(3)],
        [journal.get_transient_storage(address, 1) for address in (A, B)],
        [journal.is_address_warm(address) for address in (A, B)],
        [journal.is_storage_warm(address, 1) for address in (A, B)],
        list(journal.contracts_created),
        list(journal.logs),
        journal.refund,
    )


ADDRESSES = st.sampled_from([A, B])
STEPS = st.one_of(
    st.tuples(st.just("set_balance"), ADDRESSES, st.integers(0, 9)),
    st.tuples(st.just("set_nonce"), ADDRESSES, st.integers(0, 9)),
    st.tuples(st.just("set_code"), ADDRESSES, st.binary(max_size=2)),
    st.tuples(st.just("set_storage"), ADDRESSES, st.integers(0, 2), st.integers(0, 2)),
    st.tuples(st.just("delete_storage"), ADDRESSES),
    st.tuples(st.just("touch_account"), ADDRESSES),
    st.tuples(st.just("set_transient_storage"), ADDRESSES, st.just(1), st.binary(max_size=2)),
    st.tuples(st.just("mark_address_warm"), ADDRESSES),
    st.tuples(st.just("mark_storage_warm"), ADDRESSES, st.just(1)),
    st.tuples(st.just("mark_created"), ADDRESSES),
    st.tuples(st.just("destroy"), ADDRESSES),
)


@given(st.lists(STEPS, max_size=12), st.lists(STEPS, max_size=12))
def test_a_reverted_snapshot_leaves_everything_as_it_was(
    steps_before: list[Any], steps_after: list[Any]
) -> None:
    journal = Journal(_two_accounts(), Fork.PRAGUE)
    for name, *arguments in steps_before:
        getattr(journal, name)(*arguments)
    before, snapshot = observed(journal), journal.snapshot()
    for name, *arguments in steps_after:
        getattr(journal, name)(*arguments)
    journal.refund += 7
    journal.revert(snapshot)
    assert observed(journal) == before
    untouched = Journal(_two_accounts(), Fork.PRAGUE)
    for name, *arguments in steps_before:
        getattr(untouched, name)(*arguments)
    journal.settle()
    untouched.settle()
    assert journal.changes() == untouched.changes()


class _TwoAccounts:
    """A has balance, nonce and slots 1 and 2; B does not exist."""

    def account(self, address: Address) -> Any:
        return Account(1, 5, EMPTY_CODE_HASH) if address == A else None

    def slot(self, address: Address, slot: int) -> int:
        return {1: 10, 2: 20}.get(slot, 0) if address == A else 0

    def has_storage(self, address: Address) -> bool:
        return address == A

    def code(self, code_hash: bytes) -> bytes:
        return b""

    def block_hash(self, number: int) -> None:
        return None


def _two_accounts() -> Any:
    return _TwoAccounts()


def test_changes_list_what_differs_and_nothing_else(journal: Journal) -> None:
    journal.set_storage(A, 1, 11)
    journal.set_storage(A, 2, 21)
    journal.set_storage(A, 2, 20)
    journal.touch_account(B)
    journal.settle()
    [change] = journal.changes()
    assert (change.address, change.slots, change.code) == (A, ((1, 11),), None)


def test_an_empty_touched_account_is_swept_with_its_storage(journal: Journal) -> None:
    """EIP-161 and facts [O3]."""
    journal.set_storage(B, 1, 1)
    journal.settle()
    assert journal.changes() == ()
    assert journal.get_storage(B, 1) == 0


def test_before_spurious_dragon_an_empty_account_stays(world: Any) -> None:
    journal = Journal(world.ledger, Fork.HOMESTEAD)
    journal.touch_account(B)
    journal.settle()
    [change] = journal.changes()
    assert change.address == B
    assert change.account is not None


def test_the_touch_of_ripemd160_outlives_a_revert(world: Any) -> None:
    """EIP-161's erratum."""
    world.ledger.put(RIPEMD160)
    journal = Journal(world.ledger, Fork.SPURIOUS_DRAGON)
    snapshot = journal.snapshot()
    journal.touch_account(RIPEMD160)
    journal.revert(snapshot)
    journal.settle()
    assert journal.changes() == (AccountChange(RIPEMD160, None, True),)


def test_a_destroyed_account_is_gone_and_may_come_back_without_its_storage(
    journal: Journal,
) -> None:
    assert journal.destroy(A)
    assert not journal.destroy(A)
    journal.set_balance(A, 0)
    journal.settle()
    journal.set_balance(A, 3)
    assert journal.get_storage(A, 1) == 0
    journal.set_storage(A, 3, 30)
    journal.settle()
    [change] = journal.changes()
    assert change.wipes_storage
    assert change.slots == ((3, 30),)


def test_original_values_are_those_at_the_start_of_the_transaction(journal: Journal) -> None:
    """EIP-2200, and facts [O6] for what spans a slash loop."""
    journal.set_storage(A, 1, 11)
    journal.set_storage(A, 1, 12)
    assert journal.get_storage(A, 1, from_journal=False) == 10
    journal.settle()
    assert journal.get_storage(A, 1, from_journal=False) == 12


def test_the_next_transaction_starts_with_its_own_warm_set_and_no_transient_storage(
    journal: Journal,
) -> None:
    """Facts [O5]: until it starts, the last one's stay."""
    journal.begin_transaction({A: True})
    journal.set_transient_storage(A, 1, b"\x01")
    journal.settle()
    assert journal.is_address_warm(A)
    assert journal.get_transient_storage(A, 1) == b"\x01"
    journal.begin_transaction({B: True})
    assert not journal.is_address_warm(A)
    assert journal.get_transient_storage(A, 1) == b""
