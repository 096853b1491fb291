"""Runs the code of plug-ins, each call in a thread of its own.

How deep Python may recurse depends on how deep the stack is already, and that differs between building a
block, checking it and answering eth_call: a plug-in that recurses nearly too deep would fail on one validator
alone. In a fresh thread every call begins at the same depth, and with the same limit, which libraries set to
what they like when they happen to be imported.
"""

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from precompiles.errors import PrecompileError
from precompiles.plugin import PluginFault

RECURSION_LIMIT: Final = 10_240
"""Python calls inside of one another; py-evm's, so that it is enough for the process's other threads."""
STACK_BYTES: Final = 64 * 2**20
"""Address space, not memory. With the system's 8 MiB a recursion through `sorted(key=…)` ends the process
before it comes to the limit."""
REASON_CHARACTERS_MAX: Final = 300


@dataclass(frozen=True, slots=True)
class PluginCalls:
    """`precompiles.plugin.Runner` of one plug-in."""

    plugin: str
    """Package and version, for reports."""

    def run(self, what: str, work: Callable[[], Any]) -> Any:
        """The result of `work`; raises a `PrecompileError` as it is, anything else as `PluginFault`."""
        results: list[Any] = []
        errors: list[BaseException] = []

        def foreign() -> None:
            limit = sys.getrecursionlimit()
            sys.setrecursionlimit(RECURSION_LIMIT)
            try:
                results.append(work())
            # The edge to foreign code: SystemExit, too, must not end more than this call.
            except BaseException as error:
                errors.append(error)
            finally:
                sys.setrecursionlimit(limit)

        _run_in_thread(foreign)
        if not errors:
            return results[0]
        if isinstance(errors[0], PrecompileError):
            raise errors[0]
        raise PluginFault(f"{self.plugin}, {what}: {_told(errors[0])}") from errors[0]


def _run_in_thread(work: Callable[[], None]) -> None:
    default = threading.stack_size(STACK_BYTES)
    try:
        thread = threading.Thread(target=work, name="plug-in")
        thread.start()
    finally:
        threading.stack_size(default)
    thread.join()


def _told(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:REASON_CHARACTERS_MAX]
    # An exception's own text may be what is broken.
    except Exception:
        return type(error).__name__
