"""Traces, Parity's traces and Otterscan's questions over HTTP, on blocks with calls of every kind."""

from typing import Any

import pytest
from eth_abi.abi import encode

from chain.contract_addresses import created_address

UNKNOWN_HASH = "0x" + "ab" * 32
GWEI = 10**9
NOBODY = "0x" + "99" * 20
REFUSAL = bytes.fromhex("08c379a0") + encode(["string"], ["not today"])
GAS = 400_000
INIT_BYTES = 13
"""Of the code that puts what follows it on chain."""


def push(value: int | bytes) -> bytes:
    body = (
        value
        if isinstance(value, bytes)
        else value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")
    )
    return bytes((0x5F + len(body),)) + body


def call(opcode: int, to: bytes, value: int | None, size: int = 0) -> bytes:
    """With `size` bytes of memory as input; the outcome is dropped."""
    code = push(0) + push(0) + push(size) + push(0)
    code += b"" if value is None else push(value)
    return code + push(to) + b"\x5a" + bytes((opcode,)) + b"\x50"


LOGGER = push(b"\x01" * 32) + push(0) + push(0) + b"\xa1" + b"\x00"
"""Emits one log with one topic."""
REVERTER = (
    b"".join(
        push(REFUSAL[at : at + 32].ljust(32, b"\0")) + push(at) + b"\x52"
        for at in range(0, len(REFUSAL), 32)
    )
    + push(len(REFUSAL))
    + push(0)
    + b"\xfd"
)
PASS_ON = 5
"""Wei that the caller gives to the logger, of what it gets."""


def caller(logger: bytes, reverter: bytes) -> bytes:
    """Calls the logger with value, the reverter, the identity precompile; creates; ends."""
    code = push(b"\x12\x34\x56\x78" + bytes(28)) + push(0) + b"\x52"
    code += call(0xF1, logger, PASS_ON, size=4)
    code += call(0xF1, reverter, 0, size=4)
    code += call(0xFA, bytes(19) + b"\x04", None, size=32)
    # CREATE with init code that is one STOP: an empty contract.
    code += push(1) + push(63) + push(0) + b"\xf0" + b"\x50"
    return code + b"\x00"


class Scene:
    """Blocks on a real chain: three contracts in one, then a call of them in another."""

    def __init__(self, node: Any, result: Any) -> None:
        self.node, self.result = node, result
        self.owner = node.accounts[1]
        self.logger = self.deploy(LOGGER)
        self.reverter = self.deploy(REVERTER)
        self.caller = self.deploy(
            caller(bytes.fromhex(self.logger[2:]), bytes.fromhex(self.reverter[2:]))
        )
        node.mine()
        self.deployed_at = int(result("eth_blockNumber"), 16)
        self.hash = self.send(to=self.caller, value=7, data="0xaabbccdd")
        self.failed = self.send(to=self.reverter, data="0x11223344")
        node.mine()
        self.block = result("eth_getBlockByNumber", "latest", True)
        self.receipt = result("eth_getTransactionReceipt", self.hash)

    def send(self, **fields: Any) -> str:
        sender = bytes.fromhex(self.owner.address[2:])
        if "to" in fields:
            fields["to"] = bytes.fromhex(fields["to"][2:])
        done = self.owner.sign_transaction(
            {
                "chainId": 16_601,
                "nonce": self.node.pool.pending_nonce(sender),
                "gas": GAS,
                "gasPrice": 10 * GWEI,
                "value": 0,
            }
            | fields
        )
        sent: str = self.result("eth_sendRawTransaction", "0x" + done.raw_transaction.hex())
        return sent

    def deploy(self, code: bytes) -> str:
        """The address where it will be."""
        sender = bytes.fromhex(self.owner.address[2:])
        nonce = self.node.pool.pending_nonce(sender)
        size = push(len(code).to_bytes(2, "big"))
        init = size + b"\x80" + push(INIT_BYTES) + push(0) + b"\x39" + push(0) + b"\xf3"
        self.send(data="0x" + (init.ljust(INIT_BYTES, b"\0") + code).hex())
        return "0x" + created_address(sender, nonce).hex()


@pytest.fixture(scope="module")
def scene(node: Any, result: Any) -> Scene:
    return Scene(node, result)


def without_gas(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_gas(v) for k, v in value.items() if k not in ("gas", "gasUsed")}
    return [without_gas(item) for item in value] if isinstance(value, list) else value


def created_by(scene: Scene) -> str:
    """The contract that the caller makes."""
    return "0x" + created_address(bytes.fromhex(scene.caller[2:]), 1).hex()


def test_call_tracer_shows_frames_in_frames_with_their_logs(scene: Scene) -> None:
    options = {"tracer": "callTracer", "tracerConfig": {"withLog": True}}
    trace = scene.result("debug_traceTransaction", scene.hash, options)
    assert (trace["gas"], trace["gasUsed"]) == (hex(GAS), scene.receipt["gasUsed"])
    owner = scene.owner.address.lower()
    assert without_gas(trace) == {
        "from": owner,
        "to": scene.caller,
        "input": "0xaabbccdd",
        "value": "0x7",
        "type": "CALL",
        "calls": [
            {
                "from": scene.caller,
                "to": scene.logger,
                "input": "0x12345678",
                "value": "0x5",
                "type": "CALL",
                "logs": [
                    {
                        "address": scene.logger,
                        "topics": ["0x" + "01" * 32],
                        "data": "0x",
                        "index": "0x0",
                        "position": "0x0",
                    }
                ],
            },
            {
                "from": scene.caller,
                "to": scene.reverter,
                "input": "0x12345678",
                "output": "0x" + REFUSAL.hex(),
                "error": "execution reverted",
                "revertReason": "not today",
                "value": "0x0",
                "type": "CALL",
            },
            {
                "from": scene.caller,
                "to": "0x" + "00" * 19 + "04",
                "input": "0x12345678" + "00" * 28,
                "output": "0x12345678" + "00" * 28,
                "type": "STATICCALL",
            },
            {
                "from": scene.caller,
                "to": created_by(scene),
                "input": "0x00",
                "value": "0x0",
                "type": "CREATE",
            },
        ],
    }


def test_a_block_has_the_traces_of_its_transactions(scene: Scene) -> None:
    options = {"tracer": "callTracer"}
    alone = [
        {"txHash": name, "result": scene.result("debug_traceTransaction", name, options)}
        for name in (scene.hash, scene.failed)
    ]
    number, block_hash = scene.block["number"], scene.block["hash"]
    assert scene.result("debug_traceBlockByNumber", number, options) == alone
    assert scene.result("debug_traceBlockByHash", block_hash, options) == alone
    raw = scene.result("debug_getRawBlock", number)
    assert scene.result("debug_traceBlock", raw, options) == alone


def test_the_struct_logger_is_there_where_no_tracer_is_named(scene: Scene) -> None:
    trace = scene.result("debug_traceTransaction", scene.failed)
    assert trace["failed"] is True
    assert trace["returnValue"] == "0x" + REFUSAL.hex()
    assert trace["gas"] == int(
        scene.result("eth_getTransactionReceipt", scene.failed)["gasUsed"], 16
    )
    assert trace["structLogs"][-1]["op"] == "REVERT"
    bare = scene.result("debug_traceTransaction", scene.failed, {"disableStack": True})
    assert "stack" not in bare["structLogs"][0]


def test_a_call_is_traced_on_a_changed_state_and_inside_a_block(scene: Scene) -> None:
    request = {"from": scene.owner.address, "to": NOBODY, "gas": hex(GAS)}
    options = {
        "tracer": "callTracer",
        "stateOverrides": {NOBODY: {"code": "0x43600052" + "60206000f3"}},
        "blockOverrides": {"number": "0x1234"},
    }
    trace = scene.result("debug_traceCall", request, "latest", options)
    assert int(trace["output"], 16) == 0x1234
    # Before the first transaction of the block the contract that it makes is not there.
    look = {
        NOBODY: {"code": "0x73" + created_by(scene)[2:] + "3f600052" + "60206000f3"},
    }
    seen = [
        int(
            scene.result(
                "debug_traceCall",
                request,
                scene.block["number"],
                {"tracer": "callTracer", "stateOverrides": look} | index,
            )["output"],
            16,
        )
        != 0
        for index in ({"txIndex": "0x0"}, {"txIndex": "0x1"}, {})
    ]
    assert seen == [False, True, True]


def test_mux_and_the_small_tracers_answer(scene: Scene) -> None:
    options = {
        "tracer": "muxTracer",
        "tracerConfig": {"4byteTracer": None, "noopTracer": {}, "prestateTracer": {}},
    }
    trace = scene.result("debug_traceTransaction", scene.hash, options)
    assert trace["4byteTracer"] == {"0xaabbccdd-0": 1, "0x12345678-0": 2}
    assert trace["noopTracer"] == {}
    assert scene.owner.address.lower() in trace["prestateTracer"]


@pytest.mark.parametrize(
    ("method", "params", "code", "message"),
    [
        ("debug_traceTransaction", [UNKNOWN_HASH], -32000, "transaction not found"),
        ("debug_traceBlockByNumber", ["0x0"], -32000, "genesis is not traceable"),
        ("debug_traceBlockByNumber", ["0xffffff"], -32000, "block #16777215 not found"),
        ("debug_traceBlockByHash", [UNKNOWN_HASH], -32000, f"block {UNKNOWN_HASH} not found"),
        ("debug_traceBlock", ["0x01"], -32000, "could not decode block"),
        (
            "debug_traceCall",
            [{}, "pending"],
            -32000,
            "tracing on top of pending is not supported",
        ),
        (
            "debug_traceCall",
            [{}, "latest", {"tracer": "gasTracer"}],
            -32000,
            "ReferenceError: gasTracer is not defined at <eval>:1:2(0)",
        ),
        (
            "debug_traceCall",
            [{}, "latest", {"tracer": "{step: function() {}}"}],
            -32000,
            "JavaScript tracers are not supported",
        ),
        (
            "debug_traceCall",
            [{}, "latest", {"timeout": "soon"}],
            -32000,
            'time: invalid duration "soon"',
        ),
        (
            "debug_traceCall",
            [{}, "latest", {"enableMemory": "yes"}],
            -32602,
            "invalid argument 2: json: cannot unmarshal string into Go struct field "
            "TraceConfig.enableMemory of type bool",
        ),
        ("debug_traceCall", [{}, "latest", {"txIndex": "0x9"}], -32000, "transaction index 9"),
        ("trace_replayTransaction", [UNKNOWN_HASH, ["trace"]], -32000, "transaction not found"),
        ("trace_replayTransaction", [UNKNOWN_HASH, ["vmTrace"]], -32602, "vmTrace is not"),
        ("ots_traceTransaction", [UNKNOWN_HASH], -32000, "not found"),
        ("ots_searchTransactionsBefore", [NOBODY, 0, 26], -32000, "max allowed page size: 25"),
    ],
)
def test_a_refusal_has_geths_code_and_text(
    scene: Scene, ask: Any, method: str, params: Any, code: int, message: str
) -> None:
    error = ask(method, *params)["error"]
    assert error["code"] == code
    assert message in error["message"]


def test_an_endless_trace_ends_at_its_time_limit_and_calls_go_on(scene: Scene, ask: Any) -> None:
    endless = {"stateOverrides": {NOBODY: {"code": "0x5b5f56"}}, "tracer": "callTracer"}
    request = {"to": NOBODY, "gas": hex(10**9)}
    answer = ask("debug_traceCall", request, "latest", endless | {"timeout": "100ms"})
    assert answer["error"] == {"code": -32000, "message": "execution timeout"}
    assert scene.result("eth_call", {"to": scene.caller}) == "0x"


def test_a_trace_that_grows_without_end_is_refused_by_size(scene: Scene, ask: Any) -> None:
    # A megabyte of memory, shown again with each step of a loop.
    growing = {
        "stateOverrides": {NOBODY: {"code": "0x5f620fffff535b600656"}},
        "enableMemory": True,
        "timeout": "30s",
    }
    request = {"to": NOBODY, "gas": hex(10**9)}
    error = ask("debug_traceCall", request, "latest", growing)["error"]
    assert error == {"code": -32000, "message": "trace is larger than 60000000 bytes"}


def test_parity_traces_are_a_list_with_their_places(scene: Scene) -> None:
    traces = scene.result("trace_transaction", scene.hash)
    place = {
        "blockHash": scene.block["hash"],
        "blockNumber": int(scene.block["number"], 16),
        "transactionHash": scene.hash,
        "transactionPosition": 0,
    }
    assert all(place.items() <= trace.items() for trace in traces)
    shapes = [
        (trace["type"], trace["traceAddress"], trace["subtraces"], trace.get("error"))
        for trace in traces
    ]
    assert shapes == [
        ("call", [], 3, None),
        ("call", [0], 0, None),
        ("call", [1], 0, "Reverted"),
        ("create", [2], 0, None),
    ]
    assert without_gas(traces[1]["action"]) == {
        "from": scene.caller,
        "to": scene.logger,
        "callType": "call",
        "input": "0x12345678",
        "value": "0x5",
    }
    assert traces[3]["action"]["creationMethod"] == "create"
    assert traces[3]["result"]["address"] == created_by(scene)
    both = scene.result("trace_block", scene.block["number"])
    assert both[: len(traces)] == traces
    assert {trace["transactionHash"] for trace in both} == {scene.hash, scene.failed}
    assert scene.result("trace_get", scene.hash, ["0x1"]) == traces[2]
    replayed = scene.result("trace_replayTransaction", scene.failed, ["trace"])
    assert replayed["output"] == "0x" + REFUSAL.hex()
    assert replayed["stateDiff"] is None
    assert "blockHash" not in replayed["trace"][0]
    diff = scene.result("trace_replayTransaction", scene.hash, ["stateDiff"])
    assert diff["trace"] == []
    assert diff["stateDiff"][scene.logger]["balance"] == {"*": {"from": "0x0", "to": "0x5"}}
    block = scene.result("trace_replayBlockTransactions", scene.block["number"], ["trace"])
    assert [item["transactionHash"] for item in block] == [scene.hash, scene.failed]
    assert scene.result("trace_transaction", UNKNOWN_HASH) is None
    assert scene.result("trace_block", "0xffffff") is None


def test_traces_are_found_by_who_called_and_who_was_called(scene: Scene, ask: Any) -> None:
    here = {"fromBlock": scene.block["number"], "toBlock": scene.block["number"]}

    def found(**wanted: Any) -> list[tuple[str, list[int]]]:
        traces = scene.result("trace_filter", here | wanted)
        return [(trace["transactionHash"], trace["traceAddress"]) for trace in traces]

    whole = found()
    assert len(whole) == 5
    assert found(toAddress=[scene.reverter]) == [(scene.hash, [1]), (scene.failed, [])]
    assert found(toAddress=[created_by(scene)]) == [(scene.hash, [2])]
    assert found(fromAddress=[scene.owner.address]) == [(scene.hash, []), (scene.failed, [])]
    either = {"fromAddress": [scene.caller], "toAddress": [scene.reverter]}
    assert len(found(**either)) == 4
    assert found(**either, mode="intersection") == [(scene.hash, [1])]
    assert found(after=1, count=2) == whole[1:3]
    for wrong, code in (
        ({"fromBlock": "0x2", "toBlock": "0x1"}, -32602),
        ({"mode": "both"}, -32602),
        ({"fromAddress": "0x"}, -32602),
    ):
        assert ask("trace_filter", here | wrong)["error"]["code"] == code


def test_otterscan_sees_blocks(scene: Scene) -> None:
    assert scene.result("ots_getApiLevel") == 8
    number = int(scene.block["number"], 16)
    details = scene.result("ots_getBlockDetails", number)
    assert details == scene.result("ots_getBlockDetailsByHash", scene.block["hash"])
    assert details["block"]["transactionCount"] == 2
    receipts = scene.result("eth_getBlockReceipts", scene.block["number"])
    fees = sum(int(r["gasUsed"], 16) * int(r["effectiveGasPrice"], 16) for r in receipts)
    assert int(details["totalFees"], 16) == fees
    page = scene.result("ots_getBlockTransactions", number, 0, 1)
    assert [item["hash"] for item in page["fullblock"]["transactions"]] == [scene.failed]
    assert page["receipts"][0]["logs"] is None
    page = scene.result("ots_getBlockTransactions", number, 1, 1)
    assert [item["hash"] for item in page["fullblock"]["transactions"]] == [scene.hash]
    assert page["fullblock"]["transactions"][0]["input"] == "0xaabbccdd"
    assert scene.result("erigon_getHeaderByNumber", number)["hash"] == scene.block["hash"]


def test_otterscan_sees_transactions(scene: Scene) -> None:
    entries = scene.result("ots_traceTransaction", scene.hash)
    assert [(entry["type"], entry["depth"], entry["value"]) for entry in entries] == [
        ("CALL", 0, "0x7"),
        ("CALL", 1, "0x5"),
        ("CALL", 1, "0x0"),
        ("CREATE", 1, "0x0"),
    ]
    assert scene.result("ots_getInternalOperations", scene.hash) == [
        {"type": 0, "from": scene.caller, "to": scene.logger, "value": "0x5"},
        {"type": 2, "from": scene.caller, "to": created_by(scene), "value": "0x0"},
    ]
    assert scene.result("ots_getTransactionError", scene.failed) == "0x" + REFUSAL.hex()
    assert scene.result("ots_getTransactionError", scene.hash) == "0x"
    nonce = int(scene.block["transactions"][0]["nonce"], 16)
    assert (
        scene.result("ots_getTransactionBySenderAndNonce", scene.owner.address, nonce) == scene.hash
    )
    assert scene.result("ots_getTransactionBySenderAndNonce", scene.owner.address, 999) is None


def test_otterscan_sees_who_made_a_contract(scene: Scene) -> None:
    owner = scene.owner.address.lower()
    made = scene.result("ots_getContractCreator", scene.logger)
    assert made["creator"] == owner
    receipt = scene.result("eth_getTransactionReceipt", made["hash"])
    assert receipt["contractAddress"] == scene.logger
    assert scene.result("ots_getContractCreator", owner) is None
    assert scene.result("ots_hasCode", scene.logger, "latest") is True
    assert scene.result("ots_hasCode", scene.logger, hex(scene.deployed_at - 1)) is False


def test_an_address_has_the_transactions_that_concern_it(scene: Scene) -> None:
    def found(address: str) -> list[str]:
        page = scene.result("ots_searchTransactionsBefore", address, 0, 25)
        assert (page["firstPage"], page["lastPage"]) == (True, True)
        assert [r["transactionHash"] for r in page["receipts"]] == [t["hash"] for t in page["txs"]]
        assert all(isinstance(r["timestamp"], int) for r in page["receipts"])
        return [item["hash"] for item in page["txs"]]

    assert found(scene.owner.address)[:2] == [scene.failed, scene.hash]
    # Called by a contract, emitting a log; and created two transactions before.
    assert found(scene.logger)[0] == scene.hash
    assert len(found(scene.logger)) == 2
    # Failed, so that it changed nothing of its recipient.
    assert found(scene.reverter)[0] == scene.failed
    # Made by a contract, without a log.
    assert found(created_by(scene)) == [scene.hash]
    assert found("0x" + "13" * 20) == []


def test_pages_go_both_ways_and_end(scene: Scene) -> None:
    owner = scene.owner.address
    hashes, before = [], 0
    for _ in range(10):
        page = scene.result("ots_searchTransactionsBefore", owner, before, 1)
        assert page["firstPage"] is (before == 0)
        hashes += [item["hash"] for item in page["txs"]]
        if page["lastPage"]:
            break
        before = int(page["txs"][-1]["blockNumber"], 16)
    whole = scene.result("ots_searchTransactionsBefore", owner, 0, 25)
    assert hashes == [item["hash"] for item in whole["txs"]]
    oldest = scene.result("ots_searchTransactionsAfter", owner, 0, 1)
    assert oldest["lastPage"] is True
    assert [item["hash"] for item in oldest["txs"]] == hashes[-len(oldest["txs"]) :]
    newer = scene.result("ots_searchTransactionsAfter", owner, scene.deployed_at, 25)
    assert newer["firstPage"] is True
    assert [item["hash"] for item in newer["txs"]][-2:] == [scene.failed, scene.hash]


def test_a_debugger_pages_through_a_contracts_storage(scene: Scene) -> None:
    """Three slots before the transaction that clears one of them. Last: it adds to the owner's list."""
    storing = b"".join(push(slot + 5) + push(slot) + b"\x55" for slot in range(3))
    # With call data it clears slot 1 instead.
    jump = push(len(storing) + 6)
    code = b"\x36" + jump + b"\x57" + storing + b"\x00\x00\x5b" + push(0) + push(1) + b"\x55"
    assert code[len(storing) + 6] == 0x5B
    contract = scene.deploy(code)
    scene.send(to=contract)
    scene.node.mine()
    scene.send(to=contract, data="0x01")
    scene.node.mine()
    block = scene.result("eth_getBlockByNumber", "latest", False)

    def slots(index: int) -> dict[int, int]:
        found, key = {}, "0x" + "00" * 32
        while key is not None:
            part = scene.result("debug_storageRangeAt", block["hash"], index, contract, key, 2)
            assert len(part["storage"]) <= 2
            for entry in part["storage"].values():
                found[int(entry["key"], 16)] = int(entry["value"], 16)
            key = part["nextKey"]
        return found

    assert slots(0) == {0: 5, 1: 6, 2: 7}
    parent = scene.result("eth_getBlockByNumber", hex(int(block["number"], 16) - 1), False)
    part = scene.result("debug_storageRangeAt", parent["hash"], 1, contract, "0x", 9)
    # Made by the transaction before, written by this one.
    assert part == {"storage": {}, "nextKey": None}
