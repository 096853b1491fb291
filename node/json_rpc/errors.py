"""What goes wrong, as geth says it: clients parse these codes and texts."""

from collections.abc import Mapping
from typing import Any

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
SERVER_ERROR = -32000
"""geth's code for every error of its own that has none."""
TIMED_OUT = -32002
RESPONSE_TOO_LARGE = -32003
LIMIT_EXCEEDED = -32005
REVERTED = 3

_ERROR_SELECTOR = bytes.fromhex("08c379a0")
_PANIC_SELECTOR = bytes.fromhex("4e487b71")
_PANIC_REASONS: Mapping[int, str] = {
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
_WORD = 32


class RpcError(Exception):
    """The error member of an answer."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data

    def encoded(self) -> dict[str, Any]:
        """The object that stands under `error`."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return error


class ParameterError(ValueError):
    """One argument cannot be read; whoever knows its position says which."""


def invalid_params(message: str) -> RpcError:
    """-32602."""
    return RpcError(INVALID_PARAMS, message)


def server_error(message: str) -> RpcError:
    """-32000."""
    return RpcError(SERVER_ERROR, message)


def method_not_found(name: str) -> RpcError:
    """-32601; ethers recognises exactly this text."""
    return RpcError(METHOD_NOT_FOUND, f"the method {name} does not exist/is not available")


def timed_out(limit_ms: int) -> RpcError:
    """A call that ran longer than `--rpc.evmtimeout`."""
    return server_error(f"execution aborted (timeout = {go_duration(limit_ms)})")


def reverted(output: bytes) -> RpcError:
    """Code 3 with the revert data, and its reason in the text where it is a standard one."""
    reason = _revert_reason(output)
    text = "execution reverted" if reason is None else f"execution reverted: {reason}"
    return RpcError(REVERTED, text, "0x" + output.hex())


def go_duration(milliseconds: int) -> str:
    """As Go prints a duration: 5s, 1.5s, 250ms, 1m30s."""
    if milliseconds < 1_000:
        return f"{milliseconds}ms" if milliseconds else "0s"
    minutes, rest = divmod(milliseconds, 60_000)
    seconds = f"{rest / 1_000:.3f}".rstrip("0").rstrip(".") + "s"
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{seconds}"
    return f"{minutes}m{seconds}" if minutes else seconds


def _revert_reason(output: bytes) -> str | None:
    """Of `Error(string)` and `Panic(uint256)`, as geth's abi.UnpackRevert."""
    selector, body = output[:4], output[4:]
    if selector == _ERROR_SELECTOR:
        return _abi_string(body)
    if selector == _PANIC_SELECTOR and len(body) >= _WORD:
        code = int.from_bytes(body[:_WORD], "big")
        return _PANIC_REASONS.get(code, f"unknown panic code: {code:#x}")
    return None


def _abi_string(body: bytes) -> str | None:
    """The one dynamic string that `body` encodes, None where it is cut off."""
    start = int.from_bytes(body[:_WORD], "big") + _WORD
    if len(body) < _WORD or start > len(body):
        return None
    length = int.from_bytes(body[start - _WORD : start], "big")
    if start + length > len(body):
        return None
    return body[start : start + length].decode(errors="replace")
