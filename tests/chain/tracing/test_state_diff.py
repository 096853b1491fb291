"""Parity's stateDiff: each field that changed with what it was."""

from typing import Any

from chain.tracing.budget import TraceBudget
from chain.tracing.state_diff import StateDiffTracer


def hexed(address: bytes) -> str:
    return "0x" + address.hex()


def word(number: int) -> str:
    return f"0x{number:064x}"


def traced(stage: Any, **message: Any) -> Any:
    return stage.answer(StateDiffTracer(TraceBudget()), **message)


def test_fields_that_changed_have_both_values_and_the_others_a_sign(stage: Any) -> None:
    """Slot 1 changes, 2 is read, 3 is set for the first time."""
    stage.put({stage.ONE: bytes.fromhex("6005600155600254506006600355")}, slots={1: 9, 2: 8})
    diff = traced(stage, value=7)
    assert diff == {
        hexed(stage.alice): {
            "balance": {"*": {"from": hex(10**21), "to": hex(10**21 - 7)}},
            "code": "=",
            "nonce": {"*": {"from": "0x0", "to": "0x1"}},
            "storage": {},
        },
        hexed(stage.ONE): {
            "balance": {"*": {"from": "0x0", "to": "0x7"}},
            "code": "=",
            "nonce": "=",
            "storage": {
                word(1): {"*": {"from": word(9), "to": word(5)}},
                word(3): {"*": {"from": word(0), "to": word(6)}},
            },
        },
    }


def test_an_account_that_comes_is_added(stage: Any) -> None:
    """A contract that stores something while it is made."""
    creating = stage.push(bytes.fromhex("6007600155")) + b"\x5f\x52" + bytes.fromhex("6005601b5ff0")
    stage.put({stage.ONE: creating}, nonce=1)
    diff = traced(stage, value=7)
    (made,) = [found for found in diff.values() if "+" in found["balance"]]
    assert made == {
        "balance": {"+": "0x0"},
        "code": {"+": "0x"},
        "nonce": {"+": "0x1"},
        "storage": {word(1): {"+": word(7)}},
    }


def test_what_failed_changed_nothing(stage: Any) -> None:
    stage.put({stage.ONE: bytes.fromhex("6005600155fe")}, slots={1: 9})
    assert list(traced(stage)) == [hexed(stage.alice)]
