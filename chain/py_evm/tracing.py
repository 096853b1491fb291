"""Frames that tell a tracer what they do; used in place of `Frame` where a tracer is set, and only there.

The loop with steps stands beside the one without: what nobody listens to costs nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from eth.exceptions import Halt, InsufficientFunds, OutOfGas, StackDepthLimit, VMError
from eth_typing import Address

from chain.contract_addresses import create2_address, created_address
from chain.engine import Account, CallResult, Message
from chain.forks.fork import Fork
from chain.py_evm.frame import (
    CALL_DEPTH_LIMIT,
    Frame,
    check_init_code,
    run_call,
    run_creation,
)
from chain.py_evm.frame_errors import (
    AddressCollision,
    StackUnderflow,
    geth_text,
    prevents_execution,
)
from chain.py_evm.frame_message import FrameMessage, TransactionContext
from chain.py_evm.opcode_table import OpcodeFunction, OpcodeTable
from chain.tracer import FrameEnd, FrameStart, Step, Tracer

if TYPE_CHECKING:
    from chain.py_evm.evm_state import EvmState

CREATE: Final = 0xF0
CREATE2: Final = 0xF5
SELFDESTRUCT: Final = 0xFF
UINT64_LIMIT: Final = 1 << 64
_CALLS: Final = {0xF1: "CALL", 0xF2: "CALLCODE", 0xF4: "DELEGATECALL", 0xFA: "STATICCALL"}
_CREATIONS: Final = {CREATE: "CREATE", CREATE2: "CREATE2"}
_WITH_VALUE: Final = ("CALL", "CALLCODE")
_ADDRESS_MASK: Final = (1 << 160) - 1


class LiveState:
    """`chain.tracer.TracedState` over the state in execution."""

    def __init__(self, state: "EvmState") -> None:
        self._state = state

    def account(self, address: Address) -> Account | None:
        """See `TracedState`."""
        if not self._state.account_exists(address):
            return None
        return Account(
            self._state.get_nonce(address),
            self._state.get_balance(address),
            self._state.get_code_hash(address),
        )

    def code(self, address: Address) -> bytes:
        """See `TracedState`."""
        return self._state.get_code(address)

    def slot(self, address: Address, slot: int) -> int:
        """See `TracedState`."""
        return self._state.get_storage(address, slot)


class Tracing:
    """One tracer on one state: runs its frames, and knows which of them are under way."""

    def __init__(self, state: "EvmState", tracer: Tracer) -> None:
        self._state, self.tracer = state, tracer
        self.opcodes = _traced_opcodes(state.opcodes)
        self._frames: list[TracedFrame] = []

    def transaction_started(self, message: Message) -> None:
        self.tracer.transaction_started(LiveState(self._state), self._state.environment, message)

    def transaction_ended(self, result: CallResult) -> None:
        self.tracer.transaction_ended(result)

    def call(self, message: FrameMessage, context: TransactionContext) -> Frame:
        """`execute_call`, traced."""
        frame = TracedFrame(self._state, message, context, self)
        log_count = len(self._state.logs)
        with self._told(frame, "CALL"):
            run_call(frame)
            if frame.is_precompile:
                # Those of contracts were told as they came.
                for log in self._state.logs[log_count:]:
                    self.tracer.log_emitted(log)
        return frame

    def creation(self, message: FrameMessage, context: TransactionContext) -> Frame:
        """`execute_creation`, traced."""
        check_init_code(self._state, message)
        frame = TracedFrame(self._state, message, context, self)
        with self._told(frame, "CREATE"):
            run_creation(frame)
        return frame

    def refused_creation(self, message: FrameMessage, context: TransactionContext) -> Frame:
        """A transaction's creation where something stands already."""
        frame = TracedFrame(self._state, message, context, self)
        with self._told(frame, "CREATE"):
            frame.fail(AddressCollision())
        return frame

    @contextmanager
    def _told(self, frame: "TracedFrame", outermost_kind: str) -> Iterator[None]:
        parent = self._frames[-1] if self._frames else None
        message = frame.msg
        kind, sender, to = outermost_kind, message.sender, message.storage_address
        if parent is not None:
            parent.has_entered_child = True
            parent.end_step(handed_over=message.gas if message.is_create else 0)
            kind, sender = parent.child_kind, parent.msg.storage_address
            to = to if message.is_create else parent.child_target
        self.tracer.frame_entered(
            FrameStart(
                kind=kind,
                depth=message.depth,
                sender=sender,
                to=to,
                input=message.code if message.is_create else message.data,
                gas=message.gas,
                value=None if kind == "STATICCALL" else message.value,
                is_precompile=frame.is_precompile,
            )
        )
        self._frames.append(frame)
        yield
        self._frames.pop()
        self.tracer.frame_left(_frame_end(frame))


def _frame_end(frame: "TracedFrame") -> FrameEnd:
    error = frame.error
    return FrameEnd(
        output=frame.output,
        gas_used=frame.msg.gas - frame.gas_left,
        error=None if error is None else geth_text(error),
        is_revert=error is not None and not error.burns_gas,
    )


class TracedFrame(Frame):
    """A frame whose opcodes are told to the tracer."""

    def __init__(
        self,
        state: "EvmState",
        message: FrameMessage,
        transaction_context: TransactionContext,
        tracing: Tracing,
    ) -> None:
        super().__init__(state, message, transaction_context)
        self.tracing, self.tracer = tracing, tracing.tracer
        self.child_kind = ""
        """Of the call or creation that the opcode under way makes."""
        self.child_target = message.to
        self.has_entered_child = False
        self.returned_gas = 0
        """What the opcode under way gave back last."""
        self._cost = 0
        self.last_charge = 0
        self._is_in_step = False

    @property
    def is_precompile(self) -> bool:
        message = self.msg
        return (
            not message.is_delegation
            and not message.is_create
            and message.code_address in self.state.precompiles
        )

    def consume_gas(self, amount: int, reason: str = "") -> None:
        """See `Frame`; adds up what the opcode costs."""
        # go-ethereum counts in 64 bits, and shows nothing of what does not fit.
        if amount < UINT64_LIMIT:
            self._cost += amount
        self.last_charge = amount
        super().consume_gas(amount, reason)

    def return_gas(self, amount: int) -> None:
        """See `Frame`."""
        self.returned_gas = amount
        super().return_gas(amount)

    def add_log_entry(self, account: Address, topics: tuple[int, ...], data: bytes) -> None:
        """See `Frame`."""
        super().add_log_entry(account, topics, data)
        self.end_step()
        self.tracer.log_emitted(self.state.logs[-1])

    def run(self) -> None:
        """See `Frame`."""
        self._prepare()
        if self.tracer.wants_steps:
            self._interpret_by_steps(self.tracing.opcodes)
        else:
            self._interpret(self.tracing.opcodes)

    def end_step(self, handed_over: int = 0, failure: str | None = None) -> None:
        """Tell what the opcode under way costs, unless that is told already.

        `handed_over`: gas of a creation, which go-ethereum does not count.
        """
        if self._is_in_step:
            self._is_in_step = False
            cost = (self._cost - handed_over) % UINT64_LIMIT
            self.tracer.step_ended(cost, self.state.refund, failure)

    def _interpret_by_steps(self, table: OpcodeTable) -> None:
        code, values = self.code, self.stack_values
        raw, end = code.raw, len(code.raw)
        while True:
            position = code.program_counter
            # Behind the end stands a STOP, which go-ethereum shows too.
            opcode = raw[position] if position < end else 0
            code.program_counter = position + 1
            needed, gas, function = table[opcode]
            self._begin_step(position, opcode, gas)
            try:
                if needed > len(values):
                    raise StackUnderflow(len(values), needed)
                left = self.gas_left - gas
                if left < 0:
                    raise OutOfGas
                self.gas_left = left
                function(self)
            except Halt:
                self.end_step()
                return
            except VMError as error:
                self.end_step(failure=geth_text(error) if prevents_execution(error) else None)
                raise
            self.end_step()

    def _begin_step(self, position: int, opcode: int, gas: int) -> None:
        self._cost = gas
        self._is_in_step = True
        self.tracer.step_started(
            Step(
                position,
                opcode,
                self.gas_left,
                self.msg.depth + 1,
                self.msg.storage_address,
                [_number(item) for item in self.stack_values],
                self.memory.content,
                self.return_data,
            )
        )

    def refuse_child(
        self, error: VMError, gas: int, gas_used: int, value: int | None, data: bytes
    ) -> None:
        """Tell of a call or creation that the opcode gave up before there was a frame."""
        self.end_step(handed_over=gas_used)
        self.tracer.frame_entered(
            FrameStart(
                kind=self.child_kind,
                depth=self.msg.depth + 1,
                sender=self.msg.storage_address,
                to=self.child_target,
                input=data,
                gas=gas,
                value=value,
            )
        )
        self.tracer.frame_left(FrameEnd(b"", gas_used, geth_text(error), False))


def _traced_opcodes(table: OpcodeTable) -> OpcodeTable:
    """The table with those rows wrapped that make frames."""
    rows = list(table)
    for opcode, (needed, gas, function) in enumerate(table):
        # A row that needs nothing of the stack is that of a fork without the opcode.
        if needed and opcode in _CALLS:
            rows[opcode] = needed, gas, _traced_call(_CALLS[opcode], function)
        elif needed and opcode in _CREATIONS:
            rows[opcode] = needed, gas, _traced_creation(_CREATIONS[opcode], function)
        elif opcode == SELFDESTRUCT:
            rows[opcode] = needed, gas, _traced_self_destruct(function)
    return tuple(rows)


def _traced_call(kind: str, function: OpcodeFunction) -> OpcodeFunction:
    has_value = kind in _WITH_VALUE

    def run(frame: Any) -> None:
        values = frame.stack_values
        frame.child_kind, frame.child_target = kind, _address(values[-2])
        value = _number(values[-3]) if has_value else frame.msg.value
        start, size = (
            _number(item) for item in (values[-5:-3] if has_value else values[-4:-2])[::-1]
        )
        frame.has_entered_child = False
        function(frame)
        if not frame.has_entered_child:
            data = frame.memory_read_bytes(start, size)
            shown_value = None if kind == "STATICCALL" else value
            frame.refuse_child(_why_refused(frame), frame.returned_gas, 0, shown_value, data)

    return run


def _traced_creation(kind: str, function: OpcodeFunction) -> OpcodeFunction:
    def run(frame: Any) -> None:
        values = frame.stack_values
        value, start, size = (_number(item) for item in values[:-4:-1])
        salt = _number(values[-4]) if kind == "CREATE2" else 0
        frame.child_kind = kind
        nonce = frame.state.get_nonce(frame.msg.storage_address)
        frame.has_entered_child = False
        function(frame)
        if frame.has_entered_child:
            return
        code = frame.memory_read_bytes(start, size)
        frame.child_target = _creation_target(frame, kind, nonce, salt, code)
        if frame.state.get_nonce(frame.msg.storage_address) != nonce:
            gas = frame.last_charge
            frame.refuse_child(AddressCollision(), gas, gas, value, code)
        else:
            frame.refuse_child(_why_refused(frame), _creation_gas(frame), 0, value, code)

    return run


def _traced_self_destruct(function: OpcodeFunction) -> OpcodeFunction:
    def run(frame: Any) -> None:
        owner = frame.msg.storage_address
        balance = frame.state.get_balance(owner)
        beneficiary = _address(frame.stack_values[-1])
        try:
            function(frame)
        except Halt:
            frame.end_step()
            depth = frame.msg.depth + 1
            frame.tracer.frame_entered(
                FrameStart("SELFDESTRUCT", depth, owner, beneficiary, b"", 0, balance)
            )
            frame.tracer.frame_left(FrameEnd(b"", 0, None))
            raise

    return run


def _why_refused(frame: Frame) -> VMError:
    """go-ethereum asks for the depth first."""
    return StackDepthLimit() if frame.msg.depth >= CALL_DEPTH_LIMIT else InsufficientFunds()


def _creation_gas(frame: Frame) -> int:
    """What the creation would have had (EIP-150)."""
    left = frame.gas_left
    return left - left // 64 if frame.state.fork >= Fork.TANGERINE_WHISTLE else left


def _creation_target(frame: Frame, kind: str, nonce: int, salt: int, code: bytes) -> Address:
    creator = frame.msg.storage_address
    if kind == "CREATE":
        return created_address(creator, nonce)
    return create2_address(creator, salt, code)


def _number(item: Any) -> int:
    """py-evm's own opcodes leave bytes on the stack where that suits them."""
    return item if type(item) is int else int.from_bytes(item, "big")


def _address(item: Any) -> Address:
    return Address((_number(item) & _ADDRESS_MASK).to_bytes(20, "big"))
