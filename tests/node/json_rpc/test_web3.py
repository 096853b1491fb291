"""web3.py as a user has it."""

from typing import Any

import pytest
from web3 import Web3
from web3.exceptions import ContractCustomError, ContractLogicError, TransactionNotFound

from genesis.contracts import artifact


@pytest.fixture(scope="module")
def web3(node: Any, rpc: Any) -> Web3:
    node.mines_at_once = True
    return Web3(Web3.HTTPProvider(rpc.url))


@pytest.fixture(scope="module")
def counter(web3: Web3, node: Any) -> Any:
    """A contract deployed as a user deploys it."""
    compiled = artifact("Counter")
    factory = web3.eth.contract(abi=list(compiled.abi), bytecode=compiled.bytecode)
    receipt = send(web3, node, factory.constructor())
    return web3.eth.contract(address=receipt["contractAddress"], abi=list(compiled.abi))


def send(web3: Web3, node: Any, function: Any) -> Any:
    sender = node.accounts[0]
    transaction = function.build_transaction(
        {
            "from": sender.address,
            "nonce": web3.eth.get_transaction_count(sender.address, "pending"),
        }
    )
    raw = sender.sign_transaction(transaction).raw_transaction
    return web3.eth.wait_for_transaction_receipt(web3.eth.send_raw_transaction(raw), timeout=10)


def test_a_contract_is_deployed_called_and_heard(web3: Web3, node: Any, counter: Any) -> None:
    assert counter.functions.count().call() == 0
    receipt = send(web3, node, counter.functions.add(5))
    assert receipt["status"] == 1
    assert counter.functions.count().call() == 5
    (event,) = counter.events.Counted().process_receipt(receipt)
    assert dict(event["args"]) == {"caller": node.accounts[0].address, "step": 5, "count": 5}
    logs = counter.events.Counted().get_logs(from_block=0)
    assert [log["args"]["count"] for log in logs] == [5]


def test_reverts_become_the_libraries_own_exceptions(counter: Any) -> None:
    with pytest.raises(ContractLogicError, match="execution reverted: Counter: step is zero"):
        counter.functions.add(0).call()
    with pytest.raises(ContractCustomError):
        counter.functions.add(1_001).call()
    with pytest.raises(ContractLogicError):
        counter.functions.add(0).estimate_gas()


def test_blocks_fees_and_absences_are_understood(web3: Web3, counter: Any) -> None:
    assert web3.is_connected()
    assert web3.eth.chain_id == 16_601
    assert web3.eth.get_block("pending")["hash"] is None
    assert web3.eth.get_block("latest")["number"] == web3.eth.block_number
    assert web3.eth.get_block("latest", full_transactions=True)["transactions"]
    assert web3.eth.gas_price > 0
    assert web3.eth.max_priority_fee > 0
    assert web3.eth.fee_history(2, "latest", [10, 90])["oldestBlock"] >= 0
    assert web3.eth.syncing is False
    assert web3.net.peer_count == 3
    with pytest.raises(TransactionNotFound):
        web3.eth.get_transaction("0x" + "ab" * 32)
    with web3.batch_requests() as batch:
        batch.add(web3.eth.get_block("latest"))
        batch.add(web3.eth.get_balance(counter.address))
        block, balance = batch.execute()
    assert (block["number"], balance) == (web3.eth.block_number, 0)
