"""What the protocol calls by itself, and in which context."""

from typing import Any

import pytest
from eth_typing import Address

from chain.engine import Withdrawal
from chain.errors import RequestsInvalid
from chain.forks.fork import Fork
from chain.py_evm.system_calls import BEACON_ROOTS_ADDRESS, BLOCK_HASHES_ADDRESS, REQUEST_QUEUES
from chain.staking import SENTINEL_VALIDATOR_INDEX, STAKING_CONTRACT

STORES_INPUT = bytes.fromhex("60003560005500")
"""slot 0 = first word of the input."""
REVERTS_AFTER_STORING = bytes.fromhex("600160005560006000fd")
RECIPIENT = Address(b"\x55" * 20)
TARGET = Address(b"\x66" * 20)
GWEI = 10**9


def sentinel(amount: int = 3, address: Address = RECIPIENT) -> Withdrawal:
    return Withdrawal(0, SENTINEL_VALIDATOR_INDEX, address, amount)


def test_the_parents_root_and_hash_are_written_where_the_contracts_have_code(world: Any) -> None:
    """EIPs 4788 and 2935."""
    world.ledger.put(BEACON_ROOTS_ADDRESS, nonce=1, code=STORES_INPUT)
    world.ledger.put(BLOCK_HASHES_ADDRESS, nonce=1, code=STORES_INPUT)
    world.block()
    assert world.ledger.slot(BEACON_ROOTS_ADDRESS, 0) == int.from_bytes(b"\xbe" * 32, "big")
    assert world.ledger.slot(BLOCK_HASHES_ADDRESS, 0) == int.from_bytes(b"\x0f" * 32, "big")


def test_without_their_code_nothing_is_written(world: Any) -> None:
    assert world.block().changes == ()


def test_the_state_of_a_reverted_system_call_is_taken_back(worlds: Any) -> None:
    """py-evm takes no snapshot around its system calls."""
    world = worlds.zero_g(staking_active=True)
    world.ledger.put(STAKING_CONTRACT, nonce=1, code=REVERTS_AFTER_STORING)
    result = world.block(withdrawals=[sentinel()])
    assert world.ledger.slot(STAKING_CONTRACT, 0) == 0
    assert world.ledger.account(RECIPIENT).balance == 3 * GWEI
    assert result.system_errors == (
        "could not process staking distribution "
        "err=system call failed to execute: execution reverted",
    )


def test_distribution_gives_the_amount_in_wei_as_a_bare_word(worlds: Any) -> None:
    world = worlds.zero_g(staking_active=True)
    world.ledger.put(STAKING_CONTRACT, nonce=1, code=STORES_INPUT)
    world.block(withdrawals=[sentinel(7)])
    assert world.ledger.slot(STAKING_CONTRACT, 0) == 7 * GWEI


def test_system_calls_inherit_transient_storage_and_warm_addresses(worlds: Any) -> None:
    """Facts [O5]: the context is the last transaction's, or nobody's in a block without any."""
    world = worlds.zero_g(staking_active=True)
    # Counts in transient slot 0 and stores count and the gas that BALANCE(TARGET) took.
    code = bytes.fromhex(
        "60005c6001018060005d600055" + "5a73" + TARGET.hex() + "31505a9003600155" + "00"
    )
    world.ledger.put(STAKING_CONTRACT, nonce=1, code=code)
    cost_when_cold, cost_when_warm = 2_600 + 7, 100 + 7
    world.block(withdrawals=[sentinel()])
    assert world.ledger.slot(STAKING_CONTRACT, 0) == 1
    assert world.ledger.slot(STAKING_CONTRACT, 1) == cost_when_cold
    transaction = world.alice.sign(0, STAKING_CONTRACT, gas=200_000, access_list=[[TARGET, []]])
    world.block(transaction, withdrawals=[sentinel()])
    assert world.ledger.slot(STAKING_CONTRACT, 0) == 2
    assert world.ledger.slot(STAKING_CONTRACT, 1) == cost_when_warm


def test_slashing_runs_with_staking_inactive_and_stops_at_the_first_failure(worlds: Any) -> None:
    """Facts [O7] and §1b."""
    world = worlds.zero_g()
    # Reverts where the amount is 3 gwei, else counts in slot 0.
    code = bytes.fromhex("60243563b2d05e0014601657" + "60005460010160005500" + "5b60006000fd")
    world.ledger.put(STAKING_CONTRACT, nonce=1, code=code)
    entries = [Withdrawal(0, 0, RECIPIENT, amount) for amount in (2, 0, 4, 3, 2)]
    result = world.block(slashed=entries)
    assert world.ledger.slot(STAKING_CONTRACT, 0) == 2
    [error] = result.system_errors
    assert error.startswith("could not process staking slashings err=slashValidator failed")


@pytest.mark.parametrize(
    ("restaking", "credited"), [(True, {1, 2}), (False, set())], ids=["active", "inactive"]
)
def test_sentinels_behind_the_first_are_credited_only_with_restaking(
    worlds: Any, restaking: bool, credited: set[int]
) -> None:
    """Facts [O8]: elsewhere they are dropped."""
    world = worlds.zero_g(restaking_active=restaking)
    recipients = [Address(bytes((0xA0 + place,)) * 20) for place in range(5)]
    withdrawals = [sentinel(place + 1, address) for place, address in enumerate(recipients)]
    withdrawals[4] = Withdrawal(4, 9, recipients[4], 5)
    world.block(withdrawals=withdrawals)
    balances = [world.ledger.account(address) for address in recipients]
    assert balances[0].balance == GWEI
    assert {place for place in (1, 2, 3) if balances[place]} == credited
    assert balances[4].balance == 5 * GWEI


def test_on_plain_ethereum_the_sentinel_is_an_ordinary_validator(worlds: Any) -> None:
    world = worlds.ethereum(Fork.PRAGUE)
    world.block(withdrawals=[sentinel(1), sentinel(2)])
    assert world.ledger.account(RECIPIENT).balance == 3 * GWEI


def test_request_queues_are_read_in_order_after_the_transactions(world: Any) -> None:
    """EIPs 7002 and 7251: whatever the contract returns, behind the type byte."""
    for _, contract in REQUEST_QUEUES:
        world.ledger.put(contract, nonce=1, code=bytes.fromhex("60aa60005360016000f3"))
    assert world.block().requests == (b"\x01\xaa", b"\x02\xaa")


def test_a_request_contract_that_fails_makes_the_block_invalid(world: Any) -> None:
    world.ledger.put(REQUEST_QUEUES[0][1], nonce=1, code=REVERTS_AFTER_STORING)
    with pytest.raises(RequestsInvalid, match="execution reverted"):
        world.block()
