"""Otterscan's list of calls, and of what moved without a transaction."""

from typing import Any

from chain.tracing.budget import TraceBudget
from chain.tracing.otterscan import OtterscanTracer


def hexed(address: bytes) -> str:
    return "0x" + address.hex()


def traced(stage: Any) -> OtterscanTracer:
    tracer = OtterscanTracer(TraceBudget())
    stage.answer(tracer, gas_limit=300_000)
    return tracer


def test_calls_are_a_list_with_their_depth(stage: Any) -> None:
    identity = bytes(19) + b"\x04"
    stage.put(
        {
            stage.ONE: stage.calling(0xFA, stage.TWO) + stage.calling(0xFA, identity),
            stage.TWO: stage.calling(0xF4, stage.THREE),
            stage.THREE: b"\x00",
        }
    )
    entries = traced(stage).entries()
    assert [(entry["type"], entry["depth"], entry["value"]) for entry in entries] == [
        ("CALL", 0, "0x0"),
        ("STATICCALL", 1, None),
        ("DELEGATECALL", 2, None),
    ]
    assert entries[1] == {
        "type": "STATICCALL",
        "depth": 1,
        "from": hexed(stage.ONE),
        "to": hexed(stage.TWO),
        "value": None,
        "input": "0x",
        "output": "0x",
    }


def test_operations_are_those_that_happened_below_the_outermost_call(stage: Any) -> None:
    """A transfer that is taken back is none."""
    stage.world.ledger.put(
        stage.ONE,
        code=stage.calling(0xF1, stage.TWO, 4)
        + stage.calling(0xF1, stage.THREE, 0, gas=30_000)
        + stage.push(stage.THREE)
        + b"\xff",
        balance=9,
    )
    stage.world.ledger.put(stage.THREE, code=stage.calling(0xF1, stage.TWO, 1) + b"\xfe", balance=9)
    assert traced(stage).operations() == [
        {"type": 0, "from": hexed(stage.ONE), "to": hexed(stage.TWO), "value": "0x4"},
        {"type": 1, "from": hexed(stage.ONE), "to": hexed(stage.THREE), "value": "0x5"},
    ]
