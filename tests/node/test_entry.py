"""node/entry.py: signals while the command line is loaded, and after."""

import signal
import subprocess
import sys

INTERRUPTED_WHILE_LOADING = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path, target=None):
        if name == "node.cli":
            os.kill(os.getpid(), signal.SIGINT)
            print("still here")

sys.meta_path.insert(0, Finder())
from node.entry import main
main()
"""
INTERRUPTED_LATER = """
import os, signal
import node.cli

def run():
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        print("handled")
    return 0

node.cli.main = run
from node.entry import main
{before}
main()
"""


def _python(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)


def test_ctrl_c_while_the_command_is_loaded_ends_it_in_silence() -> None:
    ended = _python(INTERRUPTED_WHILE_LOADING)
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")


def test_afterwards_ctrl_c_is_the_command_s_to_handle() -> None:
    assert _python(INTERRUPTED_LATER.format(before="")).stdout == "handled\n"


def test_a_background_job_goes_on_ignoring_ctrl_c() -> None:
    ignoring = "signal.signal(signal.SIGINT, signal.SIG_IGN)"
    ended = _python(INTERRUPTED_LATER.format(before=ignoring))
    assert (ended.returncode, ended.stdout) == (0, "")
