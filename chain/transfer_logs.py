"""A tracer that keeps a transaction's logs, and shows moved value as logs too.

eth_simulateV1's `traceTransfers`: value that a call, a creation or a self-destruct moves is a log of the
form of an ERC-20 transfer, from the address that ERC-7528 gives the native token.
"""

from typing import Final

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.engine import Log
from chain.tracer import FrameEnd, FrameStart
from chain.tracing.noop import NoopTracer

NATIVE_TOKEN: Final = Address(b"\xee" * 20)
"""ERC-7528."""
TRANSFER_TOPIC: Final = Hash32(keccak(b"Transfer(address,address,uint256)"))
NumberedLog = tuple[int, Log]
"""A log with its index in its block."""
_KINDS_WITHOUT_TRANSFER: Final = ("CALLCODE", "DELEGATECALL", "STATICCALL")


class TransferLogs(NoopTracer):
    """`chain.tracer.Tracer` of one transaction."""

    def __init__(self, first_index: int, *, shows_transfers: bool) -> None:
        """`first_index`: of the transaction's first log in its block."""
        self._shows_transfers = shows_transfers
        self._frames: list[list[NumberedLog]] = []
        """Of each open frame, so that those of a failed one can go."""
        self.next_index = first_index
        """As in the recorded answers of execution-apis, logs that go take their index with them."""
        self.logs: list[NumberedLog] = []
        """Of the whole transaction, once it has ended."""

    def frame_entered(self, frame: FrameStart) -> None:
        """See `Tracer`."""
        self._frames.append([])
        if self._shows_transfers and frame.value and frame.kind not in _KINDS_WITHOUT_TRANSFER:
            self.log_emitted(_transfer_log(frame.sender, frame.to, frame.value))

    def frame_left(self, end: FrameEnd) -> None:
        """See `Tracer`."""
        logs = self._frames.pop()
        if end.error is None:
            (self._frames[-1] if self._frames else self.logs).extend(logs)

    def log_emitted(self, log: Log) -> None:
        """See `Tracer`."""
        self._frames[-1].append((self.next_index, log))
        self.next_index += 1


def _transfer_log(sender: Address, to: Address, value: int) -> Log:
    topics = (TRANSFER_TOPIC, _topic(sender), _topic(to))
    return Log(NATIVE_TOKEN, topics, value.to_bytes(32, "big"))


def _topic(address: Address) -> Hash32:
    return Hash32(bytes(12) + address)
