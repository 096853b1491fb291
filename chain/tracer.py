"""The seam between the engine and whoever wants to know how a transaction ran.

An engine that is given a `Tracer` tells it of each transaction, frame, opcode and log, in the order in
which go-ethereum's hooks (core/tracing) would. What it passes is plain data; tracers only listen. What they
make of it is in `chain/tracing/`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from eth_typing import Address

if TYPE_CHECKING:
    from chain.engine import Account, CallResult, Environment, Log, Message


class TracedState(Protocol):
    """The state as it is at the moment of asking."""

    def account(self, address: Address) -> "Account | None":
        """None where there is no such account."""

    def code(self, address: Address) -> bytes:
        """Empty where there is none."""

    def slot(self, address: Address, slot: int) -> int: ...


@dataclass(frozen=True, slots=True)
class FrameStart:
    """What a frame is asked to do."""

    kind: str
    """CALL, CALLCODE, DELEGATECALL, STATICCALL, CREATE, CREATE2 or SELFDESTRUCT."""
    depth: int
    """0 is the outermost."""
    sender: Address
    """Of DELEGATECALL and CALLCODE: the contract that has the opcode."""
    to: Address
    """Whose code runs: with delegated code (EIP-7702) the account that delegates. Of a creation: the new
    contract. Of SELFDESTRUCT: who gets the balance."""
    input: bytes
    """Of a creation: the init code."""
    gas: int
    """Stipend included; of the outermost frame without the intrinsic gas."""
    value: int | None
    """Wei; None with STATICCALL. DELEGATECALL has its parent's."""
    is_precompile: bool = False


@dataclass(frozen=True, slots=True)
class FrameEnd:
    """How a frame ended."""

    output: bytes
    """Returned or reverted with; of a creation the new code."""
    gas_used: int
    error: str | None
    """go-ethereum's text."""
    is_revert: bool = False
    """By REVERT, or a precompile's revert: the frame's remaining gas is given back."""


class Step:
    """An opcode that is about to run. What is mutable in it is valid until the step ends: copy it."""

    __slots__ = (
        "address",
        "depth",
        "gas",
        "memory",
        "opcode",
        "position",
        "return_data",
        "stack",
    )

    def __init__(
        self,
        position: int,
        opcode: int,
        gas: int,
        depth: int,
        address: Address,
        stack: list[int],
        memory: bytearray,
        return_data: bytes,
    ) -> None:
        self.position = position
        """The program counter."""
        self.opcode = opcode
        self.gas = gas
        """Before anything is charged."""
        self.depth = depth
        """1 is the outermost frame, as in go-ethereum's steps."""
        self.address = address
        """Whose storage the frame has."""
        self.stack = stack
        """The top is the last; nobody else has this list."""
        self.memory = memory
        """Before it grows; not to be changed."""
        self.return_data = return_data
        """Of the last call that the frame made."""


class Tracer(Protocol):
    """Listens. An exception that it raises ends the execution and leaves the engine."""

    wants_steps: bool
    """Whether `step_started` and `step_ended` are called: without them a trace is many times faster."""

    def transaction_started(
        self, state: TracedState, environment: "Environment", message: "Message"
    ) -> None:
        """Every check has passed, nothing is charged yet. `state` may be kept until the end."""

    def transaction_ended(self, result: "CallResult") -> None:
        """Fees are paid, destroyed and empty accounts are gone."""

    def frame_entered(self, frame: FrameStart) -> None:
        """Also for precompiles, for calls that are refused at once, and for SELFDESTRUCT."""

    def frame_left(self, end: FrameEnd) -> None:
        """The frame entered last and not left yet."""

    def step_started(self, step: Step) -> None: ...

    def step_ended(self, cost: int, refund: int, failure: str | None) -> None:
        """The opcode that started last in the innermost frame.

        It comes before `frame_entered` where the opcode enters one: `cost` is what go-ethereum shows, with
        the gas that CALL hands over and without that of CREATE. `refund` is the transaction's counter
        after the charge. `failure`: what kept the opcode from running at all (gas, stack), in
        go-ethereum's words.
        """

    def log_emitted(self, log: "Log") -> None:
        """Of the innermost frame; it may still be taken back by the failure of a frame."""
