"""callTracer's frames: who called whom, what came of it, and which logs are left."""

from typing import Any

import pytest
from eth_abi.abi import encode

from chain.forks.fork import Fork

LOG = bytes.fromhex("5f5fa0")
REASON = bytes.fromhex("08c379a0") + encode(["string"], ["no"])


def hexed(address: bytes) -> str:
    return "0x" + address.hex()


def test_a_frame_has_geths_fields_and_the_outermost_the_transactions_gas(stage: Any) -> None:
    stage.put({stage.ONE: stage.calling(0xF1, stage.TWO, 3, gas=5_000), stage.TWO: b"\x5f"})
    stage.world.ledger.put(stage.ONE, code=stage.calling(0xF1, stage.TWO, 3, gas=5_000), balance=9)
    inner = {
        "type": "CALL",
        "from": hexed(stage.ONE),
        "to": hexed(stage.TWO),
        "gas": hex(5_000 + 2_300),
        "gasUsed": "0x2",
        "value": "0x3",
        "input": "0x",
    }
    assert stage.trace("callTracer", data=b"\x01", value=4) == {
        "type": "CALL",
        "from": hexed(stage.alice),
        "to": hexed(stage.ONE),
        "gas": hex(stage.GAS),
        "gasUsed": hex(stage.outcome.gas_used),
        "value": "0x4",
        "input": "0x01",
        "calls": [inner],
    }


@pytest.mark.parametrize(
    ("opcode", "kind", "value"),
    [(0xF2, "CALLCODE", "0x0"), (0xF4, "DELEGATECALL", "0x6"), (0xFA, "STATICCALL", None)],
)
def test_calls_of_other_kinds_name_the_code_and_their_value(
    stage: Any, opcode: int, kind: str, value: str | None
) -> None:
    given = 0 if kind == "CALLCODE" else None
    stage.put({stage.ONE: stage.calling(opcode, stage.TWO, given), stage.TWO: b"\x00"})
    call = stage.trace("callTracer", value=6)["calls"][0]
    assert (call["type"], call["from"], call["to"]) == (kind, hexed(stage.ONE), hexed(stage.TWO))
    assert call.get("value") == value


def test_a_delegated_account_is_named_and_not_its_delegate(stage: Any) -> None:
    """EIP-7702."""
    delegation = b"\xef\x01\x00" + stage.THREE
    stage.put(
        {
            stage.ONE: stage.calling(0xF1, stage.TWO, 0) + stage.calling(0xF4, stage.TWO),
            stage.TWO: delegation,
            stage.THREE: b"\x00",
        }
    )
    calls = stage.trace("callTracer")["calls"]
    assert [call["to"] for call in calls] == [hexed(stage.TWO)] * 2


def test_errors_have_geths_words_and_the_reason_of_a_revert(stage: Any) -> None:
    stage.put({stage.ONE: stage.storing_memory(REASON) + stage.push(len(REASON)) + b"\x5f\xfd"})
    trace = stage.trace("callTracer")
    assert trace["error"] == "execution reverted"
    assert trace["revertReason"] == "no"
    assert trace["output"] == "0x" + REASON.hex()
    stage.put({stage.ONE: b"\xfe"})
    trace = stage.trace("callTracer")
    assert trace["error"] == "invalid opcode: INVALID"
    assert "output" not in trace


def test_a_creation_shows_its_code_and_a_failed_one_no_address(stage: Any) -> None:
    # Returns one byte of code; the other fails.
    good, bad = bytes.fromhex("60015ff3"), b"\xfe"
    for init, is_good in ((good, True), (bad, False)):
        size = len(init)
        code = (
            stage.push(init) + b"\x5f\x52" + stage.push(size) + stage.push(32 - size) + b"\x5f\xf0"
        )
        stage.put({stage.ONE: code})
        call = stage.trace("callTracer")["calls"][0]
        assert (call["type"], call["input"]) == ("CREATE", "0x" + init.hex())
        assert ("to" in call, call.get("output")) == (is_good, "0x00" if is_good else None)


def test_calls_that_are_refused_at_once_are_frames_too(stage: Any) -> None:
    """Without the balance, geth enters a frame and leaves it with all its gas."""
    creation = stage.push(0) + stage.push(0) + stage.push(99) + b"\xf0\x50"
    stage.put({stage.ONE: stage.calling(0xF1, stage.TWO, 99, gas=1_000) + creation})
    call, created = stage.trace("callTracer")["calls"]
    refusal = "insufficient balance for transfer"
    assert (call["error"], call["gas"], call["gasUsed"]) == (refusal, hex(3_300), "0x0")
    assert (created["error"], created["gasUsed"], created["type"]) == (refusal, "0x0", "CREATE")


def test_a_collision_costs_the_creation_all_its_gas(stage: Any) -> None:
    """CREATE2 twice with the same salt."""
    creation = b"\x5f" + stage.push(0) + stage.push(0) + stage.push(0) + b"\xf5\x50"
    stage.put({stage.ONE: creation * 2})
    first, second = stage.trace("callTracer", gas_limit=300_000)["calls"]
    assert "error" not in first
    assert second["error"] == "contract address collision"
    assert second["gas"] == second["gasUsed"]


def test_selfdestruct_is_a_frame_with_the_balance(stage: Any) -> None:
    stage.put({stage.ONE: stage.push(stage.TWO) + b"\xff"}, balance=8)
    assert stage.trace("callTracer")["calls"] == [
        {
            "type": "SELFDESTRUCT",
            "from": hexed(stage.ONE),
            "to": hexed(stage.TWO),
            "gas": "0x0",
            "gasUsed": "0x0",
            "value": "0x8",
            "input": "0x",
        }
    ]


def test_logs_have_their_place_and_those_of_failed_frames_are_gone(stage: Any) -> None:
    stage.put(
        {
            stage.ONE: LOG
            + stage.calling(0xF1, stage.TWO, 0, gas=20_000)
            + stage.calling(0xF1, stage.THREE, 0, gas=20_000)
            + LOG,
            stage.TWO: LOG + b"\xfe",
            stage.THREE: LOG,
        }
    )
    trace = stage.trace("callTracer", {"withLog": True})
    places = [(log["index"], log["position"]) for log in trace["logs"]]
    # Forty logs of the block came before; the failed frame's takes no number.
    assert places == [("0x28", "0x0"), ("0x2a", "0x2")]
    failed, good = trace["calls"]
    assert "logs" not in failed
    assert good["logs"] == [
        {
            "address": hexed(stage.THREE),
            "topics": [],
            "data": "0x",
            "index": "0x29",
            "position": "0x0",
        }
    ]
    assert "logs" not in stage.trace("callTracer")


def test_logs_below_a_failed_frame_are_gone_as_well(stage: Any) -> None:
    stage.put({stage.ONE: stage.calling(0xF1, stage.TWO, 0) + b"\xfe", stage.TWO: LOG})
    trace = stage.trace("callTracer", {"withLog": True})
    assert "logs" not in trace["calls"][0]


def test_only_the_outermost_frame_is_kept_where_asked(stage: Any) -> None:
    stage.put({stage.ONE: LOG + stage.calling(0xF1, stage.TWO, 0) + LOG, stage.TWO: LOG})
    trace = stage.trace("callTracer", {"onlyTopCall": True, "withLog": True})
    assert "calls" not in trace
    assert len(trace["logs"]) == 2


def test_frames_may_be_as_deep_as_the_evm_lets_them(stage: Any) -> None:
    stage.put({stage.ONE: bytes.fromhex("5f5f5f5f5f305af1")})
    frame, depth = stage.trace("callTracer", gas_limit=10**14), 0
    while "calls" in frame:
        (frame,), depth = frame["calls"], depth + 1
    assert (depth, frame["error"]) == (1_025, "max call depth exceeded")


def test_the_80_percent_rule_and_precompiles_show_in_a_transactions_frame(stage: Any) -> None:
    identity = bytes(19) + b"\x04"
    stage.put({stage.ONE: stage.calling(0xFA, identity)})
    call = stage.trace("callTracer")["calls"][0]
    assert (call["to"], call["gasUsed"]) == (hexed(identity), "0xf")


def test_a_transaction_that_creates_is_a_create_frame(stages: Any) -> None:
    stage = stages(Fork.FRONTIER)
    trace = stage.trace("callTracer", to=None, data=bytes.fromhex("60015ff3"))
    # PUSH0 is no opcode there.
    assert (trace["type"], trace["error"]) == ("CREATE", "invalid opcode: opcode 0x5f not defined")
    assert "to" not in trace
