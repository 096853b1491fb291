"""uvicorn's server, which would end the process by the signal that it caught; ours returns from `serve`."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator, Sequence

import uvicorn


class SignalledServer(uvicorn.Server):
    """Stops serving at one of `signals`."""

    def __init__(self, config: uvicorn.Config, signals: Sequence[signal.Signals]) -> None:
        super().__init__(config)
        self._signals = signals

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in self._signals:
            loop.add_signal_handler(number, self.stop)
        try:
            yield
        finally:
            for number in self._signals:
                loop.remove_signal_handler(number)

    def stop(self) -> None:
        """What a signal does."""
        self.should_exit = True
