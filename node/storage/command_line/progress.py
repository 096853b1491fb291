"""Progress bars on a terminal's stderr; elsewhere a line when something is done."""

import sys
import time
from dataclasses import dataclass, field
from typing import TextIO

BAR_WIDTH = 30
REDRAW_S = 0.1
MEGABYTE = 1_000_000


@dataclass
class ProgressBar:
    """A bar for each thing done in turn; call it with the bytes done and in all."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    _what: str = ""
    _began: float = 0.0
    _drawn: float = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if what != self._what:
            self._what, self._began, self._drawn = what, now, 0.0
        is_end = done >= total
        is_terminal = self.stream.isatty()
        if not is_end and (not is_terminal or now - self._drawn < REDRAW_S):
            return
        self._drawn = now
        line = self._line(done, total, now - self._began)
        self.stream.write(f"\r{line}" if is_terminal else line)
        if is_end:
            self.stream.write("\n")
        self.stream.flush()

    def _line(self, done: int, total: int, seconds: float) -> str:
        filled = BAR_WIDTH * done // total
        bar = "#" * filled + "·" * (BAR_WIDTH - filled)
        rate = f", {done / seconds / MEGABYTE:.1f} MB/s" if seconds > REDRAW_S else ""
        return f"{self._what:<12} [{bar}] {100 * done // total:3} % of {total:,} bytes{rate}"
