"""Filters that are polled, at one JSON-RPC process and across several."""

import http.client
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from web3 import Web3

from genesis.contracts import artifact

NOT_FOUND = {"code": -32000, "message": "filter not found"}


@pytest.fixture(scope="module")
def counter(node: Any, rpc: Any) -> Any:
    """A contract that logs `Counted`, as web3.py sees it."""
    node.mines_at_once = True
    web3 = Web3(Web3.HTTPProvider(rpc.url))
    compiled = artifact("Counter")
    factory = web3.eth.contract(abi=list(compiled.abi), bytecode=compiled.bytecode)
    receipt = sent(web3, node, factory.constructor())
    return web3.eth.contract(address=receipt["contractAddress"], abi=list(compiled.abi))


def sent(web3: Web3, node: Any, function: Any) -> Any:
    sender = node.accounts[0]
    nonce = web3.eth.get_transaction_count(sender.address, "pending")
    transaction = function.build_transaction({"from": sender.address, "nonce": nonce})
    raw = sender.sign_transaction(transaction).raw_transaction
    return web3.eth.wait_for_transaction_receipt(web3.eth.send_raw_transaction(raw), timeout=10)


@pytest.fixture
def count(counter: Any, node: Any) -> Callable[[int], None]:
    """Makes a block with one log of that step."""
    return lambda step: sent(counter.w3, node, counter.functions.add(step))


def steps(logs: Any, counter: Any) -> list[int]:
    return [counter.events.Counted().process_log(log)["args"]["step"] for log in logs]


def test_a_block_filter_tells_each_block_once(node: Any, result: Any) -> None:
    identity = result("eth_newBlockFilter")
    assert result("eth_getFilterChanges", identity) == []
    node.mine()
    node.mine()
    hashes = result("eth_getFilterChanges", identity)
    assert len(hashes) == 2
    assert hashes[-1] == result("eth_getBlockByNumber", "latest", False)["hash"]
    assert result("eth_getFilterChanges", identity) == []


def test_a_log_filter_tells_new_logs_and_can_tell_all(
    counter: Any, count: Callable[[int], None]
) -> None:
    count(1)
    first = counter.w3.eth.block_number
    event_filter = counter.events.Counted.create_filter(from_block=first)
    count(2)
    count(3)
    assert [entry["args"]["step"] for entry in event_filter.get_new_entries()] == [2, 3]
    assert event_filter.get_new_entries() == []
    assert [entry["args"]["step"] for entry in event_filter.get_all_entries()] == [1, 2, 3]


def test_a_log_filter_keeps_to_its_criteria_and_its_bounds(
    counter: Any, count: Callable[[int], None], result: Any
) -> None:
    head = counter.w3.eth.block_number
    other = result("eth_newFilter", {"address": "0x" + "12" * 20})
    late = result("eth_newFilter", {"fromBlock": hex(head + 2), "toBlock": hex(head + 2)})
    for step in (4, 5, 6):
        count(step)
    assert result("eth_getFilterChanges", other) == []
    (log,) = result("eth_getFilterChanges", late)
    assert int(log["blockNumber"], 16) == head + 2


def test_a_pending_filter_tells_hashes(node: Any, result: Any, counter: Any) -> None:
    identity = result("eth_newPendingTransactionFilter")
    receipt = sent(counter.w3, node, counter.functions.add(7))
    assert result("eth_getFilterChanges", identity) == [
        "0x" + receipt["transactionHash"].hex().removeprefix("0x")
    ]
    assert result("eth_getFilterChanges", identity) == []


def test_what_is_uninstalled_or_unknown_is_not_found(result: Any, error: Any) -> None:
    identity = result("eth_newBlockFilter")
    assert error("eth_getFilterLogs", identity) == NOT_FOUND
    assert result("eth_uninstallFilter", identity) is True
    assert result("eth_uninstallFilter", identity) is False
    for method in ("eth_getFilterChanges", "eth_getFilterLogs"):
        assert error(method, identity) == NOT_FOUND
        assert error(method, "0x1") == NOT_FOUND
        assert error(method, "nonsense") == NOT_FOUND


@pytest.mark.parametrize(
    "criteria",
    [5, {"address": 1}, {"fromBlock": "0x5", "toBlock": "0x4"}, {"blockHash": "0x" + "ab" * 32}],
)
def test_wrong_criteria_are_refused_at_once(error: Any, criteria: Any) -> None:
    assert error("eth_newFilter", criteria)["code"] == -32602


def test_any_process_of_the_node_knows_a_filter(
    node: Any, result: Any, count: Callable[[int], None]
) -> None:
    other = node.rpc()
    web3 = Web3(Web3.HTTPProvider(other.url))
    blocks, logs = result("eth_newBlockFilter"), result("eth_newFilter", {})
    count(8)
    told = web3.provider.make_request("eth_getFilterChanges", [blocks])  # type: ignore[arg-type]
    assert len(told["result"]) == 1
    assert result("eth_getFilterChanges", blocks) == []
    assert len(result("eth_getFilterChanges", logs)) == 1
    removed = web3.provider.make_request("eth_uninstallFilter", [logs])  # type: ignore[arg-type]
    assert removed["result"] is True


def test_two_polls_in_one_batch_tell_nothing_twice(
    rpc: Any, node: Any, result: Any, count: Callable[[int], None]
) -> None:
    identity = result("eth_newFilter", {})
    count(9)
    poll = {"jsonrpc": "2.0", "method": "eth_getFilterChanges", "params": [identity]}
    answers = batch(rpc, orjson.dumps([poll | {"id": number} for number in range(2)]))
    assert sorted(len(answer["result"]) for answer in answers) == [0, 1]


def batch(rpc: Any, body: bytes) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", rpc.port, timeout=30)
    connection.request("POST", "/", body, {"Content-Type": "application/json"})
    answer = orjson.loads(connection.getresponse().read())
    connection.close()
    return answer
