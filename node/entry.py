"""Where `zerog` begins: Ctrl-C while the command is still being loaded ends it without a traceback."""

import signal


def main() -> int:
    """`node.cli.main`; the exit code."""
    is_interruptible = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_interruptible:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from node.cli import main as run

    if is_interruptible:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return run()
