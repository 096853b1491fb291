"""Frames in a list: flatCallTracer's and Parity's."""

from typing import Any

import pytest

from chain.tracing.budget import TraceBudget
from chain.tracing.flat_calls import ParityTracer, parity_error

IDENTITY = bytes(19) + b"\x04"
DA_SIGNERS = bytes(18) + b"\x10\x00"
PLACE = {
    "blockHash": "0x" + "bb" * 32,
    "blockNumber": 7,
    "transactionHash": "0x" + "aa" * 32,
    "transactionPosition": 2,
}


def hexed(address: bytes) -> str:
    return "0x" + address.hex()


def parity(stage: Any, **message: Any) -> Any:
    return stage.answer(ParityTracer(stage.CONTEXT, TraceBudget()), **message)


def test_geths_list_has_parents_first_and_the_transactions_gas(stage: Any) -> None:
    stage.put({stage.ONE: stage.calling(0xF4, stage.TWO, gas=5_000), stage.TWO: b"\x5f"})
    outer, inner = stage.trace("flatCallTracer", value=6)
    assert outer == {
        "type": "call",
        "action": {
            "from": hexed(stage.alice),
            "to": hexed(stage.ONE),
            "callType": "call",
            "gas": hex(stage.GAS),
            "input": "0x",
            "value": "0x6",
        },
        "result": {"gasUsed": hex(stage.outcome.gas_used), "output": "0x"},
        "subtraces": 1,
        "traceAddress": [],
        **PLACE,
    }
    assert inner == {
        "type": "call",
        "action": {
            "from": hexed(stage.ONE),
            "to": hexed(stage.TWO),
            "callType": "delegatecall",
            "gas": hex(5_000),
            "input": "0x",
            "value": "0x6",
        },
        "result": {"gasUsed": "0x2", "output": "0x"},
        "subtraces": 0,
        "traceAddress": [0],
        **PLACE,
    }


def test_precompiles_and_paritys_words_come_where_asked_for(stage: Any) -> None:
    stage.put({stage.ONE: stage.calling(0xFA, IDENTITY) + b"\x5f\x5f\xfd"})
    (alone,) = stage.trace("flatCallTracer")
    assert (alone["error"], alone["subtraces"]) == ("execution reverted", 0)
    options = {"includePrecompiles": True, "convertParityErrors": True}
    both = stage.trace("flatCallTracer", options)
    assert [frame.get("error") for frame in both] == ["Reverted", None]


def test_parity_counts_gas_from_the_first_opcode_on(stage: Any) -> None:
    stage.put({stage.ONE: b"\x5f"})
    (frame,) = parity(stage)
    assert frame["action"]["gas"] == hex(stage.GAS - stage.INTRINSIC)
    assert frame["result"] == {"gasUsed": "0x2", "output": "0x"}


def test_parity_hides_ethereums_precompiles_unless_they_are_paid(stage: Any) -> None:
    stage.put(
        {stage.ONE: stage.calling(0xFA, IDENTITY) + stage.calling(0xF1, IDENTITY, 1)}, balance=5
    )
    outer, paid = parity(stage)
    assert outer["subtraces"] == 1
    assert (paid["action"]["value"], paid["traceAddress"]) == ("0x1", [0])


def test_parity_shows_0gs_precompiles(stages: Any, stage: Any) -> None:
    stage.world = type(stage.world)(
        stage.world.environment.rules.__class__(
            chain_id=16_601,
            fork=stage.world.environment.rules.fork,
            blobs=stage.world.environment.rules.blobs,
            has_zero_g_precompiles=True,
        )
    )
    stage.put({stage.ONE: stage.calling(0xF1, DA_SIGNERS, 0, gas=30_000)})
    _, called = parity(stage)
    assert called["action"]["to"] == hexed(DA_SIGNERS)


def test_a_failure_has_no_result_but_a_revert_has(stage: Any) -> None:
    stage.put({stage.ONE: b"\xfe"})
    (failed,) = parity(stage)
    assert failed["error"] == "Bad instruction"
    assert "result" not in failed
    stage.put({stage.ONE: bytes.fromhex("60205ffd")})
    (reverted,) = parity(stage)
    assert (reverted["error"], reverted["result"]["output"]) == ("Reverted", "0x" + "00" * 32)


def test_creations_and_ends_have_shapes_of_their_own(stage: Any) -> None:
    creation = stage.push(bytes.fromhex("60015ff3")) + b"\x5f\x52" + bytes.fromhex("6004601c5ff050")
    stage.put({stage.ONE: creation + stage.push(stage.TWO) + b"\xff"}, balance=5)
    _, created, ended = parity(stage)
    assert created["type"] == "create"
    assert created["action"].keys() == {"from", "gas", "init", "value", "creationMethod"}
    assert created["result"]["code"] == "0x00"
    assert ended == {
        "type": "suicide",
        "action": {
            "address": hexed(stage.ONE),
            "balance": "0x5",
            "refundAddress": hexed(stage.TWO),
        },
        "result": None,
        "subtraces": 0,
        "traceAddress": [1],
        **PLACE,
    }
    _, created, ended = stage.trace("flatCallTracer")
    assert "creationMethod" not in created["action"]
    assert "result" not in ended


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("out of gas", "Out of gas"),
        ("stack underflow (0 <=> 2)", "Stack underflow"),
        ("invalid opcode: INVALID", "Bad instruction"),
        ("write protection", "Mutable Call In Static Context"),
        ("max call depth exceeded", "max call depth exceeded"),
    ],
)
def test_errors_are_put_into_paritys_words_where_it_had_any(error: str, expected: str) -> None:
    assert parity_error(error) == expected
