"""4byteTracer: which selectors were called with how many bytes of arguments, and how often."""

from collections import Counter
from typing import Any, Final

from chain.tracer import FrameStart
from chain.tracing.hex_forms import data
from chain.tracing.noop import NoopTracer

SELECTOR_BYTES: Final = 4
CALLS: Final = ("CALL", "CALLCODE", "DELEGATECALL", "STATICCALL")


class FourByteTracer(NoopTracer):
    """Precompiles are passed over but for the outermost call, as in go-ethereum; creations always."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def frame_entered(self, frame: FrameStart) -> None:
        """See `Tracer`."""
        is_outermost = frame.depth == 0
        if len(frame.input) < SELECTOR_BYTES:
            return
        if not is_outermost and (frame.kind not in CALLS or frame.is_precompile):
            return
        selector = frame.input[:SELECTOR_BYTES]
        self._counts[f"{data(selector)}-{len(frame.input) - SELECTOR_BYTES}"] += 1

    def result(self) -> Any:
        """See `NoopTracer`."""
        return dict(self._counts)
