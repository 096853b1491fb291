"""muxTracer: several tracers over one execution."""

from collections.abc import Mapping
from typing import Any

from chain.engine import CallResult, Environment, Log, Message
from chain.tracer import FrameEnd, FrameStart, Step, TracedState
from chain.tracing.noop import NoopTracer


class MuxTracer(NoopTracer):
    """Its result has each tracer's under the tracer's name."""

    def __init__(self, tracers: Mapping[str, NoopTracer]) -> None:
        self._tracers = tracers
        self._listeners = tuple(tracers.values())
        self._step_listeners = tuple(tracer for tracer in self._listeners if tracer.wants_steps)
        self.wants_steps = bool(self._step_listeners)

    def transaction_started(
        self, state: TracedState, environment: Environment, message: Message
    ) -> None:
        """See `Tracer`."""
        for tracer in self._listeners:
            tracer.transaction_started(state, environment, message)

    def transaction_ended(self, result: CallResult) -> None:
        """See `Tracer`."""
        for tracer in self._listeners:
            tracer.transaction_ended(result)

    def frame_entered(self, frame: FrameStart) -> None:
        """See `Tracer`."""
        for tracer in self._listeners:
            tracer.frame_entered(frame)

    def frame_left(self, end: FrameEnd) -> None:
        """See `Tracer`."""
        for tracer in self._listeners:
            tracer.frame_left(end)

    def step_started(self, step: Step) -> None:
        """See `Tracer`."""
        for tracer in self._step_listeners:
            tracer.step_started(step)

    def step_ended(self, cost: int, refund: int, failure: str | None) -> None:
        """See `Tracer`."""
        for tracer in self._step_listeners:
            tracer.step_ended(cost, refund, failure)

    def log_emitted(self, log: Log) -> None:
        """See `Tracer`."""
        for tracer in self._listeners:
            tracer.log_emitted(log)

    def result(self) -> Any:
        """See `NoopTracer`."""
        return {name: tracer.result() for name, tracer in self._tracers.items()}
