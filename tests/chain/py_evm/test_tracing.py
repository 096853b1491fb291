"""What a tracer is told, and in which order."""

from typing import Any

import pytest
from eth_typing import Address, Hash32

from chain.engine import CallResult, Environment, Log, Message
from chain.errors import IntrinsicGasTooLow
from chain.tracer import FrameEnd, FrameStart, Step, TracedState
from chain.tracing.noop import NoopTracer
from precompiles.interface import Call, Outcome, Returned, Reverted

OURS = Address(bytes(18) + b"\x77\x01")
CALLER = Address(b"\xca" * 20)
LOGGER = Address(b"\x10" * 20)
TOPIC = Hash32(b"\x07" * 32)
CALLING_OURS = bytes.fromhex("5f5f5f5f5f6177015af150")
LOGGING = bytes.fromhex("5f5fa0")


class Recorder(NoopTracer):
    """Every hook as a word or two."""

    def __init__(self, wants_steps: bool = False) -> None:
        self.wants_steps = wants_steps
        self.told: list[Any] = []
        self.balances: list[int] = []
        self._sender = Address(bytes(20))
        self._state: TracedState | None = None

    def transaction_started(
        self, state: TracedState, environment: Environment, message: Message
    ) -> None:
        self._state, self._sender = state, message.sender
        self._note_balance()
        self.told.append("start")

    def transaction_ended(self, result: CallResult) -> None:
        self._note_balance()
        self.told.append(("end", result.gas_used))

    def frame_entered(self, frame: FrameStart) -> None:
        self.told.append(("enter", frame.kind, frame.depth, frame.is_precompile))

    def frame_left(self, end: FrameEnd) -> None:
        self.told.append(("leave", end.error, end.is_revert))

    def step_started(self, step: Step) -> None:
        self.told.append(("step", step.opcode))

    def step_ended(self, cost: int, refund: int, failure: str | None) -> None:
        self.told.append(("cost", cost))

    def log_emitted(self, log: Log) -> None:
        self.told.append(("log", log.address))

    def _note_balance(self) -> None:
        assert self._state is not None
        account = self._state.account(self._sender)
        self.balances.append(0 if account is None else account.balance)


class Scripted:
    """A precompile that logs, and ends as it is told."""

    address = OURS

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome

    def required_gas(self, call: Call) -> int:
        return 100

    def run(self, call: Call) -> Outcome:
        call.emit((TOPIC,), b"")
        return self._outcome


def run(world: Any, recorder: Recorder, to: Address, **fields: Any) -> CallResult:
    message = Message(**{"sender": world.alice.address, "to": to, "gas_limit": 100_000} | fields)
    result: CallResult = world.engine.call(
        world.environment, message, world.ledger, tracer=recorder
    )
    return result


def test_steps_come_around_what_they_do(worlds: Any) -> None:
    """The cost of a call is told before its frame is entered, a log's before the log."""
    world, recorder = worlds.ethereum(), Recorder(wants_steps=True)
    world.ledger.put(LOGGER, code=LOGGING)
    world.ledger.put(
        CALLER, code=bytes.fromhex("5f5f5f5f5f73") + LOGGER + bytes.fromhex("61fffff1")
    )
    result = run(world, recorder, CALLER)
    told = recorder.told
    assert told[:2] == ["start", ("enter", "CALL", 0, False)]
    at = told.index(("step", 0xF1))
    assert told[at + 1][0] == "cost"
    assert told[at + 2] == ("enter", "CALL", 1, False)
    at = told.index(("step", 0xA0))
    assert told[at + 1 : at + 6] == [
        ("cost", 375),
        ("log", LOGGER),
        ("step", 0x00),
        ("cost", 0),
        ("leave", None, False),
    ]
    assert told[-2:] == [("leave", None, False), ("end", result.gas_used)]


def test_the_state_is_seen_before_the_fee_and_after_it(worlds: Any) -> None:
    world, recorder = worlds.ethereum(), Recorder()
    world.ledger.put(CALLER, code=b"\x00")
    result = run(world, recorder, CALLER, gas_price=10, value=3)
    before, after = recorder.balances
    assert before == world.ledger.account(world.alice.address).balance
    assert after == before - 3 - 10 * result.gas_used


def test_a_plain_transfer_is_a_frame_too(worlds: Any) -> None:
    """Untraced it has none."""
    world, recorder = worlds.ethereum(), Recorder(wants_steps=True)
    result = run(world, recorder, LOGGER, value=1)
    assert recorder.told == [
        "start",
        ("enter", "CALL", 0, False),
        ("leave", None, False),
        ("end", 21_000),
    ]
    assert result.gas_used == 21_000


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Returned(b""), [("log", OURS), ("leave", None, False)]),
        (Reverted(b"no"), [("leave", "execution reverted", True)]),
    ],
)
def test_a_precompiles_logs_are_told_inside_its_frame_where_they_stay(
    worlds: Any, outcome: Outcome, expected: list[Any]
) -> None:
    world, recorder = worlds.zero_g({OURS: Scripted(outcome)}), Recorder()
    world.ledger.put(CALLER, code=CALLING_OURS)
    run(world, recorder, CALLER)
    at = recorder.told.index(("enter", "CALL", 1, True))
    assert recorder.told[at + 1 : at + 1 + len(expected)] == expected


def test_nothing_is_told_of_what_cannot_run(worlds: Any) -> None:
    world, recorder = worlds.ethereum(), Recorder()
    with pytest.raises(IntrinsicGasTooLow):
        run(world, recorder, CALLER, gas_limit=20_000)
    assert recorder.told == []


def test_what_a_tracer_raises_reaches_the_caller(worlds: Any) -> None:
    """It ends the execution; nobody takes it for a fault of the contract."""

    class Tired(Recorder):
        def log_emitted(self, log: Log) -> None:
            raise TimeoutError

    world = worlds.ethereum()
    world.ledger.put(CALLER, code=LOGGING)
    with pytest.raises(TimeoutError):
        run(world, Tired(), CALLER)
