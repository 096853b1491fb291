"""Multicall3 does what viem, wagmi and ethers expect of the one at its address."""

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils import to_hex

from genesis.predeploys import MULTICALL3_ADDRESS

FAILED = "Multicall3: call failed"


@pytest.fixture
def multicall(at: Any) -> Any:
    return at("Multicall3", MULTICALL3_ADDRESS)


@pytest.fixture
def counter(world: Any) -> Any:
    return world.deploy("Counter")


def count_call(counter: Any) -> tuple[Any, ...]:
    return (counter.address, counter.encode("count"))


def failing_call(counter: Any) -> tuple[Any, ...]:
    return (counter.address, counter.encode("add", 0))


def test_aggregate_returns_block_number_and_answers(multicall: Any, counter: Any) -> None:
    counter.send("add", 5)
    number, answers = multicall.read("aggregate", [count_call(counter)] * 2)
    assert number == multicall.world.number
    assert answers == (encode(["uint256"], [5]),) * 2


def test_aggregate_of_nothing_is_nothing(multicall: Any) -> None:
    assert multicall.read("aggregate", [])[1] == ()


@pytest.mark.parametrize("function", ["aggregate", "blockAndAggregate"])
def test_one_failure_refuses_all(multicall: Any, counter: Any, refused: Any, function: str) -> None:
    with pytest.raises(refused) as refusal:
        multicall.read(function, [count_call(counter), failing_call(counter)])
    assert refusal.value.reason == FAILED


def test_try_aggregate_hands_failures_back_unless_success_is_required(
    multicall: Any, counter: Any, refused: Any
) -> None:
    calls = [failing_call(counter), count_call(counter)]
    (failed, why), (succeeded, answer) = multicall.read("tryAggregate", False, calls)
    assert (failed, succeeded) == (False, True)
    assert b"Counter: step is zero" in why
    assert answer == bytes(32)
    with pytest.raises(refused) as refusal:
        multicall.read("tryAggregate", True, calls)
    assert refusal.value.reason == FAILED


def test_try_block_and_aggregate_gives_the_unknown_hash_of_its_own_block(
    multicall: Any, counter: Any
) -> None:
    number, block_hash, results = multicall.read(
        "tryBlockAndAggregate", False, [failing_call(counter)]
    )
    assert number == multicall.world.number
    assert block_hash == bytes(32)
    assert results[0][0] is False


def test_aggregate3_lets_each_call_say_whether_it_may_fail(
    multicall: Any, counter: Any, refused: Any
) -> None:
    target, failing = failing_call(counter)
    good = (*count_call(counter)[:1], False, counter.encode("count"))
    results = multicall.read("aggregate3", [(target, True, failing), good])
    assert [ok for ok, _ in results] == [False, True]
    with pytest.raises(refused) as refusal:
        multicall.read("aggregate3", [(target, False, failing)])
    assert refusal.value.reason == FAILED


def test_aggregate3_changes_state_in_a_transaction(multicall: Any, counter: Any) -> None:
    call = (counter.address, False, counter.encode("add", 2))
    multicall.send("aggregate3", [call, call])
    assert counter.read("count") == 4
    assert counter.read("lastCaller") == to_hex(MULTICALL3_ADDRESS)


def test_aggregate3_value_hands_out_what_was_sent(multicall: Any) -> None:
    world = multicall.world
    one, other = bytes(19) + b"\x71", bytes(19) + b"\x72"
    multicall.send("aggregate3Value", [(one, False, 3, b""), (other, False, 4, b"")], value=7)
    assert (world.balance(one), world.balance(other)) == (3, 4)


@pytest.mark.parametrize("sent", [4, 1])
def test_values_that_do_not_add_up_are_refused(multicall: Any, refused: Any, sent: int) -> None:
    calls = [(bytes(19) + b"\x71", True, 2, b"")]
    with pytest.raises(refused) as refusal:
        multicall.read("aggregate3Value", calls, value=sent)
    assert refusal.value.reason == "Multicall3: value mismatch"


def test_the_getters_tell_of_the_block(multicall: Any) -> None:
    world = multicall.world
    world.mine(2)
    assert multicall.read("getBlockNumber") == 2
    assert multicall.read("getChainId") == 16_601
    assert multicall.read("getCurrentBlockTimestamp") == 2
    assert multicall.read("getCurrentBlockGasLimit") == 36_000_000
    assert multicall.read("getCurrentBlockCoinbase") == to_hex(bytes(19) + b"\x99")
    assert multicall.read("getCurrentBlockDifficulty") == 0
    assert multicall.read("getBasefee") == 0
    assert multicall.read("getEthBalance", to_hex(world.address(1))) == 10_000 * 10**18
    assert multicall.read("getLastBlockHash") == multicall.read("getBlockHash", 1) != bytes(32)
