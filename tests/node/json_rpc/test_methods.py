"""Every method over HTTP, on a real chain; the errors that clients parse, word for word."""

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak

from consensus.certificates import check_certificate
from consensus.signatures import recover
from consensus.validators import ValidatorSet
from consensus.values import (
    Certificate,
    Height,
    Round,
    Validator,
    ValidatorAddress,
    ValueId,
    VoteKind,
)

PROBE = "0x" + "77" * 20
NOBODY = "0x" + "99" * 20
UNKNOWN_HASH = "0x" + "ab" * 32
GWEI = 10**9


def call_data(signature: str, *values: Any) -> str:
    kinds = signature.partition("(")[2].rstrip(")")
    body = encode(kinds.split(","), values) if kinds else b""
    return "0x" + (keccak(signature.encode())[:4] + body).hex()


def signed(node: Any, account: int = 0, **changes: Any) -> tuple[str, str]:
    """(raw, hash) of a transfer by one of the development accounts; None leaves a field out."""
    sender = node.accounts[account]
    fields = {
        "chainId": 16_601,
        "nonce": node.pool.pending_nonce(bytes.fromhex(sender.address[2:])),
        "to": NOBODY,
        "value": 1,
        "gas": 21_000,
        "maxFeePerGas": 10 * GWEI,
        "maxPriorityFeePerGas": GWEI,
    } | changes
    done = sender.sign_transaction({k: v for k, v in fields.items() if v is not None})
    return "0x" + done.raw_transaction.hex(), "0x" + done.hash.hex()


def mined(node: Any, result: Any, **changes: Any) -> str:
    """The hash of a transaction that is in a block now."""
    raw, transaction_hash = signed(node, **changes)
    assert result("eth_sendRawTransaction", raw) == transaction_hash
    node.mine()
    return transaction_hash


def number(quantity: str) -> int:
    return int(quantity, 16)


def test_the_client_and_the_chain_have_names(result: Any) -> None:
    assert result("web3_clientVersion").startswith("zerog/v0.1.0/linux-")
    assert result("web3_sha3", "0x68656c6c6f20776f726c64") == (
        "0x47173285a8d7341e5e972fc677286384f802f8ef42a5ec5f03bbfa254cb01fad"
    )
    assert (result("eth_chainId"), result("net_version")) == ("0x40d9", "16601")
    assert result("eth_accounts") == []


def test_the_node_tells_of_peers_and_of_catching_up(result: Any, node: Any) -> None:
    assert (result("net_listening"), result("net_peerCount")) == (True, "0x3")
    assert result("eth_syncing") is False
    usual = node.status_answer
    node.status_answer = type(usual)(height=5, peers=1, highest_known=90, starting_height=2)
    assert result("eth_syncing") == {
        "startingBlock": "0x2",
        "currentBlock": "0x5",
        "highestBlock": "0x5a",
    }
    node.status_answer = usual


def test_a_transaction_goes_from_pending_to_a_receipt(result: Any, node: Any) -> None:
    raw, transaction_hash = signed(node)
    sender = node.accounts[0].address
    nonce = number(result("eth_getTransactionCount", sender, "latest"))
    assert result("eth_sendRawTransaction", raw) == transaction_hash
    pending = result("eth_getTransactionByHash", transaction_hash)
    assert (pending["blockNumber"], pending["from"]) == (None, sender.lower())
    assert result("eth_getTransactionReceipt", transaction_hash) is None
    assert number(result("eth_getTransactionCount", sender, "pending")) == nonce + 1
    assert number(result("eth_getTransactionCount", sender)) == nonce
    node.mine()
    assert number(result("eth_getTransactionCount", sender)) == nonce + 1
    receipt = result("eth_getTransactionReceipt", transaction_hash)
    assert (receipt["status"], receipt["gasUsed"]) == ("0x1", "0x5208")
    assert result("eth_getBlockReceipts", receipt["blockHash"]) == [receipt]
    assert result("eth_getBlockReceipts", receipt["blockNumber"]) == [receipt]
    assert result("eth_getBlockReceipts", {"blockHash": receipt["blockHash"]}) == [receipt]


def test_the_pools_content_is_shown_by_sender_and_nonce(result: Any, node: Any) -> None:
    raw, transaction_hash = signed(node)
    sender = node.accounts[0].address
    nonce = str(node.pool.pending_nonce(bytes.fromhex(sender[2:])))
    result("eth_sendRawTransaction", raw)
    assert result("txpool_status") == {"pending": "0x1", "queued": "0x0"}
    content = result("txpool_content")
    assert content["pending"][sender][nonce]["hash"] == transaction_hash
    assert content["queued"] == {}
    assert result("txpool_contentFrom", sender)["pending"] == content["pending"][sender]
    assert result("txpool_contentFrom", NOBODY) == {"pending": {}, "queued": {}}
    assert "1 wei + 21000 gas" in result("txpool_inspect")["pending"][sender][nonce]
    node.mine()
    assert result("txpool_status") == {"pending": "0x0", "queued": "0x0"}


def test_a_block_and_its_transactions_are_found_every_way(result: Any, node: Any) -> None:
    transaction_hash = mined(node, result)
    transaction = result("eth_getTransactionByHash", transaction_hash)
    block_hash, block_number = transaction["blockHash"], transaction["blockNumber"]
    for block in (
        result("eth_getBlockByHash", block_hash, True),
        result("eth_getBlockByNumber", block_number, True),
        result("eth_getBlockByNumber", "latest", True),
        result("eth_getBlockByNumber", "safe", True),
        result("eth_getBlockByNumber", "finalized", True),
    ):
        assert block["hash"] == block_hash
        assert block["transactions"] == [transaction]
    assert result("eth_getBlockByNumber", "latest", False)["transactions"] == [transaction_hash]
    assert result("eth_getTransactionByBlockHashAndIndex", block_hash, "0x0") == transaction
    assert result("eth_getTransactionByBlockNumberAndIndex", block_number, "0x0") == transaction
    assert result("eth_getTransactionByBlockNumberAndIndex", block_number, "0x1") is None
    assert result("eth_getBlockTransactionCountByHash", block_hash) == "0x1"
    assert result("eth_getBlockTransactionCountByNumber", "latest") == "0x1"
    assert result("eth_getUncleCountByBlockHash", block_hash) == "0x0"
    assert result("eth_getUncleCountByBlockNumber", block_number) == "0x0"
    assert result("eth_getUncleByBlockHashAndIndex", block_hash, "0x0") is None
    assert result("eth_getUncleByBlockNumberAndIndex", block_number, "0x0") is None


def test_a_block_has_the_fields_of_prague(result: Any) -> None:
    block = result("eth_getBlockByNumber", "latest", False)
    assert set(block) == {
        "number", "hash", "parentHash", "nonce", "mixHash", "sha3Uncles", "logsBloom",
        "stateRoot", "miner", "difficulty", "extraData", "gasLimit", "gasUsed", "timestamp",
        "transactionsRoot", "receiptsRoot", "baseFeePerGas", "withdrawalsRoot", "blobGasUsed",
        "excessBlobGas", "parentBeaconBlockRoot", "requestsHash", "size", "transactions",
        "uncles", "withdrawals",
    }  # fmt: skip


def test_what_is_not_there_is_null(result: Any) -> None:
    for method in ("eth_getBlockByHash", "eth_getBlockTransactionCountByHash"):
        assert result(method, UNKNOWN_HASH) is None
    for method in ("eth_getBlockByNumber", "eth_getBlockTransactionCountByNumber"):
        assert result(method, "0xffffff") is None
    for method in ("eth_getTransactionByHash", "eth_getTransactionReceipt", "eth_getBlockReceipts"):
        assert result(method, UNKNOWN_HASH) is None
    assert result("eth_getTransactionByBlockHashAndIndex", UNKNOWN_HASH, "0x0") is None
    assert result("eth_getUncleCountByBlockHash", UNKNOWN_HASH) is None
    assert result("eth_getUncleByBlockHashAndIndex", UNKNOWN_HASH, "0x0") is None
    assert result("zerog_getCertificate", "0xffffff") is None


def test_the_pending_block_is_the_next_one_with_blanks(result: Any) -> None:
    latest = result("eth_getBlockByNumber", "latest", False)
    pending = result("eth_getBlockByNumber", "pending", True)
    assert number(pending["number"]) == number(latest["number"]) + 1
    assert pending["parentHash"] == latest["hash"]
    assert [pending[name] for name in ("hash", "nonce", "miner")] == [None] * 3
    assert pending["transactions"] == []
    assert result("eth_getBlockTransactionCountByNumber", "pending") == "0x0"
    assert result("eth_getBlockByNumber", "earliest", False)["number"] == "0x0"


def test_state_is_answered_at_any_block(result: Any, node: Any) -> None:
    height = result("eth_blockNumber")
    before = number(result("eth_getBalance", NOBODY, height))
    transaction_hash = mined(node, result, value=5)
    block_hash = result("eth_getTransactionReceipt", transaction_hash)["blockHash"]
    for at in ([], ["latest"], ["pending"], [block_hash], [{"blockHash": block_hash}]):
        assert number(result("eth_getBalance", NOBODY, *at)) == before + 5
    for at in (height, {"blockNumber": height}):
        assert number(result("eth_getBalance", NOBODY, at)) == before
    assert result("eth_getCode", NOBODY) == "0x"
    assert len(result("eth_getCode", PROBE)) > 100
    assert result("eth_getStorageAt", PROBE, "0x0", "latest") == "0x" + "0" * 64


def test_storage_keys_may_be_short(result: Any, node: Any) -> None:
    data = call_data("store(uint256,uint256,uint256)", 3, 1, 77)
    mined(node, result, to=PROBE, data=data, value=0, gas=100_000)
    slot = keccak((3).to_bytes(32, "big") + bytes(32))
    assert result("eth_getStorageAt", PROBE, "0x" + slot.hex()) == f"0x{77:064x}"
    for key in ("0x", "0x0", "0x1", "0x01", "1", "0x" + "0" * 64):
        assert result("eth_getStorageAt", PROBE, key) == "0x" + "0" * 64
    overridden = {PROBE: {"stateDiff": {"0x" + slot.hex(): f"0x{5:064x}"}}}
    call = {"to": PROBE, "data": call_data("stored(uint256)", 3)}
    assert result("eth_call", call, "latest") == f"0x{77:064x}"
    assert result("eth_call", call, "latest", overridden) == f"0x{5:064x}"


@pytest.mark.parametrize("name", ["data", "input"])
def test_calls_and_estimates_take_either_name_of_the_input(result: Any, name: str) -> None:
    call = {"from": NOBODY, "to": PROBE, name: call_data("stored(uint256)", 9)}
    assert result("eth_call", call) == "0x" + "0" * 64
    assert 21_000 < number(result("eth_estimateGas", call)) < 100_000


def test_overrides_of_state_and_block_hold_for_one_call(result: Any) -> None:
    code = "0x" + "4360005242602052604060 00f3".replace(" ", "")
    call = {"to": NOBODY}
    answer = result(
        "eth_call", call, "latest", {NOBODY: {"code": code}}, {"number": "0x7", "time": "0x9"}
    )
    assert answer == f"0x{7:064x}{9:064x}"
    assert result("eth_call", call) == "0x"
    rich = {"from": NOBODY, "to": PROBE, "value": hex(10**30)}
    assert result("eth_call", rich, "latest", {NOBODY: {"balance": hex(10**31)}}) == "0x"


def test_a_transfer_is_estimated_at_21000(result: Any, node: Any) -> None:
    transfer = {"from": node.accounts[0].address, "to": NOBODY, "value": "0x1"}
    assert result("eth_estimateGas", transfer) == "0x5208"
    assert result("eth_estimateGas", transfer, "pending") == "0x5208"
    creation = {"from": node.accounts[0].address, "to": None, "data": "0x00"}
    assert number(result("eth_estimateGas", creation)) > 53_000


REVERTS = [
    (call_data("failWithReason(string)", "seven"), "execution reverted: seven"),
    (call_data("failWithError(uint256,string)", 1, "x"), "execution reverted"),
    (call_data("failWithoutData()"), "execution reverted"),
    (
        call_data("failWithPanic()"),
        "execution reverted: arithmetic underflow or overflow",
    ),
]


def test_an_estimate_without_a_block_is_for_the_next_one(result: Any, error: Any) -> None:
    """A contract that keeps a history by block number would else be estimated in the head's own."""
    head = number(result("eth_blockNumber"))
    fails_at_the_head = f"0x4363{head:08x}14600b57005b5f5ffd"
    there = {"0x" + "42" * 20: {"code": fails_at_the_head}}
    call = {"to": "0x" + "42" * 20}
    assert error("eth_estimateGas", call, "latest", there)["code"] == 3
    assert number(result("eth_estimateGas", call, None, there)) > 21_000
    assert number(result("eth_estimateGas", call, "pending", there)) > 21_000


@pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas"])
@pytest.mark.parametrize(("data", "message"), REVERTS)
def test_a_revert_is_code_3_with_its_data(error: Any, method: str, data: str, message: str) -> None:
    refusal = error(method, {"to": PROBE, "data": data})
    assert (refusal["code"], refusal["message"]) == (3, message)
    assert refusal["data"].startswith("0x")
    assert (refusal["data"] == "0x") == (data == call_data("failWithoutData()"))


@pytest.mark.parametrize(
    ("method", "call", "message"),
    [
        (
            "eth_call",
            {"to": PROBE, "data": call_data("failWithInvalidOpcode()"), "gas": "0x30d40"},
            "invalid opcode: INVALID",
        ),
        (
            "eth_call",
            {"to": PROBE, "data": call_data("loopForever()"), "gas": "0x7530"},
            "out of gas",
        ),
        (
            "eth_estimateGas",
            {"to": PROBE, "data": call_data("loopForever()"), "gas": "0x7530"},
            "gas required exceeds allowance (30000)",
        ),
        ("eth_call", {"to": PROBE, "gas": "0x1"}, "intrinsic gas too low: have 1, want 21000"),
        (
            "eth_call",
            {"gasPrice": "0x1", "maxFeePerGas": "0x1"},
            "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified",
        ),
        (
            "eth_call",
            {"from": NOBODY, "to": PROBE, "value": hex(10**30)},
            "insufficient funds for ",
        ),
    ],
)
def test_other_failures_are_geths_texts_under_32000(
    error: Any, method: str, call: dict[str, str], message: str
) -> None:
    refusal = error(method, call)
    assert refusal["message"].removeprefix("err: ").startswith(message)
    assert refusal["code"] == -32000


DA_SIGNERS = "0x" + "1000".zfill(40)


@pytest.mark.parametrize(
    ("data", "on_call", "on_estimate"),
    [
        (
            call_data("getSigner(address[])", ["0x" + "11" * 20]),
            (-32000, "signer not found"),
            (-32000, "signer not found"),
        ),
        (call_data("getSigner(address[])", [])[:10], (3, "execution reverted"), None),
        (
            "0x",
            (-32000, "out of gas"),
            (-32000, "gas required exceeds allowance (36000000)"),
        ),
        (
            "0xdeadbeef",
            (-32000, "out of gas"),
            (-32000, "gas required exceeds allowance (36000000)"),
        ),
    ],
)
def test_failures_of_0g_precompiles_read_as_0g_geths(
    error: Any, data: str, on_call: tuple[int, str], on_estimate: tuple[int, str] | None
) -> None:
    """Facts [O17]."""
    for method, expected in (("eth_call", on_call), ("eth_estimateGas", on_estimate or on_call)):
        refusal = error(method, {"to": DA_SIGNERS, "data": data})
        assert (refusal["code"], refusal["message"]) == expected
        assert refusal.get("data") == ("0x" if expected[0] == 3 else None)


def test_an_unknown_block_is_said_for_state_and_calls(error: Any) -> None:
    for method, subject in (("eth_getBalance", NOBODY), ("eth_call", {"to": PROBE})):
        assert error(method, subject, "0xffffff") == {"code": -32000, "message": "header not found"}
        assert error(method, subject, UNKNOWN_HASH) == {
            "code": -32000,
            "message": "header for hash not found",
        }


@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("eth_getBlockByNumber", ["5", True], "invalid argument 0: hex string without 0x prefix"),
        ("eth_getBlockByNumber", [], "missing value for required argument 0"),
        ("eth_getBalance", [NOBODY, "late"], "invalid argument 1: hex string without 0x prefix"),
        ("eth_chainId", [1], "too many arguments, want at most 0"),
        ("eth_getStorageAt", [NOBODY, "0xasdf"], 'invalid hex in storage key: "0xasdf"'),
        (
            "eth_getBalance",
            ["0x12"],
            "invalid argument 0: hex string has length 2, want 40 for common.Address",
        ),
        (
            "eth_sendRawTransaction",
            ["02"],
            "invalid argument 0: json: cannot unmarshal hex string without 0x prefix into Go value "
            "of type hexutil.Bytes",
        ),
    ],
)
def test_bad_arguments_are_named(error: Any, method: str, params: list[Any], message: str) -> None:
    assert error(method, *params) == {"code": -32602, "message": message}


def test_unknown_methods_are_said_as_ethers_expects(error: Any) -> None:
    for method in ("eth_foo", "foo", "evm_mine", "hardhat_metadata", "eth_getWork"):
        assert error(method) == {
            "code": -32601,
            "message": f"the method {method} does not exist/is not available",
        }


def test_fees_are_quoted(result: Any, error: Any) -> None:
    base_fee = number(result("eth_getBlockByNumber", "latest", False)["baseFeePerGas"])
    tip = number(result("eth_maxPriorityFeePerGas"))
    assert tip == 2_000_000
    assert number(result("eth_gasPrice")) == base_fee + tip
    assert result("eth_blobBaseFee") == "0x1"
    for count in ("0x2", 2, "2"):
        history = result("eth_feeHistory", count, "latest", [20.0, 50])
        assert len(history["baseFeePerGas"]) == 3
        assert [len(tips) for tips in history["reward"]] == [2, 2]
    assert "reward" not in result("eth_feeHistory", "0x1", "latest", [])
    assert "reward" not in result("eth_feeHistory", "0x1", "latest")
    for bad in ([101], [50, 20]):
        assert error("eth_feeHistory", "0x1", "latest", bad)["code"] == -32000
    assert error("eth_feeHistory", "0x1", "0xffffff", [])["message"].startswith(
        "request beyond head block"
    )


def test_logs_are_found_by_address_topic_range_and_hash(result: Any, node: Any) -> None:
    data = call_data("emitMany(uint256,bytes)", 3, b"\x01")
    transaction_hash = mined(node, result, to=PROBE, data=data, value=0, gas=100_000)
    receipt = result("eth_getTransactionReceipt", transaction_hash)
    height, topic = receipt["blockNumber"], "0x" + keccak(b"Marked(uint256,bytes)").hex()
    assert len(receipt["logs"]) == 3
    for wanted in (
        {"address": PROBE},
        {"address": [PROBE, NOBODY], "fromBlock": height, "toBlock": height},
        {"topics": [topic], "fromBlock": "earliest", "toBlock": "latest"},
        {"topics": [[topic, UNKNOWN_HASH]]},
        {"blockHash": receipt["blockHash"]},
        {"blockHash": receipt["blockHash"], "topics": [None, None]},
    ):
        assert result("eth_getLogs", wanted) == receipt["logs"], wanted
    one = {"topics": [topic, f"0x{1:064x}"]}
    assert [log["logIndex"] for log in result("eth_getLogs", one)] == ["0x1"]
    assert result("eth_getLogs", {"address": NOBODY}) == []
    assert result("eth_getLogs", {"topics": [topic, None, None]}) == []


def test_impossible_log_ranges_are_refused(error: Any, result: Any) -> None:
    head = number(result("eth_blockNumber"))
    reversed_range = {"fromBlock": hex(head), "toBlock": "0x0"}
    assert error("eth_getLogs", reversed_range) == {
        "code": -32602,
        "message": "invalid block range params",
    }
    beyond = {"fromBlock": "0x0", "toBlock": hex(head + 1)}
    assert error("eth_getLogs", beyond) == {
        "code": -32602,
        "message": "block range extends beyond current head block",
    }
    both = {"blockHash": UNKNOWN_HASH, "fromBlock": "0x0"}
    assert error("eth_getLogs", both)["message"] == (
        "invalid argument 0: cannot specify both BlockHash and FromBlock/ToBlock, "
        "choose one or the other"
    )


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("0x", "typed transaction too short"),
        ("0x05c0", "transaction type not supported"),
        ("0x03c0", "transaction type not supported: this chain carries no blobs, 0G DA does"),
        ("0xc0", "rlp: too few elements for types.LegacyTx"),
        ("0x02c0", "rlp: too few elements for types.DynamicFeeTx"),
        ("0x80", "rlp: expected input list for types.LegacyTx"),
        ("0xf8", "rlp: value size exceeds available input length"),
    ],
)
def test_an_undecodable_transaction_is_refused(error: Any, raw: str, message: str) -> None:
    refusal = error("eth_sendRawTransaction", raw)
    assert refusal["code"] == -32000
    assert refusal["message"].startswith(message)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nonce": 0}, "nonce too low: next nonce "),
        ({"chainId": 1}, "invalid chain id for signer: have 1 want 16601"),
        ({"gas": 20_000}, "intrinsic gas too low: gas 20000, minimum needed 21000"),
        ({"gas": 36_000_001}, "exceeds block gas limit"),
        (
            {"maxPriorityFeePerGas": 20 * GWEI},
            "max priority fee per gas higher than max fee per gas",
        ),
        ({"value": 10**30}, "insufficient funds for gas * price + value: balance "),
    ],
)
def test_an_impossible_transaction_is_refused_in_geths_words(
    error: Any, result: Any, node: Any, changes: dict[str, Any], message: str
) -> None:
    mined(node, result)
    refusal = error("eth_sendRawTransaction", signed(node, **changes)[0])
    assert refusal["code"] == -32000
    assert refusal["message"].startswith(message)


def test_a_second_transaction_of_a_nonce_needs_a_better_price(
    error: Any, result: Any, node: Any
) -> None:
    raw, _ = signed(node)
    nonce = node.pool.pending_nonce(bytes.fromhex(node.accounts[0].address[2:]))
    result("eth_sendRawTransaction", raw)
    assert error("eth_sendRawTransaction", raw)["message"] == "already known"
    cheap, _ = signed(node, nonce=nonce, value=2)
    assert error("eth_sendRawTransaction", cheap)["message"] == (
        "replacement transaction underpriced"
    )
    better, better_hash = signed(
        node, nonce=nonce, maxFeePerGas=11 * GWEI, maxPriorityFeePerGas=1_100_000_000
    )
    assert result("eth_sendRawTransaction", better) == better_hash
    node.mine()


def test_old_transactions_without_a_chain_id_pass_only_where_allowed(
    result: Any, node: Any
) -> None:
    raw, transaction_hash = signed(
        node, chainId=None, maxFeePerGas=None, maxPriorityFeePerGas=None, gasPrice=2 * GWEI
    )
    assert result("eth_sendRawTransaction", raw) == transaction_hash
    node.mine()
    transaction = result("eth_getTransactionByHash", transaction_hash)
    assert "chainId" not in transaction
    assert transaction["v"] in ("0x1b", "0x1c")


def test_anybody_can_check_a_decision_from_outside(result: Any, node: Any) -> None:
    node.mine()
    height = result("eth_blockNumber")
    proof = result("zerog_getCertificate", height)
    validators = ValidatorSet.of(
        Validator(bytes.fromhex(entry["publicKey"][2:]), number(entry["power"]))
        for entry in proof["validators"]
    )
    claimed = proof["certificate"]
    certificate = Certificate(
        VoteKind.PRECOMMIT,
        Height(number(claimed["height"])),
        Round(number(claimed["round"])),
        ValueId(bytes.fromhex(claimed["valueId"][2:])),
        tuple(
            (
                ValidatorAddress(bytes.fromhex(entry["validator"][2:])),
                bytes.fromhex(entry["signature"][2:]),
            )
            for entry in claimed["signatures"]
        ),
    )
    identity = bytes.fromhex(proof["chainIdentity"][2:])
    check_certificate(certificate, validators, identity, recover)
    assert proof["header"]["hash"] == claimed["valueId"]
    assert proof["header"]["validatorsHash"] == "0x" + validators.hash().hex()
    block = result("eth_getBlockByNumber", height, False)
    assert proof["header"]["executionHash"] == block["hash"]


def test_the_validators_and_the_nodes_state_are_told(result: Any) -> None:
    answer = result("zerog_validators")
    assert [entry["name"] for entry in answer["validators"]] == ["validator-0"]
    assert answer["nextProposer"] == answer["validators"][0]["address"]
    assert answer["validators"][0]["missedBlocks"] == "0x0"
    status = result("zerog_status")
    assert status["blockNumber"] == result("eth_blockNumber")
    assert status["node"]["peers"] == "0x3"
