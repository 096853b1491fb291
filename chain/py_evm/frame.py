"""One call of the EVM: the object that py-evm's opcodes and precompiles know as the computation.

`execute_call` and `execute_creation` run a message in a new frame and leave the state as the outcome asks.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from eth.exceptions import Halt, InsufficientFunds, OutOfGas, StackDepthLimit, VMError
from eth.vm.code_stream import CodeStream
from eth.vm.stack import Stack
from eth_typing import Address, Hash32

from chain.engine import Log
from chain.forks.fork import Fork
from chain.py_evm.frame_errors import (
    AddressCollision,
    CodeStoreOutOfGas,
    CodeTooLarge,
    GasOverflow,
    InitCodeTooLargeInFrame,
    ReservedCode,
    StackUnderflow,
)
from chain.py_evm.frame_memory import FrameMemory
from chain.py_evm.frame_message import FrameMessage, TransactionContext
from chain.py_evm.opcode_table import OpcodeTable

if TYPE_CHECKING:
    from chain.py_evm.evm_state import EvmState

CALL_DEPTH_LIMIT: Final = 1_024
CODE_DEPOSIT_GAS: Final = 200
"""Per byte of a new contract's code."""
CODE_SIZE_LIMIT: Final = 24_576
"""EIP-170."""
INIT_CODE_SIZE_LIMIT: Final = 49_152
"""EIP-3860."""
MEMORY_SIZE_LIMIT: Final = 0x1FFFFFFFE0
"""Bytes; beyond it go-ethereum's gas arithmetic would overflow."""
_UINT64_LIMIT: Final = 1 << 64


class _SilentLogger:
    """py-evm asks before every log line whether anybody listens."""

    show_debug2 = False

    def debug2(self, *_: object) -> None:
        """Nobody does."""


_LOGGER: Final = _SilentLogger()


class _CodeStream(CodeStream):
    """py-evm's, without the two sets that it makes for each frame."""

    __slots__ = ("raw",)

    def __init__(self, code: bytes) -> None:
        self.program_counter = 0
        self.raw = self._raw_code_bytes = code
        self._length_cache = len(code)


class Frame:
    """State of one call while it runs, and its outcome afterwards."""

    logger = _LOGGER

    def __init__(
        self, state: "EvmState", message: FrameMessage, transaction_context: TransactionContext
    ) -> None:
        self.state = state
        self.msg = message
        self.transaction_context = transaction_context
        self.gas_left = message.gas
        self.error: VMError | None = None
        self.output = b""
        self.return_data = b""

    # Outcome.

    @property
    def is_error(self) -> bool:
        return self.error is not None

    @property
    def is_success(self) -> bool:
        return self.error is None

    @property
    def should_erase_return_data(self) -> bool:
        return self.error is not None and bool(self.error.erases_return_data)

    @property
    def should_return_gas(self) -> bool:
        return self.error is None or not self.error.burns_gas

    def fail(self, error: VMError) -> None:
        """Record a failure with what it does to gas and output."""
        self.error = error
        if error.burns_gas:
            self.gas_left = 0
        if error.erases_return_data:
            self.output = self.return_data = b""

    # Gas.

    def consume_gas(self, amount: int, reason: str = "") -> None:
        """Raises `OutOfGas`."""
        left = self.gas_left - amount
        if left < 0:
            raise OutOfGas(reason)
        self.gas_left = left

    def return_gas(self, amount: int) -> None:
        self.gas_left += amount

    def refund_gas(self, amount: int) -> None:
        # On the state, so that a reverted snapshot takes it back.
        self.state.refund += amount

    def get_gas_remaining(self) -> int:
        return self.gas_left

    # Memory.

    def extend_memory(self, start: int, size: int) -> None:
        """Pay for memory up to start + size (Yellow Paper H.1); raises `OutOfGas`, `GasOverflow`."""
        if not size:
            return
        end = start + size
        memory = self.memory
        before = len(memory)
        if end <= before:
            return
        if end > MEMORY_SIZE_LIMIT:
            raise GasOverflow if end >= _UINT64_LIMIT else OutOfGas("memory")
        words, old_words = (end + 31) >> 5, before >> 5
        cost = 3 * (words - old_words) + (words * words >> 9) - (old_words * old_words >> 9)
        self.consume_gas(cost)
        memory.extend(start, size)

    # Running.

    def run(self) -> None:
        """Execute the code to its end; raises `VMError`."""
        self._prepare()
        self._interpret(self.state.opcodes)

    def _interpret(self, table: OpcodeTable) -> None:
        code = self.code
        raw, values = code.raw, self.stack_values
        end = len(raw)
        try:
            while (position := code.program_counter) < end:
                opcode = raw[position]
                code.program_counter = position + 1
                needed, gas, function = table[opcode]
                if needed > len(values):
                    raise StackUnderflow(len(values), needed)
                left = self.gas_left - gas
                if left < 0:
                    raise OutOfGas
                self.gas_left = left
                function(self)
        except Halt:
            return

    def _prepare(self) -> None:
        """Stack, memory and what py-evm's opcodes call on them; only frames with code need it."""
        stack, memory = Stack(), FrameMemory()
        self.memory = self._memory = memory
        self.stack_values = stack.values
        self.code = _CodeStream(self.msg.code)
        self.memory_write = memory.write
        self.memory_read_bytes = memory.read_bytes
        self.memory_copy = memory.copy
        self.stack_swap = stack.swap
        self.stack_dup = stack.dup
        self.stack_pop_ints = stack.pop_ints
        self.stack_pop_bytes = stack.pop_bytes
        self.stack_pop_any = stack.pop_any
        self.stack_pop1_int = stack.pop1_int
        self.stack_pop1_bytes = stack.pop1_bytes
        self.stack_pop1_any = stack.pop1_any
        self.stack_push_int = stack.push_int
        self.stack_push_bytes = stack.push_bytes

    @cached_property
    def jump_destinations(self) -> frozenset[int]:
        return self.state.code_analysis.jump_destinations(self.msg.code)

    # What opcodes do to the world.

    @property
    def contracts_created(self) -> Mapping[Address, bool]:
        """Of this transaction (EIP-6780)."""
        return self.state.contracts_created

    @property
    def beneficiaries(self) -> list[Address]:
        """py-evm appends here for its sweep; our journal knows already."""
        return []

    def register_account_for_deletion(self, beneficiary: Address) -> None:
        if self.state.destroy(self.msg.storage_address):
            self.state.refund += self.state.rules.row.self_destruct_refund

    def add_log_entry(self, account: Address, topics: tuple[int, ...], data: bytes) -> None:
        words = tuple(Hash32(topic.to_bytes(32, "big")) for topic in topics)
        self.state.logs.append(Log(account, words, data))

    def prepare_child_message(
        self, gas: int, to: Address, value: int, data: bytes, code: bytes, **more: Any
    ) -> FrameMessage:
        more.setdefault("sender", self.msg.storage_address)
        # A frame inside a static one is static, a creation never gets there.
        return FrameMessage(
            gas=gas, to=to, value=value, data=data, code=code, depth=self.msg.depth + 1, **more
        )

    def apply_child_computation(self, message: FrameMessage) -> "Frame":
        if message.is_create:
            child = execute_creation(self.state, message, self.transaction_context)
            is_revert = child.is_error and not child.should_erase_return_data
            self.return_data = child.output if is_revert else b""
        else:
            child = execute_call(self.state, message, self.transaction_context)
            self.return_data = child.output
        return child


def execute_call(state: "EvmState", message: FrameMessage, context: TransactionContext) -> Frame:
    """Transfer the value and run the code or precompile; a failure leaves no trace but its gas."""
    if state.tracing is not None:
        return state.tracing.call(message, context)
    return run_call(Frame(state, message, context))


def run_call(frame: Frame) -> Frame:
    """`execute_call` in a frame of the caller's; returns it."""
    state, message = frame.state, frame.msg
    snapshot = state.snapshot()
    try:
        _transfer_value(state, message)
        state.touch_account(message.storage_address)
        precompile = state.precompiles.get(message.code_address)
        # Delegated code (EIP-7702) is run as it stands, a precompile's too (facts [O9]).
        if precompile is not None and not message.is_delegation and not message.is_create:
            precompile(frame)
        elif message.code:
            frame.run()
    except VMError as error:
        frame.fail(error)
        state.revert(snapshot)
    return frame


def execute_creation(
    state: "EvmState", message: FrameMessage, context: TransactionContext
) -> Frame:
    """Run init code and keep what it returns as the new account's code."""
    if state.tracing is not None:
        return state.tracing.creation(message, context)
    check_init_code(state, message)
    return run_creation(Frame(state, message, context))


def refuse_creation(state: "EvmState", message: FrameMessage, context: TransactionContext) -> Frame:
    """The outcome of a creation where an account stands already."""
    if state.tracing is not None:
        return state.tracing.refused_creation(message, context)
    frame = Frame(state, message, context)
    frame.fail(AddressCollision())
    return frame


def check_init_code(state: "EvmState", message: FrameMessage) -> None:
    """Raises `InitCodeTooLargeInFrame`."""
    if state.fork >= Fork.SHANGHAI and len(message.code) > INIT_CODE_SIZE_LIMIT:
        raise InitCodeTooLargeInFrame(len(message.code))


def run_creation(frame: Frame) -> Frame:
    """`execute_creation` in a frame of the caller's; returns it."""
    state, message = frame.state, frame.msg
    snapshot = state.snapshot()
    state.mark_created(message.storage_address)
    if state.fork >= Fork.SPURIOUS_DRAGON:
        state.set_nonce(message.storage_address, 1)
    run_call(frame)
    if frame.is_success:
        try:
            _keep_code(frame)
        except VMError as error:
            refused_code = frame.output
            frame.fail(error)
            # go-ethereum shows refused code as the transaction's output; opcodes never see it.
            frame.output = refused_code
    if frame.is_error:
        state.revert(snapshot)
    return frame


def _transfer_value(state: "EvmState", message: FrameMessage) -> None:
    if message.depth > CALL_DEPTH_LIMIT:
        raise StackDepthLimit
    if message.value and message.should_transfer_value:
        if state.get_balance(message.sender) < message.value:
            raise InsufficientFunds
        state.delta_balance(message.sender, -message.value)
        state.delta_balance(message.storage_address, message.value)


def _keep_code(frame: Frame) -> None:
    state, code = frame.state, frame.output
    if state.fork >= Fork.SPURIOUS_DRAGON and len(code) > CODE_SIZE_LIMIT:
        raise CodeTooLarge
    if state.fork >= Fork.LONDON and code[:1] == b"\xef":
        raise ReservedCode
    cost = len(code) * CODE_DEPOSIT_GAS
    if cost > frame.gas_left:
        if state.fork >= Fork.HOMESTEAD:
            raise CodeStoreOutOfGas
        # Frontier keeps the account without code (EIP-2).
        frame.output = b""
        return
    frame.gas_left -= cost
    if code:
        state.set_code(frame.msg.storage_address, code)
