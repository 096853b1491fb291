"""A devnet's unlocked accounts: signing and sending by the node, and never elsewhere."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_typing import Address
from web3 import Web3
from web3.types import Wei

from genesis.contracts import artifact
from genesis.dev_accounts import dev_accounts

KEYS = [key.hex() for _, key in dev_accounts()]
STRANGER = "0x" + "12" * 20
TYPED: dict[str, Any] = {
    "types": {
        "EIP712Domain": [
            {"name": "name", "type": "string"},
            {"name": "chainId", "type": "uint256"},
        ],
        "Mail": [{"name": "to", "type": "address"}, {"name": "text", "type": "string"}],
    },
    "primaryType": "Mail",
    "domain": {"name": "Post", "chainId": 16_601},
    "message": {"to": STRANGER, "text": "hello"},
}


@pytest.fixture(scope="module")
def rpc(node: Any) -> Any:
    node.mines_at_once = True
    return node.rpc(unlocked_keys=KEYS)


@pytest.fixture(scope="module")
def locked(node: Any) -> Web3:
    """The same chain at a process without keys."""
    return Web3(Web3.HTTPProvider(node.rpc().url))


@pytest.fixture(scope="module")
def web3(rpc: Any) -> Web3:
    return Web3(Web3.HTTPProvider(rpc.url))


@pytest.fixture
def sender(node: Any) -> Any:
    return node.accounts[0]


def test_the_ten_accounts_are_listed_in_order(result: Any, node: Any) -> None:
    expected = [account.address.lower() for account in node.accounts]
    assert result("eth_accounts") == expected
    assert result("eth_requestAccounts") == expected


def test_a_contract_is_deployed_and_called_without_a_key(web3: Web3, sender: Any) -> None:
    compiled = artifact("Counter")
    factory = web3.eth.contract(abi=list(compiled.abi), bytecode=compiled.bytecode)
    deployed = factory.constructor().transact({"from": sender.address})
    address = web3.eth.wait_for_transaction_receipt(deployed, timeout=10)["contractAddress"]
    counter = web3.eth.contract(address=address, abi=list(compiled.abi))
    sent = counter.functions.add(5).transact({"from": sender.address})
    assert web3.eth.wait_for_transaction_receipt(sent, timeout=10)["status"] == 1
    assert counter.functions.count().call() == 5


def test_transactions_sent_at_once_take_nonces_one_after_the_other(
    rpc: Any, node: Any, web3: Web3, sender: Any
) -> None:
    """Also where several processes sign for the same account."""
    first = web3.eth.get_transaction_count(sender.address)
    urls = [rpc.url, node.rpc(unlocked_keys=KEYS).url]
    node.mines_at_once = False

    def send(value: int) -> Any:
        own = Web3(Web3.HTTPProvider(urls[value % len(urls)]))
        return own.eth.send_transaction(
            {"from": sender.address, "to": Web3.to_checksum_address(STRANGER), "value": Wei(value)}
        )

    with ThreadPoolExecutor(6) as senders:
        hashes = list(senders.map(send, range(12)))
    nonces = [web3.eth.get_transaction(sent)["nonce"] for sent in hashes]
    assert sorted(nonces) == list(range(first, first + 12))
    node.mine()
    node.mines_at_once = True


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"gasPrice": "0x77359400"}, "0x0"),
        ({"gasPrice": "0x77359400", "accessList": [{"address": STRANGER, "storageKeys": []}]}, "0x1"),
        ({}, "0x2"),
        ({"maxFeePerGas": "0x77359400", "maxPriorityFeePerGas": "0x3b9aca00"}, "0x2"),
    ],
)  # fmt: skip
def test_a_signed_transaction_can_be_sent(result: Any, sender: Any, fields: Any, kind: str) -> None:
    asked = {"from": sender.address, "to": STRANGER, "value": "0x1", "input": "0x"} | fields
    answer = result("eth_signTransaction", asked)
    assert (answer["tx"]["type"], answer["tx"]["from"]) == (kind, sender.address.lower())
    assert Account.recover_transaction(answer["raw"]) == sender.address
    assert result("eth_sendRawTransaction", answer["raw"]) == answer["tx"]["hash"]


def test_a_delegation_is_sent(result: Any, node: Any) -> None:
    authority, sponsor = node.accounts[3], node.accounts[4]
    signed = authority.sign_authorization(
        {"chainId": 16_601, "address": "0x" + "77" * 20, "nonce": 0}
    )
    authorization = {
        "chainId": "0x40d9", "address": "0x" + "77" * 20, "nonce": "0x0",
        "yParity": hex(signed.y_parity), "r": hex(signed.r), "s": hex(signed.s),
    }  # fmt: skip
    sent = result(
        "eth_sendTransaction",
        {"from": sponsor.address, "to": STRANGER, "authorizationList": [authorization]},
    )
    assert result("eth_getTransactionByHash", sent)["type"] == "0x4"
    assert result("eth_getCode", authority.address) == "0xef0100" + "77" * 20


def test_a_transaction_is_filled_for_who_signs_it_elsewhere(result: Any, node: Any) -> None:
    asked = {"from": node.accounts[5].address, "to": STRANGER, "value": "0x5"}
    answer = result("eth_fillTransaction", asked)
    filled = answer["tx"]
    assert (filled["nonce"], filled["gas"], filled["chainId"]) == ("0x0", "0x5208", "0x40d9")
    assert int(filled["maxFeePerGas"], 16) > int(filled["maxPriorityFeePerGas"], 16) > 0
    assert (filled["r"], filled["s"]) == ("0x0", "0x0")
    assert answer["raw"].startswith("0x02")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"gasPrice": "0x1", "maxFeePerGas": "0x1"}, "both gasPrice and (maxFeePerGas"),
        ({"chainId": "0x1"}, "chainId does not match node's (have=1, want=16601)"),
        ({"to": None}, "contract creation without any data provided"),
        ({"maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x2"}, "maxFeePerGas (0x1) < max"),
        ({"from": STRANGER}, "unknown account"),
        ({"from": None}, "unknown account"),
    ],
)
def test_what_cannot_be_sent_is_said_as_geth_says_it(
    error: Any, sender: Any, fields: Any, text: str
) -> None:
    asked = {"from": sender.address, "to": STRANGER} | fields
    refusal = error("eth_sendTransaction", asked)
    assert refusal["code"] == -32000
    assert refusal["message"].startswith(text)


def test_a_revert_is_told_before_anything_is_sent(error: Any, sender: Any) -> None:
    asked = {"from": sender.address, "data": "0x60006000fd"}
    assert error("eth_sendTransaction", asked)["code"] == 3


def test_messages_are_signed_as_wallets_sign_them(result: Any, sender: Any) -> None:
    expected = "0x" + sender.sign_message(encode_defunct(b"hello")).signature.hex()
    message = "0x" + b"hello".hex()
    assert result("eth_sign", sender.address, message) == expected
    assert result("personal_sign", message, sender.address) == expected
    assert result("personal_sign", message, sender.address, "") == expected


@pytest.mark.parametrize("method", ["eth_signTypedData", "eth_signTypedData_v4"])
def test_typed_data_is_signed_as_an_object_or_as_text(
    result: Any, sender: Any, method: str
) -> None:
    expected = sender.sign_message(encode_typed_data(full_message=TYPED)).signature
    for typed in (TYPED, json.dumps(TYPED)):
        assert result(method, sender.address, typed) == "0x" + expected.hex()


@pytest.mark.parametrize(
    "typed",
    [{}, "{", 5, [], TYPED | {"primaryType": "Nothing"}, TYPED | {"message": {"to": 1}},
     TYPED | {"types": {"EIP712Domain": 3}}, TYPED | {"types": {"Mail": [{"name": "x", "type": "Mail[]"}]}}],
)  # fmt: skip
def test_wrong_typed_data_is_a_wrong_argument(error: Any, sender: Any, typed: Any) -> None:
    assert error("eth_signTypedData_v4", sender.address, typed)["code"] == -32602


@pytest.mark.parametrize(("pages", "is_refused"), [([1], True), ([1, 2], False), ([1, 2, 3], True)])
def test_an_array_of_typed_data_has_as_many_items_as_its_type_says(
    ask: Any, sender: Any, pages: list[int], is_refused: bool
) -> None:
    typed = TYPED | {
        "types": TYPED["types"] | {"Mail": [{"name": "pages", "type": "uint256[2]"}]},
        "message": {"pages": pages},
    }
    answer = ask("eth_signTypedData_v4", sender.address, typed)
    assert ("error" in answer) == is_refused
    if is_refused:
        expected = f"Expected 2 items for array type uint256[2], got {len(pages)} items"
        assert expected in answer["error"]["message"]


def test_a_process_without_keys_signs_nothing(locked: Web3, sender: Any) -> None:
    ask: Any = locked.provider.make_request
    assert ask("eth_accounts", [])["result"] == []
    assert ask("eth_requestAccounts", [])["error"]["code"] == -32601
    transaction = {"from": sender.address, "to": STRANGER}
    for method, params in (
        ("eth_sendTransaction", [transaction]),
        ("eth_signTransaction", [transaction]),
        ("eth_sign", [sender.address, "0x00"]),
        ("personal_sign", ["0x00", sender.address]),
        ("eth_signTypedData_v4", [sender.address, TYPED]),
    ):
        assert ask(method, params)["error"] == {"code": -32000, "message": "unknown account"}


def test_keys_are_refused_where_the_genesis_is_no_devnets(
    node: Any, tmp_path: Path, capfd: Any
) -> None:
    document = json.loads(node.document_path.read_text())
    marks = [table for table in (document, document["config"]["zerog"]) if "devnet" in table]
    assert marks
    for table in marks:
        table["devnet"] = False
    elsewhere = tmp_path / "genesis.json"
    elsewhere.write_text(json.dumps(document))
    with pytest.raises(RuntimeError, match="ended with 2"):
        node.rpc(unlocked_keys=KEYS, genesis=str(elsewhere))
    assert "marks them as devnets" in capfd.readouterr().err


def test_the_coinbase_is_the_last_proposers(result: Any, node: Any) -> None:
    node.mine()
    assert result("eth_coinbase") == "0x" + Address(b"\x0f" * 20).hex()
