"""eth_simulateV1 and eth_createAccessList over HTTP, field by field; refusals with execution-apis' codes."""

from typing import Any

import pytest

POOR = "0x" + "99" * 20
TARGET = "0x" + "cc" * 20
REVERTS = "0x60aa5f5260015ffd"
"""With one byte, which is no known error."""
FAILS = "0xfe"
STORES = "0x600160075500"
LOGS = "0x5f5fa000"


def simulated(result: Any, *calls: Any, **more: Any) -> Any:
    overrides = more.pop("stateOverrides", {})
    block = {"calls": list(calls), "stateOverrides": overrides, **more.pop("block", {})}
    (answer,) = result("eth_simulateV1", {"blockStateCalls": [block], **more})
    return answer


def with_code(code: str) -> dict[str, Any]:
    return {TARGET: {"code": code}}


def test_a_simulated_block_is_a_block_with_calls(result: Any, node: Any) -> None:
    sender = node.accounts[0].address.lower()
    call = {"from": sender, "to": TARGET, "value": "0x5"}
    answer = simulated(
        result,
        call,
        stateOverrides=with_code(LOGS),
        traceTransfers=True,
        returnFullTransactions=True,
    )
    head = result("eth_getBlockByNumber", "latest", False)
    assert answer.keys() - head.keys() == {"calls"}
    assert head.keys() - answer.keys() == set()
    assert answer["parentHash"] == head["hash"]
    (done,) = answer["calls"]
    assert (done["status"], done["returnData"]) == ("0x1", "0x")
    assert done["gasUsed"] <= done["maxUsedGas"]
    assert [log["address"] for log in done["logs"]] == ["0x" + "ee" * 20, TARGET]
    assert [log["logIndex"] for log in done["logs"]] == ["0x0", "0x1"]
    (transaction,) = answer["transactions"]
    assert (transaction["from"], transaction["type"], transaction["r"]) == (sender, "0x2", "0x0")
    for log in done["logs"]:
        assert log["blockHash"] == answer["hash"]
        assert log["transactionHash"] == transaction["hash"]


def test_calls_that_fail_say_why(result: Any) -> None:
    reverted = simulated(result, {"to": TARGET}, stateOverrides=with_code(REVERTS))["calls"][0]
    assert (reverted["status"], reverted["returnData"]) == ("0x0", "0x")
    assert reverted["error"] == {"code": 3, "message": "execution reverted", "data": "0x00"}
    failed = simulated(result, {"to": TARGET}, stateOverrides=with_code(FAILS))["calls"][0]
    assert failed["error"] == {"code": -32015, "message": "invalid opcode: INVALID"}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        pytest.param({"calls": [{"from": POOR, "nonce": "0x1"}]}, -38011, id="nonce too high"),
        pytest.param({"calls": [{"from": POOR}]}, -38012, id="fee"),
        pytest.param({"calls": [{"gas": "0x1", "maxFeePerGas": hex(10**12)}]}, -38014, id="funds"),
        pytest.param({"calls": [{"gas": hex(10**9)}]}, -38015, id="block gas"),
        pytest.param({"blockOverrides": {"number": "0x0"}}, -38020, id="number"),
        pytest.param({"blockOverrides": {"time": "0x0"}}, -38021, id="time"),
        pytest.param({"blockOverrides": {"number": hex(10**6)}}, -38026, id="too many blocks"),
        pytest.param(
            {"stateOverrides": {TARGET: {"movePrecompileToAddress": POOR}}}, -32000, id="precompile"
        ),
        pytest.param({"calls": 5}, -32602, id="no list"),
    ],
)
def test_what_cannot_be_simulated_has_its_code(error: Any, payload: Any, code: int) -> None:
    request = {"blockStateCalls": [payload], "validation": True}
    assert error("eth_simulateV1", request)["code"] == code


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ({"from": TARGET, "nonce": "0x0"}, -38010),
        ({"to": TARGET, "gas": "0x5207"}, -38013),
        ({"data": "0x" + "00" * 49_153}, -38025),
    ],
)
def test_a_call_that_is_no_transaction_has_its_code(error: Any, call: Any, code: int) -> None:
    request = {
        "blockStateCalls": [
            {
                "blockOverrides": {"baseFeePerGas": "0x0"},
                "stateOverrides": {TARGET: {"nonce": "0x5", "balance": hex(10**18)}},
                "calls": [call],
            }
        ],
        "validation": True,
    }
    assert error("eth_simulateV1", request)["code"] == code


def test_nothing_to_simulate_is_an_invalid_argument(error: Any) -> None:
    assert error("eth_simulateV1", {"blockStateCalls": []})["code"] == -32602


def test_an_access_list_has_the_slots_and_a_failure_its_reason(result: Any) -> None:
    call, overrides = {"to": TARGET}, with_code(STORES)
    answer = result("eth_createAccessList", call, "latest", overrides)
    assert answer.keys() == {"accessList", "gasUsed"}
    assert answer["accessList"] == [{"address": TARGET, "storageKeys": [f"0x{7:064x}"]}]
    failing = result("eth_createAccessList", call, "latest", with_code(REVERTS))
    assert failing["accessList"] == []
    assert failing["error"] == "execution reverted"


def test_a_call_that_cannot_run_has_no_access_list(error: Any) -> None:
    assert error("eth_createAccessList", {"to": TARGET, "gas": "0x1"}) == {
        "code": -32000,
        "message": "failed to apply transaction: err: intrinsic gas too low: have 1, want 21000",
    }
