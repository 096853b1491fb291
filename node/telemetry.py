"""Logging set-up: one line a record, as text for people or JSON for machines."""

import logging
import sys
import time
from pathlib import Path

import orjson


class TextFormat(logging.Formatter):
    """`21:30:12.345 INFO  consensus  message`, times in UTC."""

    def __init__(self, node: str) -> None:
        super().__init__()
        self._node = f"{node} " if node else ""

    def format(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%H:%M:%S", time.gmtime(record.created))
        part = record.name.removeprefix("zerog.")
        line = (
            f"{clock}.{int(record.msecs):03d} {record.levelname:<7} {self._node}{part:<10} "
            f"{record.getMessage()}"
        )
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class JsonFormat(logging.Formatter):
    """One JSON object a line: time, level, node, part, message, and the error if there is one."""

    def __init__(self, node: str) -> None:
        super().__init__()
        self._node = node

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": record.created,
            "level": record.levelname.lower(),
            "part": record.name.removeprefix("zerog."),
            "message": record.getMessage(),
        }
        if self._node:
            entry["node"] = self._node
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return orjson.dumps(entry).decode()


def start_logging(
    level: str, style: str, *, node: str = "", file: Path | None = None, is_shown: bool = True
) -> None:
    """Send this process's log to `file`, to the terminal (stderr), or to both.

    Libraries speak from warnings on; `level` is for our own loggers, those under `zerog`. `node`
    is put before each line where several nodes share a terminal.
    """
    handlers: list[logging.Handler] = []
    if file is not None:
        handlers.append(logging.FileHandler(file))
    if is_shown:
        handlers.append(logging.StreamHandler(sys.stderr))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    for handler in handlers:
        handler.setFormatter(JsonFormat(node) if style == "json" else TextFormat(node))
        root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("zerog").setLevel(level.upper())
    # py-libp2p reports a peer that hangs up as an error of its own; ours say who was dropped, why.
    logging.getLogger("libp2p").setLevel(logging.CRITICAL)
