"""eth_getProof as web3.py has it, checked by the verifier that web3.py's own guide uses."""

from collections.abc import Callable
from typing import Any

import pytest
import rlp
from eth_hash.auto import keccak
from trie import HexaryTrie
from web3 import Web3

from genesis.contracts import artifact

Ask = Callable[..., Any]
ABSENT = "0x00000000000000000000000000000000deadbeef"


@pytest.fixture(scope="module")
def web3(node: Any, rpc: Any) -> Web3:
    node.mines_at_once = True
    return Web3(Web3.HTTPProvider(rpc.url))


@pytest.fixture(scope="module")
def counter(web3: Web3, node: Any) -> Any:
    """Its only slot has counted to five, a block after it was deployed."""
    compiled = artifact("Counter")
    factory = web3.eth.contract(abi=list(compiled.abi), bytecode=compiled.bytecode)
    address = send(web3, node, factory.constructor())["contractAddress"]
    contract = web3.eth.contract(address=address, abi=list(compiled.abi))
    send(web3, node, contract.functions.add(5))
    return contract


def send(web3: Web3, node: Any, function: Any) -> Any:
    sender = node.accounts[0]
    nonce = web3.eth.get_transaction_count(sender.address, "pending")
    transaction = function.build_transaction({"from": sender.address, "nonce": nonce})
    raw = sender.sign_transaction(transaction).raw_transaction
    return web3.eth.wait_for_transaction_receipt(web3.eth.send_raw_transaction(raw), timeout=10)


def decoded(nodes: Any) -> list[Any]:
    return [rlp.decode(bytes(node)) for node in nodes]


def check_proof(web3: Web3, found: Any, at: Any) -> None:
    """As web3.py's guide "Verify storage proofs" does it."""
    root = web3.eth.get_block(at)["stateRoot"]
    account = [found["nonce"], found["balance"], found["storageHash"], found["codeHash"]]
    key = keccak(bytes.fromhex(found["address"][2:]))
    assert HexaryTrie.get_from_proof(root, key, decoded(found["accountProof"])) == rlp.encode(
        account
    )
    for slot in found["storageProof"]:
        key = keccak(bytes(slot["key"]).rjust(32, b"\0"))
        held = HexaryTrie.get_from_proof(found["storageHash"], key, decoded(slot["proof"]))
        value = int.from_bytes(slot["value"], "big")
        assert held == (rlp.encode(value) if value else b"")


def test_web3_gets_proofs_that_verify_now_and_before(web3: Web3, counter: Any) -> None:
    head = web3.eth.block_number
    values = {}
    for at in ("latest", head, head - 1):
        found = web3.eth.get_proof(counter.address, [0, 1], at)
        check_proof(web3, found, at)
        values[at] = int.from_bytes(found["storageProof"][0]["value"], "big")
    assert values == {"latest": 5, head: 5, head - 1: 0}


def test_an_absent_account_is_proven_absent(result: Ask, web3: Web3) -> None:
    found = result("eth_getProof", ABSENT, ["0x0"], "latest")
    nodes = [rlp.decode(bytes.fromhex(node[2:])) for node in found["accountProof"]]
    root = web3.eth.get_block("latest")["stateRoot"]
    key = keccak(bytes.fromhex(ABSENT[2:]))
    assert HexaryTrie.get_from_proof(root, key, nodes) == b""
    assert found["codeHash"] == found["storageHash"] == "0x" + "00" * 32
    assert found["storageProof"] == [{"key": "0x0", "value": "0x0", "proof": []}]


@pytest.mark.parametrize(
    ("key", "answered"),
    [
        ("0x0", "0x0"),
        ("0x00", "0x0"),
        ("0x", "0x0"),
        ("0xabc", "0xabc"),
        ("0x" + "0" * 63 + "1", "0x" + "0" * 63 + "1"),
        ("0x" + "f" * 63, "0x0" + "f" * 63),
    ],
)
def test_keys_of_any_length_are_read_and_answered_as_geth_does(
    result: Ask, counter: Any, key: str, answered: str
) -> None:
    (slot,) = result("eth_getProof", counter.address, [key], "latest")["storageProof"]
    assert slot["key"] == answered


def test_what_cannot_be_a_key_is_refused(error: Ask, counter: Any) -> None:
    too_long = error("eth_getProof", counter.address, ["0x" + "0" * 65], "latest")
    assert too_long["message"].startswith("storage key too long (want at most 32 bytes)")
    assert "invalid hex" in error("eth_getProof", counter.address, ["0xzz"], "latest")["message"]
    many = error("eth_getProof", counter.address, ["0x1"] * 1_025, "latest")
    assert many["message"] == "too many slots (max 1024)"
    assert error("eth_getProof", counter.address, ["0x1"], "0xffffff")["message"] == (
        "header not found"
    )
