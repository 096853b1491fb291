"""What a forked process tells Linux of itself: its name in `ps -e` and `top`, and to end with its parent."""

import ctypes
import signal
from typing import Final

# Linux, include/uapi/linux/prctl.h.
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15
NAME_BYTES_MAX: Final = 15


def name_process(name: str) -> None:
    """Show the process as `name`, cut to 15 bytes; the command line stays what it was."""
    _prctl(_PR_SET_NAME, ctypes.c_char_p(name.encode()[:NAME_BYTES_MAX]))


def end_with_parent(number: signal.Signals) -> None:
    """Have the kernel send that signal when the parent dies, so that nothing is left running."""
    _prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(number))


def _prctl(option: int, argument: "ctypes.c_char_p | ctypes.c_ulong") -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, argument, 0, 0, 0)
