"""Every frame of a transaction with the logs it emitted: what callTracer and its relatives are made of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from chain.engine import CallResult, Environment, Log, Message
from chain.tracer import FrameEnd, FrameStart, TracedState
from chain.tracing.budget import TraceBudget
from chain.tracing.noop import NoopTracer

FRAME_BYTES: Final = 400
"""What a frame without input and output takes as JSON, about."""
DEPTH_BYTES: Final = 4
"""What each level around a frame adds to its place in the tree."""
LOG_BYTES: Final = 450


@dataclass(frozen=True, slots=True)
class FrameLog:
    """A log in its frame."""

    log: Log
    index: int
    """Among the logs of the block that had not been taken back at that moment."""
    position: int
    """How many calls of the frame came before it."""


@dataclass(slots=True)
class CallNode:
    """A frame, what it called, and how it ended."""

    start: FrameStart
    end: FrameEnd | None = None
    calls: "list[CallNode]" = field(default_factory=list)
    logs: list[FrameLog] = field(default_factory=list)

    @property
    def outcome(self) -> FrameEnd:
        """Of a frame that has been left."""
        assert self.end is not None, "the frame is still running"
        return self.end


class CallTreeTracer(NoopTracer):
    """Builds the tree; those who extend it say what it looks like."""

    def __init__(self, budget: TraceBudget, first_log_index: int = 0) -> None:
        self._budget = budget
        self._log_index = first_log_index
        self._open: list[tuple[CallNode, int]] = []
        """Frames not left yet, each with the log index at its start."""
        self._root: CallNode | None = None
        self._message: Message | None = None
        self._result: CallResult | None = None

    @property
    def root(self) -> CallNode:
        assert self._root is not None, "asked for before the transaction ended"
        return self._root

    @property
    def message(self) -> Message:
        assert self._message is not None
        return self._message

    @property
    def outcome(self) -> CallResult:
        assert self._result is not None, "asked for before the transaction ended"
        return self._result

    def transaction_started(
        self, state: TracedState, environment: Environment, message: Message
    ) -> None:
        """See `Tracer`."""
        self._message = message

    def transaction_ended(self, result: CallResult) -> None:
        """See `Tracer`."""
        self._result = result

    def frame_entered(self, frame: FrameStart) -> None:
        """See `Tracer`."""
        place_bytes = DEPTH_BYTES * len(self._open)
        self._budget.spend(FRAME_BYTES + place_bytes + 2 * len(frame.input))
        node = CallNode(frame)
        if self._open:
            self._open[-1][0].calls.append(node)
        else:
            self._root = node
        self._open.append((node, self._log_index))

    def frame_left(self, end: FrameEnd) -> None:
        """See `Tracer`."""
        self._budget.spend(2 * len(end.output))
        node, log_index = self._open.pop()
        node.end = end
        if end.error is not None:
            self._log_index = log_index

    def log_emitted(self, log: Log) -> None:
        """See `Tracer`."""
        self._budget.spend(LOG_BYTES + 2 * len(log.data))
        node = self._open[-1][0]
        node.logs.append(FrameLog(log, self._log_index, len(node.calls)))
        self._log_index += 1


@dataclass(frozen=True, slots=True)
class PlacedNode:
    """A frame and where it is in the tree."""

    node: CallNode
    address: tuple[int, ...]
    """The position among its siblings, level by level; empty for the outermost."""
    parent: int
    """Position of the parent in the list; -1 for the outermost."""
    is_undone: bool
    """It failed, or a frame around it did."""


def in_order(
    root: CallNode, wanted: Callable[[CallNode], bool] = lambda _: True
) -> list[PlacedNode]:
    """Every frame, parents first, without those that are not wanted and what is in them.

    Without recursion: frames may be 1,024 deep.
    """
    found: list[PlacedNode] = []
    waiting: list[tuple[CallNode, tuple[int, ...], int, bool]] = [(root, (), -1, False)]
    while waiting:
        node, address, parent, is_around_undone = waiting.pop()
        is_undone = is_around_undone or node.outcome.error is not None
        position = len(found)
        found.append(PlacedNode(node, address, parent, is_undone))
        calls = [call for call in node.calls if wanted(call)]
        waiting += [
            (call, (*address, index), position, is_undone)
            for index, call in reversed(list(enumerate(calls)))
        ]
    return found
