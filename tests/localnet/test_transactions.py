"""web3.py and raw JSON-RPC against four running validators: what users and their mistakes see."""

import http.client
import json
from collections.abc import Callable
from typing import Any

import pytest
import rlp
from eth_account import Account
from eth_utils import big_endian_to_int, int_to_big_endian
from localnet import Network, Node, wait_until
from web3 import Web3
from web3.exceptions import ContractCustomError, ContractLogicError

from genesis.contracts import artifact
from genesis.dev_accounts import dev_accounts
from node.client.json_rpc import RpcError
from node.devnet.settings import DEFAULT_CHAIN_ID, DEFAULT_MNEMONIC

pytestmark = pytest.mark.localnet

RECEIPT_MAX_S = 60.0
GWEI = 10**9
BODY_BYTES_MAX = 5 * 1024 * 1024
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""secp256k1's."""
KEYS = [key for _, key in dev_accounts(DEFAULT_MNEMONIC, 10)]


@pytest.fixture(scope="module")
def web3s(network: Network) -> list[Web3]:
    """One client a node."""
    return [
        Web3(Web3.HTTPProvider(f"http://127.0.0.1:{node.port}", request_kwargs={"timeout": 30}))
        for node in network.nodes
    ]


@pytest.fixture(scope="module")
def send(web3s: list[Web3]) -> Callable[..., Any]:
    """`send(node, account, function)`: sign and send as web3.py users do; the receipt."""

    def send(index: int, account: Any, function: Any) -> Any:
        web3 = web3s[index]
        nonce = web3.eth.get_transaction_count(account.address, "pending")
        unsigned = function.build_transaction({"from": account.address, "nonce": nonce})
        raw = account.sign_transaction(unsigned).raw_transaction
        return web3.eth.wait_for_transaction_receipt(
            web3.eth.send_raw_transaction(raw), timeout=RECEIPT_MAX_S, poll_latency=0.1
        )

    return send


def transfer(node: Node, key: bytes, **changes: Any) -> str:
    """A signed transfer of 1 wei, as hex; `changes` make it wrong."""
    account = Account.from_key(key)
    fields: dict[str, Any] = {
        "type": 2,
        "chainId": DEFAULT_CHAIN_ID,
        "nonce": node.rpc.number("eth_getTransactionCount", account.address, "pending"),
        "gas": 21_000,
        "maxFeePerGas": 3 * GWEI,
        "maxPriorityFeePerGas": GWEI,
        "value": 1,
        "to": Account.from_key(KEYS[9]).address,
    }
    return "0x" + bytes(account.sign_transaction(fields | changes).raw_transaction).hex()


def with_other_s(raw: str, change: Callable[[int], int]) -> str:
    """The same typed transaction with another s, still canonical RLP."""
    encoded = bytes.fromhex(raw[2:])
    *fields, s = rlp.decode(encoded[1:])
    changed = rlp.encode([*fields, int_to_big_endian(change(big_endian_to_int(s))).lstrip(b"\0")])
    return "0x" + (encoded[:1] + changed).hex()


def refusal(node: Node, raw: str) -> str:
    """With what a raw transaction is refused, geth's code with it."""
    with pytest.raises(RpcError) as caught:
        node.rpc.call("eth_sendRawTransaction", raw)
    assert caught.value.code in (-32000, -32602)
    return caught.value.message


def assert_goes_on(network: Network) -> None:
    network.wait_for_blocks(2)


@pytest.mark.parametrize("index", range(4))
def test_a_transaction_sent_to_any_validator_has_the_same_receipt_on_all(
    network: Network, index: int
) -> None:
    node = network.nodes[index]
    transaction_hash = node.rpc.call("eth_sendRawTransaction", transfer(node, KEYS[index]))
    receipts = [
        other.rpc.wait_for(
            f"the receipt on {other.name}",
            lambda other=other: other.rpc.call("eth_getTransactionReceipt", transaction_hash),  # type: ignore[misc]
            RECEIPT_MAX_S,
        )
        for other in network.nodes
    ]
    assert receipts[0]["status"] == "0x1"
    assert receipts == [receipts[0]] * 4


def test_web3_deploys_calls_and_hears_a_contract(
    web3s: list[Web3], send: Callable[..., Any]
) -> None:
    compiled = artifact("Counter")
    deployer, other = Account.from_key(KEYS[4]), Account.from_key(KEYS[5])
    factory = web3s[0].eth.contract(abi=list(compiled.abi), bytecode=compiled.bytecode)
    deployed = send(0, deployer, factory.constructor())
    assert deployed["status"] == 1
    counters = [
        web3.eth.contract(address=deployed["contractAddress"], abi=list(compiled.abi))
        for web3 in web3s
    ]
    receipt = send(1, other, counters[1].functions.add(41))
    wait_until(lambda: web3s[2].eth.block_number >= receipt["blockNumber"], RECEIPT_MAX_S)
    assert counters[2].functions.count().call() == 41
    [event] = counters[2].events.Counted().get_logs(from_block=deployed["blockNumber"])
    assert dict(event["args"]) == {"caller": other.address, "step": 41, "count": 41}
    by_filter = web3s[2].eth.get_logs(
        {"fromBlock": deployed["blockNumber"], "address": deployed["contractAddress"]}
    )
    assert [log["transactionHash"] for log in by_filter] == [receipt["transactionHash"]]
    with pytest.raises(ContractLogicError, match="Counter: step is zero"):
        counters[2].functions.add(0).call()
    with pytest.raises(ContractCustomError):
        counters[2].functions.add(1_001).call()


def test_a_reverted_transaction_has_a_receipt_of_status_0(
    network: Network, web3s: list[Web3], send: Callable[..., Any]
) -> None:
    compiled = artifact("Counter")
    deployed = send(
        0,
        Account.from_key(KEYS[4]),
        web3s[0].eth.contract(abi=list(compiled.abi), bytecode=compiled.bytecode).constructor(),
    )
    contract = web3s[0].eth.contract(address=deployed["contractAddress"], abi=list(compiled.abi))
    data = contract.encode_abi("add", [0])
    node = network.nodes[3]
    raw = transfer(node, KEYS[6], to=deployed["contractAddress"], data=data, value=0, gas=100_000)
    receipt = node.rpc.receipt(node.rpc.call("eth_sendRawTransaction", raw), RECEIPT_MAX_S)
    assert receipt["status"] == "0x0"
    assert receipt["logs"] == []
    assert int(receipt["gasUsed"], 16) == 80_000, "0G charges 80 % of the limit at least"


def test_the_pending_nonce_counts_what_waits_in_the_pool(network: Network) -> None:
    node, address = network.nodes[0], Account.from_key(KEYS[7]).address
    first = node.rpc.number("eth_getTransactionCount", address, "pending")
    hashes = [
        node.rpc.call("eth_sendRawTransaction", transfer(node, KEYS[7], nonce=first + ahead))
        for ahead in range(20)
    ]
    assert node.rpc.number("eth_getTransactionCount", address, "pending") == first + 20
    for transaction_hash in hashes:
        node.rpc.receipt(transaction_hash, RECEIPT_MAX_S)
    assert node.rpc.number("eth_getTransactionCount", address, "latest") == first + 20


def test_fee_history_blocks_and_versions_are_as_web3_reads_them(web3s: list[Web3]) -> None:
    web3 = web3s[0]
    wait_until(lambda: web3.eth.block_number >= 4, RECEIPT_MAX_S)
    history = web3.eth.fee_history(4, "latest", [50])
    assert len(history["baseFeePerGas"]) == 5
    assert len(history["reward"]) == len(history["gasUsedRatio"]) == 4
    assert web3.eth.chain_id == DEFAULT_CHAIN_ID
    assert web3.client_version.startswith("zerog/")
    assert web3.eth.get_block("finalized")["number"] > 0
    assert web3.eth.gas_price > 0
    assert web3.eth.syncing is False
    assert web3.net.peer_count == 3


def test_unusable_transactions_are_refused_as_geth_refuses_them(network: Network) -> None:
    node = network.nodes[0]
    key, poor = KEYS[8], bytes([7]) * 32
    node.rpc.receipt(node.rpc.call("eth_sendRawTransaction", transfer(node, key)), RECEIPT_MAX_S)
    good = transfer(node, key)
    answers = {
        "undecodable bytes": refusal(node, "0xdeadbeef"),
        "empty": refusal(node, "0x"),
        "cut short": refusal(node, good[:-10]),
        "wrong chain id": refusal(node, transfer(node, key, chainId=1)),
        "signature s = 0": refusal(node, with_other_s(good, lambda s: 0)),
        "signature s too high": refusal(node, with_other_s(good, lambda s: CURVE_ORDER - s)),
        "nonce too low": refusal(node, transfer(node, key, nonce=0)),
        "insufficient funds": refusal(node, transfer(node, poor)),
        "gas limit over the block's": refusal(node, transfer(node, key, gas=40_000_000)),
        "intrinsic gas": refusal(node, transfer(node, key, gas=20_999)),
        "tip above fee cap": refusal(node, transfer(node, key, maxPriorityFeePerGas=4 * GWEI)),
    }
    for what, answer in answers.items():
        print(f"{what}: {answer}")
    assert "invalid chain id for signer: have 1 want 16601" in answers["wrong chain id"]
    for signature in ("signature s = 0", "signature s too high"):
        assert "invalid transaction v, r, s values" in answers[signature]
    assert answers["nonce too low"].startswith("nonce too low")
    assert answers["insufficient funds"].startswith("insufficient funds for gas * price + value")
    assert "exceeds block gas limit" in answers["gas limit over the block's"]
    assert answers["intrinsic gas"].startswith("intrinsic gas too low")
    assert "max priority fee per gas higher than max fee per gas" in answers["tip above fee cap"]
    node.rpc.call("eth_sendRawTransaction", good)
    assert "already known" in refusal(node, good)
    assert_goes_on(network)


def test_unknown_methods_and_wrong_parameters_are_told_apart(network: Network) -> None:
    node = network.nodes[0]
    with pytest.raises(RpcError) as unknown:
        node.rpc.call("eth_mine")
    assert unknown.value.code == -32601
    assert unknown.value.message == "the method eth_mine does not exist/is not available"
    for wrong in (("eth_getBalance", "0x12"), ("eth_getBlockByNumber", "soon", True),
                  ("eth_getBalance",), ("eth_sendRawTransaction", 5)):  # fmt: skip
        with pytest.raises(RpcError) as refused:
            node.rpc.call(*wrong)
        assert refused.value.code == -32602, wrong
    assert_goes_on(network)


def post(node: Node, body: bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=60)
    try:
        connection.request("POST", "/", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_bodies_up_to_5_mib_and_batches_up_to_1000_are_answered_and_no_larger_ones(
    network: Network,
) -> None:
    node = network.nodes[0]
    call = {"jsonrpc": "2.0", "method": "eth_chainId", "params": [], "id": 1}
    padded = json.dumps(call).encode()
    status, body = post(node, padded.ljust(BODY_BYTES_MAX))
    assert (status, json.loads(body)["result"]) == (200, hex(DEFAULT_CHAIN_ID))
    status, body = post(node, padded.ljust(BODY_BYTES_MAX + 1))
    assert status == 413
    status, body = post(node, json.dumps([call] * 1_000).encode())
    assert [answer["result"] for answer in json.loads(body)] == [hex(DEFAULT_CHAIN_ID)] * 1_000
    status, body = post(node, json.dumps([call] * 1_001).encode())
    assert b"batch too large" in body
    for garbage in (b"", b"{", b"\xff" * 100, b"[]", b"null", b"[" * 100_000):
        status, body = post(node, garbage)
        assert b"error" in body, garbage[:10]
    assert_goes_on(network)
