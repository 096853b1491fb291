"""The struct logger's entries, field by field."""

from typing import Any

SLOT_ONE = "0x" + "00" * 31 + "01"


def test_each_opcode_is_an_entry_and_the_end_of_the_code_is_a_stop(stage: Any) -> None:
    stage.put({stage.ONE: bytes.fromhex("600160025201")})
    assert stage.trace(None) == {
        "gas": 100_000,
        "failed": True,
        "returnValue": "0x",
        "structLogs": [
            {"pc": 0, "op": "PUSH1", "gas": 79_000, "gasCost": 3, "depth": 1, "stack": []},
            {"pc": 2, "op": "PUSH1", "gas": 78_997, "gasCost": 3, "depth": 1, "stack": ["0x1"]},
            {
                "pc": 4,
                "op": "MSTORE",
                "gas": 78_994,
                "gasCost": 9,
                "depth": 1,
                "stack": ["0x1", "0x2"],
            },
            {
                "pc": 5,
                "op": "ADD",
                "gas": 78_985,
                "gasCost": 3,
                "depth": 1,
                "error": "stack underflow (0 <=> 2)",
                "stack": [],
            },
        ],
    }
    stage.put({stage.ONE: bytes.fromhex("5f")})
    last = stage.trace(None)["structLogs"][-1]
    assert (last["pc"], last["op"], last["gasCost"]) == (1, "STOP", 0)


def test_storage_is_what_the_contract_has_touched_so_far(stage: Any) -> None:
    stage.put({stage.ONE: bytes.fromhex("6001545060056001555f54")}, slots={1: 9})
    with_storage = [
        entry["storage"] for entry in stage.trace(None)["structLogs"] if "storage" in entry
    ]
    nine, five = ("0x" + f"{number:064x}" for number in (9, 5))
    zero = "0x" + "00" * 32
    assert with_storage == [
        {SLOT_ONE: nine},
        {SLOT_ONE: five},
        {SLOT_ONE: five, zero: zero},
    ]
    bare = stage.trace(None, {"disableStorage": True, "disableStack": True})
    assert not any({"storage", "stack"} & entry.keys() for entry in bare["structLogs"])


def test_refunds_count_from_the_opcode_that_earns_them(stage: Any) -> None:
    stage.put({stage.ONE: bytes.fromhex("5f6001555f")}, slots={1: 9})
    refunds = [entry.get("refund") for entry in stage.trace(None)["structLogs"]]
    assert refunds == [None, None, 4_800, 4_800, 4_800]


def test_memory_and_return_data_come_where_asked_for(stage: Any) -> None:
    returning = stage.storing_memory(b"\xcd" * 32) + bytes.fromhex("60215ff3")
    stage.put({stage.TWO: returning, stage.ONE: stage.calling(0xFA, stage.TWO)})
    trace = stage.trace(None, {"enableMemory": True, "enableReturnData": True})
    entries = trace["structLogs"]
    word = "0x" + "cd" * 32
    memories = [entry["memory"] for entry in entries if entry["depth"] == 2 and "memory" in entry]
    assert memories == [[word]] * 3
    assert entries[-1]["returnData"] == word + "00"
    assert "returnData" not in entries[0]
    assert "memory" not in stage.trace(None)["structLogs"][-1]


def test_a_call_costs_what_it_hands_over_and_a_creation_does_not(stage: Any) -> None:
    stage.put({stage.ONE: stage.calling(0xF1, stage.TWO, 0, gas=5_000), stage.TWO: b"\x00"})
    costs = {entry["op"]: entry["gasCost"] for entry in stage.trace(None)["structLogs"]}
    assert costs["CALL"] == 5_000 + 2_600
    stage.put({stage.ONE: bytes.fromhex("60015f5ff0")})
    costs = {entry["op"]: entry["gasCost"] for entry in stage.trace(None)["structLogs"]}
    assert costs["CREATE"] == 32_000 + 3 + 2


def test_a_revert_returns_its_data_and_is_no_error_of_the_entry(stage: Any) -> None:
    stage.put({stage.ONE: stage.storing_memory(b"\x99" * 32) + bytes.fromhex("60045ffd")})
    trace = stage.trace(None)
    assert (trace["failed"], trace["returnValue"]) == (True, "0x99999999")
    assert trace["structLogs"][-1]["op"] == "REVERT"
    assert "error" not in trace["structLogs"][-1]


def test_too_little_gas_is_an_error_of_the_entry(stage: Any) -> None:
    stage.put({stage.ONE: bytes.fromhex("60016001555f")})
    trace = stage.trace(None, gas_limit=stage.INTRINSIC + 3_000)
    entry = trace["structLogs"][-1]
    assert entry["op"] == "SSTORE"
    assert entry["error"] == "out of gas"


def test_the_limit_counts_bytes_of_entries(stage: Any) -> None:
    stage.put({stage.ONE: bytes.fromhex("5f50" * 200)})
    whole = stage.trace(None)["structLogs"]
    assert len(whole) == 401
    some = stage.trace(None, {"limit": 1_000})["structLogs"]
    assert some == whole[: len(some)]
    assert 5 < len(some) < 30


def test_a_cost_beyond_64_bits_is_shown_as_geth_counts_it(stage: Any) -> None:
    """Words to hash for more gas than a number can say."""
    stage.put({stage.ONE: b"\x7f" + b"\xff" * 32 + b"\x5f\x20"})
    entry = stage.trace(None)["structLogs"][-1]
    assert (entry["op"], entry["gasCost"]) == ("KECCAK256", 30)
    assert entry["error"] == "gas uint64 overflow"
