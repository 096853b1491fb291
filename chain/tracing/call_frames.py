"""callTracer: frames in frames, with the logs of those that succeeded (eth/tracers/native/call.go)."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from chain.engine import Log
from chain.reverts import revert_reason
from chain.tracer import FrameEnd, FrameStart
from chain.tracing.budget import TraceBudget
from chain.tracing.call_tree import CallNode, CallTreeTracer, FrameLog, in_order
from chain.tracing.context import TraceContext
from chain.tracing.hex_forms import data, quantity

CREATIONS: Final = ("CREATE", "CREATE2")


@dataclass(frozen=True, slots=True)
class CallTracerOptions:
    """go-ethereum's callTracerConfig."""

    only_top_call: bool = False
    with_log: bool = False


class CallTracer(CallTreeTracer):
    """go-ethereum's callTracer."""

    def __init__(
        self, options: CallTracerOptions, context: TraceContext, budget: TraceBudget
    ) -> None:
        super().__init__(budget, context.first_log_index)
        self._options = options
        self._depth = 0

    def frame_entered(self, frame: FrameStart) -> None:
        """See `Tracer`."""
        self._depth += 1
        if self._depth == 1 or not self._options.only_top_call:
            super().frame_entered(frame)

    def frame_left(self, end: FrameEnd) -> None:
        """See `Tracer`."""
        self._depth -= 1
        if self._depth == 0 or not self._options.only_top_call:
            super().frame_left(end)

    def log_emitted(self, log: Log) -> None:
        """See `Tracer`."""
        if self._options.with_log and (self._depth == 1 or not self._options.only_top_call):
            super().log_emitted(log)

    def result(self) -> Any:
        """See `NoopTracer`. Inner frames come encoded: they may be deeper than orjson goes."""
        placed = in_order(self.root)
        inner: list[list[orjson.Fragment]] = [[] for _ in placed]
        for position in range(len(placed) - 1, 0, -1):
            frame = placed[position]
            # Siblings arrive last first.
            calls = inner[position][::-1]
            encoded = orjson.dumps(_frame_json(frame.node, calls, frame.is_undone))
            inner[frame.parent].append(orjson.Fragment(encoded))
        outermost = _frame_json(self.root, inner[0][::-1], placed[0].is_undone)
        # The outermost frame stands for the transaction, intrinsic gas and refunds included.
        outermost["gas"] = quantity(self.message.gas_limit)
        outermost["gasUsed"] = quantity(self.outcome.gas_used)
        return outermost


def _frame_json(node: CallNode, calls: list[orjson.Fragment], is_undone: bool) -> dict[str, Any]:
    start, end = node.start, node.outcome
    frame: dict[str, Any] = {
        "from": data(start.sender),
        "gas": quantity(start.gas),
        "gasUsed": quantity(end.gas_used),
    }
    if end.error is None or start.kind not in CREATIONS:
        frame["to"] = data(start.to)
    frame["input"] = data(start.input)
    if end.output and (end.error is None or end.is_revert):
        frame["output"] = data(end.output)
    if end.error is not None:
        frame["error"] = end.error
        reason = revert_reason(end.output) if end.is_revert else None
        if reason is not None:
            frame["revertReason"] = reason
    if calls:
        frame["calls"] = calls
    if node.logs and not is_undone:
        frame["logs"] = [_log_json(log) for log in node.logs]
    if start.value is not None:
        frame["value"] = quantity(start.value)
    frame["type"] = start.kind
    return frame


def _log_json(placed: FrameLog) -> dict[str, Any]:
    return {
        "address": data(placed.log.address),
        "topics": [data(topic) for topic in placed.log.topics],
        "data": data(placed.log.data),
        "index": quantity(placed.index),
        "position": quantity(placed.position),
    }
