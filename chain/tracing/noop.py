"""noopTracer: listens to nothing, answers an empty object; the other tracers override what they need."""

from typing import Any

from chain.engine import CallResult, Environment, Log, Message
from chain.tracer import FrameEnd, FrameStart, Step, TracedState


class NoopTracer:
    """A `chain.tracer.Tracer`, and how all of them give their result."""

    wants_steps = False

    def transaction_started(
        self, state: TracedState, environment: Environment, message: Message
    ) -> None:
        """See `Tracer`."""

    def transaction_ended(self, result: CallResult) -> None:
        """See `Tracer`."""

    def frame_entered(self, frame: FrameStart) -> None:
        """See `Tracer`."""

    def frame_left(self, end: FrameEnd) -> None:
        """See `Tracer`."""

    def step_started(self, step: Step) -> None:
        """See `Tracer`."""

    def step_ended(self, cost: int, refund: int, failure: str | None) -> None:
        """See `Tracer`."""

    def log_emitted(self, log: Log) -> None:
        """See `Tracer`."""

    def result(self) -> Any:
        """After the transaction: what orjson can write."""
        return {}
