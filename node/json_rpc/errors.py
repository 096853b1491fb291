"""What goes wrong, as geth says it: clients parse these codes and texts."""

from typing import Any

from chain.reverts import revert_message

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
    return RpcError(REVERTED, revert_message(output), "0x" + output.hex())


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
