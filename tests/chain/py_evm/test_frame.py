"""One call of the EVM: depth, gas, outcomes, go-ethereum's texts."""

import threading
from typing import Any

import pytest
from eth_typing import Address

from chain.engine import Ommer
from chain.forks.fork import Fork

TARGET = Address(b"\x77" * 20)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("fe", "invalid opcode: INVALID"),
        ("0c", "invalid opcode: opcode 0xc not defined"),
        ("01", "stack underflow (0 <=> 2)"),
        ("5f5f5f5ff1", "stack underflow (4 <=> 7)"),
        ("600056", "invalid jump destination"),
        ("600456605b00", "invalid jump destination"),
        ("5b600056", "out of gas"),
        ("5b5f600056", "stack limit reached 1024 (1023)"),
        ("6001600060003e", "return data out of bounds"),
        ("60006000fd", "execution reverted"),
        ("6001600160ff1b52", "gas uint64 overflow"),
        ("600160016041 1b52", "gas uint64 overflow"),
        ("6001 60016030 1b52", "out of gas"),
    ],
)
def test_a_failure_has_go_ethereums_text(world: Any, code: str, error: str) -> None:
    world.ledger.put(TARGET, nonce=1, code=bytes.fromhex(code.replace(" ", "")))
    result = world.call(TARGET, gas=200_000)
    assert result.error == error
    assert result.is_revert == (error == "execution reverted")
    assert (result.gas_used == 200_000) == (error != "execution reverted")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("60ef60005360016000f3", "invalid code: must not begin with 0xef"),
        ("6160016000f3", "max code size exceeded"),
        ("61600060 00f3", "contract creation code storage out of gas"),
    ],
)
def test_a_refused_contract_costs_all_gas(world: Any, code: str, error: str) -> None:
    """EIPs 3541, 170, and the deposit of 200 gas a byte."""
    result = world.call(None, bytes.fromhex(code.replace(" ", "")), gas=1_000_000)
    assert (result.error, result.gas_used) == (error, 1_000_000)


def test_calls_nest_to_1024_in_a_thread_of_the_default_stack_size(world: Any) -> None:
    # Calls itself with all gas and counts in slot 0 how often it was entered.
    code = "60005460010160005560006000600060006000305af100"
    world.ledger.put(TARGET, nonce=1, code=bytes.fromhex(code))
    transaction = world.alice.sign(0, TARGET, gas=2**62, max_fee=0)
    worker = threading.Thread(target=world.block, args=(transaction,), kwargs={"gas_limit": 2**62})
    worker.start()
    worker.join()
    assert world.ledger.slot(TARGET, 0) == 1_025


def test_frontier_keeps_a_contract_whose_code_it_cannot_afford(worlds: Any) -> None:
    """Homestead made it a failure (EIP-2)."""
    init_code = bytes.fromhex("6160006000f3")
    assert worlds.ethereum(Fork.FRONTIER).call(None, init_code, gas=100_000).error is None
    homestead = worlds.ethereum(Fork.HOMESTEAD).call(None, init_code, gas=100_000)
    assert homestead.error == "contract creation code storage out of gas"


def test_a_contract_is_destroyed_only_in_the_transaction_that_created_it(worlds: Any) -> None:
    """EIP-6780."""
    code = bytes.fromhex("73" + "88" * 20 + "ff")
    for fork, survives in ((Fork.SHANGHAI, False), (Fork.CANCUN, True)):
        world = worlds.ethereum(fork)
        world.ledger.put(TARGET, nonce=1, balance=4, code=code)
        world.block(world.alice.sign(0, TARGET, gas=200_000))
        assert (world.ledger.account(TARGET) is not None) == survives
        assert world.ledger.account(Address(b"\x88" * 20)).balance == 4


def test_the_sender_may_not_reset_what_counts_as_created(world: Any) -> None:
    """py-evm empties its list of created contracts whenever the origin itself runs code."""
    # Creates a contract of no code, then calls the delegated sender, which does nothing.
    runner = Address(b"\x99" * 20)
    world.ledger.put(runner, nonce=1, code=b"\x00")
    world.ledger.put(world.alice.address, balance=10**18, code=b"\xef\x01\x00" + runner)
    # Init code destroys itself to 0x88…, after a call to the origin.
    init_code = bytes.fromhex(
        "6000600060006000600032 5af150 73".replace(" ", "") + "88" * 20 + "ff"
    )
    receipt = world.block(world.alice.sign(0, None, gas=300_000, data=init_code, value=1)).receipts[
        0
    ]
    assert receipt.succeeded
    assert world.ledger.account(receipt.contract_address) is None


def test_a_block_pays_its_miner_and_ommers_before_the_merge(worlds: Any) -> None:
    """Yellow Paper 11.3: 1/32 for each ommer, the ommer itself (8 - age)/8."""
    world = worlds.ethereum(Fork.BYZANTIUM)
    world.block(ommers=(Ommer(999, TARGET),))
    ether = 10**18
    coinbase = world.ledger.account(world.environment.coinbase)
    assert coinbase.balance == 3 * ether + 3 * ether // 32
    assert world.ledger.account(TARGET).balance == 3 * ether * 7 // 8
