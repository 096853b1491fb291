"""What a failed message says: geth's texts, with the reason that Solidity put into the revert."""

from typing import Final

from chain.engine import CallResult
from chain.query_errors import ExecutionFailed, ExecutionReverted

ERROR_SELECTOR: Final = bytes.fromhex("08c379a0")
"""Error(string)."""
PANIC_SELECTOR: Final = bytes.fromhex("4e487b71")
"""Panic(uint256)."""
PANIC_REASONS: Final = {
    0x00: "generic panic",
    0x01: "assert(false)",
    0x11: "arithmetic underflow or overflow",
    0x12: "division or modulo by zero",
    0x21: "enum overflow",
    0x22: "invalid encoded storage byte array accessed",
    0x31: "out-of-bounds array access; popping on an empty array",
    0x32: "out-of-bounds access of an array or bytesN",
    0x41: "out of memory",
    0x51: "uninitialized function",
}
"""Solidity's panic codes, in geth's words."""
WORD_BYTES: Final = 32


def raise_failure(result: CallResult) -> None:
    """Nothing on success; otherwise `ExecutionReverted` or `ExecutionFailed`."""
    if result.is_revert:
        raise ExecutionReverted(revert_message(result.output), result.output)
    if result.error is not None:
        raise ExecutionFailed(result.error)


def revert_message(output: bytes) -> str:
    """`execution reverted`, and behind a colon the reason where the data holds one."""
    reason = revert_reason(output)
    return "execution reverted" if reason is None else f"execution reverted: {reason}"


def revert_reason(output: bytes) -> str | None:
    """The text of Error(string) or Panic(uint256); None for anything else."""
    selector, arguments = output[:4], output[4:]
    if selector == ERROR_SELECTOR:
        return _string_argument(arguments)
    if selector == PANIC_SELECTOR and len(arguments) >= WORD_BYTES:
        code = int.from_bytes(arguments[:WORD_BYTES], "big")
        return PANIC_REASONS.get(code, f"unknown panic code: {code:#x}")
    return None


def _string_argument(arguments: bytes) -> str | None:
    """The one ABI string in `arguments`, None where it is cut off (geth's abi.UnpackRevert)."""
    start = int.from_bytes(arguments[:WORD_BYTES], "big") + WORD_BYTES
    if len(arguments) < WORD_BYTES or start > len(arguments):
        return None
    length = int.from_bytes(arguments[start - WORD_BYTES : start], "big")
    if start + length > len(arguments):
        return None
    return arguments[start : start + length].decode("utf-8", errors="replace")
