"""A call at work: slots read and written once, gas, logs, transfers."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from eth_typing import Address, Hash32

from precompiles.contract import CALL_GAS, ContractPrecompile
from precompiles.interface import CallKind, Failed, Returned, Reverted
from precompiles.solidity import prices
from precompiles.solidity.rows import function
from precompiles.solidity.work import Work, topic, word

ADDRESS, FRIEND = Address(b"\x02" * 20), Address(b"\x03" * 20)
GAS = 10**6


def run(
    chain_of: Callable[..., Any], deed: Callable[[Work], None], before: dict[int, int] | None = None,
    **options: Any,
) -> tuple[Any, Any, int]:  # fmt: skip
    """A function that does this: its chain, outcome, and the gas of the deed alone."""

    def handler(work: Work) -> Sequence[Any]:
        deed(work)
        return ()

    row = function("do()", handler, writes=True)
    chain = chain_of(ContractPrecompile(ADDRESS, [row]))
    chain.storage.slots = dict(before or {})
    chain.balances.wei = {ADDRESS: 10}
    outcome = chain.call(row.selector, gas=GAS, **options)
    return chain, outcome, GAS - chain.gas_left - CALL_GAS


def test_a_slot_is_paid_for_once_however_often_it_is_read(chain_of: Any) -> None:
    def read(work: Work) -> None:
        assert [work.load(slot) for slot in (1, 1, 2, 1)] == [7, 7, 0, 7]

    assert run(chain_of, read, {1: 7})[1:] == (Returned(), 2 * prices.SLOT_READ)


@pytest.mark.parametrize(
    ("before", "values", "price"),
    [
        (0, [5], prices.SLOT_SET), (5, [6], prices.SLOT_CHANGE), (5, [0], prices.SLOT_CLEAR),
        (5, [6, 7, 5], 0), (0, [1, 2, 3], prices.SLOT_SET), (0, [1, 0], 0),
    ],
)  # fmt: skip
def test_a_slot_is_written_at_the_end_for_what_it_was_and_became(
    chain_of: Any, before: int, values: list[int], price: int
) -> None:
    def write(work: Work) -> None:
        for value in values:
            work.store(1, value)
            assert work.load(1) == value

    chain, outcome, used = run(chain_of, write, {1: before} if before else {})
    assert outcome == Returned()
    assert chain.storage.load(1) == values[-1]
    assert used == prices.SLOT_READ + price


def test_a_log_is_paid_as_the_evms(chain_of: Any) -> None:
    event = topic("Happened(uint256)")
    chain, _, used = run(chain_of, lambda work: work.emit((event, word(9)), b"x" * 40))
    assert chain.logs == [((event, Hash32((9).to_bytes(32, "big"))), b"x" * 40)]
    assert used == 375 * 3 + 8 * 40


def test_wei_move_from_its_own_account_or_one_that_it_names(chain_of: Any) -> None:
    def move(work: Work) -> None:
        work.send(FRIEND, 4)
        work.move(FRIEND, ADDRESS, 1)

    chain, _, used = run(chain_of, move)
    assert chain.balances.wei == {ADDRESS: 7, FRIEND: 3}
    assert used == 2 * prices.TRANSFER


def test_more_wei_than_there_are_do_not_move(chain_of: Any) -> None:
    chain, outcome, _ = run(chain_of, lambda work: work.send(FRIEND, 11))
    assert isinstance(outcome, Reverted)
    assert outcome.data[16:] == ADDRESS
    assert chain.balances.wei == {ADDRESS: 10}


@pytest.mark.parametrize(
    "deed",
    [
        lambda work: work.store(1, 7),
        lambda work: work.emit((), b""),
        lambda work: work.send(FRIEND, 0),
    ],
    ids=["the same value stored", "log", "no wei sent"],
)
@pytest.mark.parametrize(
    "options", [{"is_static": True}, {"kind": CallKind.DELEGATECALL}], ids=["static", "delegate"]
)
def test_a_read_only_call_ends_at_its_first_write(
    chain_of: Any, deed: Callable[[Work], None], options: dict[str, Any]
) -> None:
    assert run(chain_of, deed, {1: 7}, **options)[1] == Failed("write protection")
