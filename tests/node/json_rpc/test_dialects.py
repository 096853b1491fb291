"""What single clients added: raw bytes, several answers at once, sending and waiting, abilities."""

import asyncio
import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest
import rlp
from eth_hash.auto import keccak
from eth_typing import Hash32
from web3 import Web3

from chain.answers import PlacedTransaction
from chain.engine import Engine
from chain.queries import Queries
from genesis.dev_accounts import dev_accounts
from node.json_rpc.context import NoEngine, Services
from node.json_rpc.methods.eth import find_transaction

PROBE = "0x" + "77" * 20
ABSENT = "0x" + "ab" * 32


def signed(node: Any, nonce: int, sender: int = 0) -> str:
    transaction = node.accounts[sender].sign_transaction(
        {
            "chainId": 16_601,
            "nonce": nonce,
            "to": bytes.fromhex("99" * 20),
            "value": 1,
            "gas": 21_000,
            "maxFeePerGas": 10**10,
            "maxPriorityFeePerGas": 10**9,
        }
    )
    return "0x" + transaction.raw_transaction.hex()


@pytest.fixture(scope="module")
def sent(node: Any, result: Any) -> list[tuple[str, str]]:
    """Hash and bytes of three transactions, each in a block of its own."""
    done = []
    for nonce in range(3):
        raw = signed(node, nonce)
        done.append((result("eth_sendRawTransaction", raw), raw))
        node.mine()
    return done


def test_a_transaction_has_its_bytes_by_hash_and_by_place(
    result: Any, sent: list[tuple[str, str]]
) -> None:
    name, raw = sent[1]
    placed = result("eth_getTransactionByHash", name)
    for method, place in (("Number", placed["blockNumber"]), ("Hash", placed["blockHash"])):
        by_place = f"eth_getRawTransactionByBlock{method}AndIndex"
        assert result(by_place, place, "0x0") == raw
        assert result(by_place, place, "0x7") == "0x"
    for method in ("eth_getRawTransactionByHash", "debug_getRawTransaction"):
        assert result(method, name) == raw
        assert result(method, ABSENT) == "0x"


def test_a_pending_transaction_has_its_bytes_too(
    result: Any, node: Any, sent: list[tuple[str, str]]
) -> None:
    raw = signed(node, 0, sender=7)
    name = result("eth_sendRawTransaction", raw)
    assert result("eth_getRawTransactionByHash", name) == raw
    node.mine()


def test_a_transaction_that_a_block_takes_meanwhile_is_found(node: Any, result: Any) -> None:
    class PoolThatLosesIt:
        async def pending_transaction(self, _: bytes) -> None:
            node.mine()

    name = bytes.fromhex(result("eth_sendRawTransaction", signed(node, 0, sender=6))[2:])
    queries = Queries(node.store, node.document.config, cast(Engine, NoEngine()))
    services = cast(Services, SimpleNamespace(queries=queries, node=PoolThatLosesIt()))
    found = asyncio.run(find_transaction(services, Hash32(name)))
    assert isinstance(found, PlacedTransaction)
    assert found.transaction.hash == name


def test_raw_blocks_are_what_was_hashed(
    result: Any, error: Any, sent: list[tuple[str, str]]
) -> None:
    block = result("eth_getBlockByNumber", "0x2", False)
    header = bytes.fromhex(result("debug_getRawHeader", "0x2")[2:])
    assert "0x" + keccak(header).hex() == block["hash"]
    whole = bytes.fromhex(result("debug_getRawBlock", block["hash"])[2:])
    assert rlp.encode(rlp.decode(whole)[0]) == header
    assert len(whole) == int(block["size"], 16)
    (receipt,) = result("debug_getRawReceipts", "0x2")
    assert receipt.startswith("0x02f9")
    for method in ("debug_getRawHeader", "debug_getRawBlock", "debug_getRawReceipts"):
        assert error(method, "0xffff")["code"] == -32000


def test_a_header_is_the_blocks_without_its_transactions(
    result: Any, sent: list[tuple[str, str]]
) -> None:
    block = result("eth_getBlockByNumber", "0x1", False)
    header = result("eth_getHeaderByNumber", "0x1")
    assert result("eth_getHeaderByHash", block["hash"]) == header
    assert header.items() <= block.items()
    assert "transactions" not in header
    assert result("eth_getHeaderByNumber", "0xffff") is None


def test_the_base_fee_is_the_next_blocks(
    result: Any, node: Any, sent: list[tuple[str, str]]
) -> None:
    expected = result("eth_baseFee")
    node.mine()
    assert result("eth_getBlockByNumber", "latest", False)["baseFeePerGas"] == expected


def test_an_account_comes_in_one_answer(result: Any, sent: list[tuple[str, str]]) -> None:
    assert result("eth_getAccountInfo", PROBE, "latest") == {
        "balance": "0x0",
        "nonce": "0x0",
        "code": result("eth_getCode", PROBE),
    }


def test_slots_of_several_accounts_come_in_one_answer(result: Any, error: Any) -> None:
    other = "0x" + "12" * 20
    asked = {PROBE: ["0x0", "0x1"], other: ["0x" + "00" * 32]}
    zero = "0x" + "00" * 32
    assert result("eth_getStorageValues", asked, "latest") == {PROBE: [zero, zero], other: [zero]}
    assert error("eth_getStorageValues", {})["code"] == -32602
    assert error("eth_getStorageValues", {PROBE: ["0x0"] * 1_025})["code"] == -32602
    assert error("eth_getStorageValues", {"0x12": ["0x0"]})["code"] == -32602


def test_a_transaction_is_found_by_sender_and_nonce(
    result: Any, node: Any, sent: list[tuple[str, str]]
) -> None:
    sender = node.accounts[0].address
    for nonce, (name, _) in enumerate(sent):
        found = result("eth_getTransactionBySenderAndNonce", sender, hex(nonce))
        assert found["hash"] == name
    assert result("eth_getTransactionBySenderAndNonce", sender, "0x3") is None


def test_sending_waits_for_the_receipt(
    result: Any, error: Any, node: Any, sent: list[tuple[str, str]]
) -> None:
    raw = signed(node, 0, sender=1)
    miner = threading.Timer(0.3, node.mine)
    miner.start()
    receipt = result("eth_sendRawTransactionSync", raw)
    miner.join()
    assert (receipt["status"], receipt["from"]) == ("0x1", node.accounts[1].address.lower())
    late = signed(node, 1, sender=1)
    refusal = error("eth_sendRawTransactionSync", late, 100)
    assert (refusal["code"], len(refusal["data"])) == (4, 66)
    node.mine()


def test_pending_transactions_are_those_of_accounts_that_the_node_signs_for(
    result: Any, node: Any
) -> None:
    result("eth_sendRawTransaction", signed(node, 0, sender=8))
    assert result("eth_pendingTransactions") == []
    keys = [key.hex() for _, key in dev_accounts()]
    unlocked = node.rpc(unlocked_keys=keys)
    ask: Any = Web3(Web3.HTTPProvider(unlocked.url)).provider.make_request
    (pending,) = ask("eth_pendingTransactions", [])["result"]
    assert pending["from"] == node.accounts[8].address.lower()
    node.mine()


def test_the_fork_configuration_names_every_precompile(result: Any) -> None:
    answer = result("eth_config")
    assert (answer["next"], answer["last"]) == (None, None)
    current = answer["current"]
    assert current["chainId"] == "0x40d9"
    assert current["precompiles"]["ECREC"] == "0x" + "00" * 19 + "01"
    assert current["precompiles"]["ZEROG_DA_SIGNERS"] == "0x" + "00" * 18 + "1000"
    assert current["precompiles"]["ZEROG_WRAPPED_BASE"] == "0x" + "00" * 18 + "1002"
    assert current["blobSchedule"] == {
        "target": 6,
        "max": 9,
        "baseFeeUpdateFraction": 5_007_716,
    }
    assert len(current["forkId"]) == 10
    assert len(current["systemContracts"]) == 5


def test_abilities_name_the_head_and_the_oldest_blocks(result: Any) -> None:
    answer = result("eth_capabilities")
    assert answer["head"]["number"] == result("eth_blockNumber")
    for name in ("state", "tx", "logs", "receipts", "blocks", "stateproofs"):
        assert answer[name] == {"disabled": False, "oldestBlock": "0x0"}


def test_the_node_tells_its_name_and_peers(result: Any, node: Any) -> None:
    before = node.status_answer
    node.status_answer = type(before)(
        height=1,
        peers=1,
        highest_known=1,
        name="16Uiu2Own",
        listening=["/ip4/127.0.0.1/tcp/30303/p2p/16Uiu2Own"],
        peer_heights={"16Uiu2Other": 7},
    )
    info = result("admin_nodeInfo")
    assert (info["id"], info["ip"], info["ports"]["listener"]) == ("16Uiu2Own", "127.0.0.1", 30303)
    (peer,) = result("admin_peers")
    assert (peer["id"], peer["protocols"]["zerog"]["height"]) == ("16Uiu2Other", 7)
    node.status_answer = before
    assert result("admin_nodeInfo")["enode"] == ""


def test_da_status_is_the_contracts(result: Any) -> None:
    assert result("zerog_daStatus")["epochBlocks"] == hex(28_800)
