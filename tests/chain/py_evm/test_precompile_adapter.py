"""The seam between py-evm's frames and precompiles: call kinds, callers, outcomes, bugs."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_typing import Address, Hash32

from precompiles.interface import Call, CallKind, Failed, Outcome, Returned, Reverted

OURS = Address(bytes(18) + b"\x77\x01")
OTHER = Address(bytes(18) + b"\x77\x02")
FORWARDER = Address(b"\xf0" * 20)
OUTER = Address(b"\xf1" * 20)
COST = 1_000
KINDS = {
    CallKind.CALL: "6000600060006000600061770161ffff f1",
    CallKind.CALLCODE: "6000600060006000600061770161ffff f2",
    CallKind.DELEGATECALL: "600060006000600061770161ffff f4",
    CallKind.STATICCALL: "600060006000600061770161ffff fa",
}


class Scripted:
    """A precompile that does what the test says and remembers what it was asked."""

    def __init__(self, script: Callable[[Call], Outcome], address: Address = OURS) -> None:
        self.address, self._script = address, script
        self.calls: list[Call] = []

    def required_gas(self, call: Call) -> int:
        return COST

    def run(self, call: Call) -> Outcome:
        self.calls.append(call)
        return self._script(call)


def returning(data: bytes = b"") -> Callable[[Call], Outcome]:
    return lambda _: Returned(data)


def code(text: str) -> bytes:
    return bytes.fromhex(text.replace(" ", ""))


@pytest.mark.parametrize("kind", list(CallKind))
def test_a_precompile_sees_the_kind_of_call_and_who_made_it(worlds: Any, kind: CallKind) -> None:
    """Facts §1a: the contract that executes the opcode, under DELEGATECALL and CALLCODE too."""
    ours = Scripted(returning())
    world = worlds.zero_g({OURS: ours})
    world.ledger.put(FORWARDER, nonce=1, code=code(KINDS[kind]) + b"\x00")
    assert world.call(FORWARDER).error is None
    [call] = ours.calls
    assert (call.kind, call.caller, call.origin) == (kind, FORWARDER, world.alice.address)
    assert call.address == OURS
    assert call.is_static == (kind is CallKind.STATICCALL)


def test_a_zero_value_call_inside_a_static_frame_is_a_call(worlds: Any) -> None:
    """Facts §1a, "Static-context hole": the kind is CALL, the frame is static."""
    ours = Scripted(returning())
    world = worlds.zero_g({OURS: ours})
    world.ledger.put(FORWARDER, nonce=1, code=code(KINDS[CallKind.CALL]) + b"\x00")
    world.ledger.put(
        OUTER, nonce=1, code=code("6000600060006000 73" + FORWARDER.hex() + " 5a fa 00")
    )
    world.call(OUTER)
    assert [(call.kind, call.is_static) for call in ours.calls] == [(CallKind.CALL, True)]


def test_a_transactions_own_call_is_a_call(worlds: Any) -> None:
    ours = Scripted(returning(b"\x2a"))
    world = worlds.zero_g({OURS: ours})
    result = world.call(OURS, b"\x01")
    assert (result.output, result.gas_used) == (b"\x2a", 21_000 + 16 + COST)
    [call] = ours.calls
    assert (call.kind, call.caller) == (CallKind.CALL, world.alice.address)


def touch_everything(call: Call) -> None:
    call.storage.store(1, 2)
    call.balances.add(OTHER, 3)
    call.code.set(b"\x01")
    call.emit((Hash32(bytes(32)),), b"log")


@pytest.mark.parametrize(
    ("outcome", "error", "gas_used"),
    [
        (Reverted(b"why"), "execution reverted", 21_000 + COST),
        (Failed("signer not found"), "signer not found", 100_000),
    ],
    ids=["reverted", "failed"],
)
def test_a_failure_takes_everything_back(
    worlds: Any, outcome: Outcome, error: str, gas_used: int
) -> None:
    """Facts §1a: a revert keeps the gas beyond the cost, a domain error keeps none."""

    def script(call: Call) -> Outcome:
        touch_everything(call)
        return outcome

    world = worlds.zero_g({OURS: Scripted(script)})
    transaction = world.alice.sign(0, OURS, gas=100_000, value=1)
    result = world.block(transaction)
    [receipt] = result.receipts
    assert (receipt.succeeded, receipt.error) == (False, error)
    assert receipt.gas_used == gas_used
    assert receipt.logs == ()
    assert world.ledger.account(OURS) is None
    assert world.ledger.account(OTHER) is None
    assert result.alarms == ()


def test_a_success_keeps_storage_balance_code_and_log(worlds: Any) -> None:
    def script(call: Call) -> Outcome:
        touch_everything(call)
        return Returned()

    world = worlds.zero_g({OURS: Scripted(script)})
    [receipt] = world.block(world.alice.sign(0, OURS, gas=100_000, value=1)).receipts
    assert [(log.address, log.data) for log in receipt.logs] == [(OURS, b"log")]
    assert world.ledger.slot(OURS, 1) == 2
    assert world.ledger.account(OURS).balance == 1
    assert world.ledger.account(OTHER).balance == 3


def test_storage_of_an_account_without_code_nonce_and_balance_is_swept(worlds: Any) -> None:
    """Facts [O3]; with a balance it stays."""

    def script(call: Call) -> Outcome:
        call.storage.store(1, 2)
        return Returned()

    world = worlds.zero_g({OURS: Scripted(script)})
    world.block(world.alice.sign(0, OURS, gas=100_000))
    assert world.ledger.slot(OURS, 1) == 0
    world.block(world.alice.sign(1, OURS, gas=100_000, value=1))
    assert world.ledger.slot(OURS, 1) == 2


def test_too_little_gas_is_out_of_gas_and_nothing_runs(worlds: Any) -> None:
    ours = Scripted(returning())
    world = worlds.zero_g({OURS: ours})
    result = world.call(OURS, gas=21_000 + COST - 1)
    assert (result.error, result.gas_used, ours.calls) == ("out of gas", 21_000 + COST - 1, [])


def test_a_bug_in_a_precompile_is_a_failed_transaction_and_an_alarm(worlds: Any) -> None:
    def script(call: Call) -> Outcome:
        call.storage.store(1, 2)
        raise ZeroDivisionError("a bug")

    world = worlds.zero_g({OURS: Scripted(script)})
    result = world.block(world.alice.sign(0, OURS, gas=100_000))
    assert not result.receipts[0].succeeded
    assert result.receipts[0].gas_used == 100_000
    [alarm] = result.alarms
    assert "a bug" in alarm
    assert world.ledger.slot(OURS, 1) == 0


@pytest.mark.parametrize(
    "answer",
    [None, 5, b"data", Returned("text"), Reverted(None), Failed(7), Returned],  # type: ignore[arg-type]
    ids=repr,
)
def test_an_answer_that_is_no_outcome_is_a_failed_call_and_an_alarm(
    worlds: Any, answer: Any
) -> None:
    world = worlds.zero_g({OURS: Scripted(lambda _: answer)})
    result = world.block(world.alice.sign(0, OURS, gas=100_000))
    assert (result.receipts[0].error, result.receipts[0].output) == ("precompile failed", b"")
    [alarm] = result.alarms
    assert "TypeError: answered" in alarm


def test_balances_wrap_as_go_ethereums_unchecked_arithmetic_does(worlds: Any) -> None:
    """Facts §1a-2: burn subtracts without a check."""

    def script(call: Call) -> Outcome:
        call.balances.subtract(OTHER, 1)
        return Returned()

    world = worlds.zero_g({OURS: Scripted(script)})
    world.block(world.alice.sign(0, OURS, gas=100_000))
    assert world.ledger.account(OTHER).balance == 2**256 - 1


def test_a_precompile_calls_another_with_its_own_address_as_caller(worlds: Any) -> None:
    def failing(call: Call) -> Outcome:
        call.storage.store(5, 5)
        return Failed("no")

    asked = Scripted(failing, OTHER)

    def script(call: Call) -> Outcome:
        return Returned(repr(call.precompile(OTHER, b"hello")).encode())

    world = worlds.zero_g({OURS: Scripted(script), OTHER: asked})
    assert world.call(OURS).output == repr(Failed("no")).encode()
    [call] = asked.calls
    assert (call.caller, call.kind, call.input) == (OURS, CallKind.CALL, b"hello")


def test_what_a_called_precompile_charges_is_taken_from_the_one_that_called(worlds: Any) -> None:
    """Else work without end could be had for nothing."""

    def working(call: Call) -> Outcome:
        while True:
            call.charge(10_000)

    def script(call: Call) -> Outcome:
        return call.precompile(OTHER, b"")

    world = worlds.zero_g({OURS: Scripted(script), OTHER: Scripted(working, OTHER)})
    result = world.call(OURS, gas=100_000)
    assert (result.error, result.gas_used) == ("out of gas", 100_000)


def test_precompiles_are_warm_in_a_transaction_and_cold_outside(worlds: Any) -> None:
    """Facts §1a "Warm/access list": 100 gas from the start, never 2,600."""
    world = worlds.zero_g({OURS: Scripted(returning())})
    # Returns the gas that BALANCE(OURS) took, plus 5 of the surrounding opcodes.
    world.ledger.put(FORWARDER, nonce=1, code=code("5a 617701 31 50 5a 9003 60005260206000f3"))
    assert int.from_bytes(world.call(FORWARDER).output, "big") == 100 + 7


def test_where_the_chain_has_no_0g_precompiles_their_addresses_are_ordinary(worlds: Any) -> None:
    address = Address(bytes(18) + b"\x10\x00")
    world = worlds.ethereum()
    world.ledger.put(address, nonce=1, code=code("602a60005260206000f3"))
    assert int.from_bytes(world.call(address, b"\xf4\x14\x5a\x83").output, "big") == 42
