"""Failures of a frame: our own, and go-ethereum's texts for py-evm's."""

from typing import Final

from eth.exceptions import (
    FullStack,
    InsufficientFunds,
    InsufficientStack,
    InvalidInstruction,
    InvalidJumpDestination,
    OutOfBoundsRead,
    OutOfGas,
    Revert,
    StackDepthLimit,
    VMError,
    WriteProtection,
)

EXECUTION_REVERTED: Final = "execution reverted"


class FrameFailure(VMError):
    """Burns all gas; its text is already go-ethereum's."""


class InvalidPrecompileInput(FrameFailure):
    """What a precompile refuses."""


class StackUnderflow(FrameFailure):
    def __init__(self, got: int, expected: int) -> None:
        super().__init__(f"stack underflow ({got} <=> {expected})")


class GasOverflow(FrameFailure):
    """A memory range that 64 bits cannot hold."""

    def __init__(self) -> None:
        super().__init__("gas uint64 overflow")


class CodeStoreOutOfGas(FrameFailure):
    def __init__(self) -> None:
        super().__init__("contract creation code storage out of gas")


class CodeTooLarge(FrameFailure):
    """EIP-170."""

    def __init__(self) -> None:
        super().__init__("max code size exceeded")


class ReservedCode(FrameFailure):
    """EIP-3541."""

    def __init__(self) -> None:
        super().__init__("invalid code: must not begin with 0xef")


class InitCodeTooLargeInFrame(FrameFailure):
    """EIP-3860, of the opcodes."""

    def __init__(self, size: int) -> None:
        super().__init__(f"out of gas: max initcode size exceeded: size {size}")


class AddressCollision(FrameFailure):
    def __init__(self) -> None:
        super().__init__("contract address collision")


_BEFORE_EXECUTION: Final = (
    OutOfGas,
    StackUnderflow,
    FullStack,
    InsufficientStack,
    GasOverflow,
    InitCodeTooLargeInFrame,
)
_REENTRANCY_SENTRY: Final = "Net-metered SSTORE always fails below 2300 gas, per EIP-2200"
_TEXTS: Final = (
    (Revert, EXECUTION_REVERTED),
    (OutOfGas, "out of gas"),
    (InvalidJumpDestination, "invalid jump destination"),
    (WriteProtection, "write protection"),
    (OutOfBoundsRead, "return data out of bounds"),
    (FullStack, "stack limit reached 1024 (1023)"),
    (InsufficientFunds, "insufficient balance for transfer"),
    (StackDepthLimit, "max call depth exceeded"),
    (InsufficientStack, "stack underflow"),
)


def geth_text(error: VMError) -> str:
    """go-ethereum's words for a failure."""
    if isinstance(error, InvalidInstruction):
        return _invalid_opcode_text(error)
    if isinstance(error, OutOfGas) and error.args and error.args[0] == _REENTRANCY_SENTRY:
        return "out of gas: not enough gas for reentrancy sentry"
    for kind, text in _TEXTS:
        if isinstance(error, kind):
            return text
    return str(error)


def prevents_execution(error: VMError) -> bool:
    """Whether go-ethereum finds it before it runs the opcode: too little gas, a stack that does not fit."""
    return isinstance(error, _BEFORE_EXECUTION)


class InvalidOpcode(InvalidInstruction):
    """An opcode that the fork does not have."""

    def __init__(self, opcode: int) -> None:
        super().__init__(opcode)
        self.opcode = opcode


def _invalid_opcode_text(error: InvalidInstruction) -> str:
    if not isinstance(error, InvalidOpcode):
        return "invalid opcode"
    name = "INVALID" if error.opcode == 0xFE else f"opcode {error.opcode:#x} not defined"
    return f"invalid opcode: {name}"
