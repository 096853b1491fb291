"""node/supervisor.py: real child processes."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

PROLOGUE = """
import os, signal, sys, time
from node.errors import OperatorError
from node.supervisor import Process, Supervisor

def until_told():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    os.write(1, b"up %d\\n" % os.getpid())  # At once: two children share the pipe.
    while True:
        signal.pause()
"""


def start(body: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROLOGUE + textwrap.dedent(body)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def wait_until_gone(pid: int, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        assert time.monotonic() < deadline, f"{pid} is still there"


def test_a_signal_stops_every_child_quickly() -> None:
    process = start("""
        s = Supervisor([Process("a", until_told), Process("b", until_told)])
        s.start(); sys.exit(s.run())
    """)
    children = [int(line_of(process).split()[1]) for _ in range(2)]
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert time.monotonic() - began < 2
    assert not any(is_alive(pid) for pid in children)


def test_a_child_that_does_not_listen_is_killed_after_the_grace_time() -> None:
    process = start("""
        def deaf():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.write(1, b"up %d\\n" % os.getpid())  # At once: two children share the pipe.
            while True: time.sleep(60)
        s = Supervisor([Process("deaf", deaf)]); s.start(); sys.exit(s.run())
    """)
    pid = int(line_of(process).split()[1])
    began = time.monotonic()
    process.terminate()
    process.wait(10)
    assert time.monotonic() - began < 4
    assert not is_alive(pid)


def test_a_restartable_child_is_started_again_when_killed() -> None:
    process = start("""
        s = Supervisor([Process("rpc", until_told, restarts=True)]); s.start(); sys.exit(s.run())
    """)
    first = int(line_of(process).split()[1])
    os.kill(first, signal.SIGKILL)
    second = int(line_of(process).split()[1])
    assert second != first
    process.terminate()
    assert process.wait(10) == 0


def test_a_child_that_is_ended_is_not_started_again() -> None:
    process = start("""
        s = Supervisor([Process("rpc", until_told, restarts=True), Process("node", until_told)])
        s.on_exit = lambda process, how: s.end("rpc")
        s.start(); sys.exit(s.run())
    """)
    children = {int(line_of(process).split()[1]) for _ in range(2)}
    node = max(children)
    os.kill(node, signal.SIGKILL)
    assert process.wait(10) == 0
    assert not any(is_alive(pid) for pid in children)


def test_a_child_is_named_in_the_list_of_processes() -> None:
    process = start("""
        s = Supervisor([Process("validator-1", until_told)]); s.start(); sys.exit(s.run())
    """)
    child = int(line_of(process).split()[1])
    assert Path(f"/proc/{child}/comm").read_text() == "zerog validator\n"
    process.terminate()
    assert process.wait(10) == 0


def test_an_operator_error_in_a_child_is_one_line_and_exit_code_2() -> None:
    process = start("""
        def fails(): raise OperatorError("x.toml: port: expected a port")
        s = Supervisor([Process("a", fails), Process("b", until_told)]); s.start(); sys.exit(s.run())
    """)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 2
    assert errors == "zerog: x.toml: port: expected a port\n"


def test_a_child_that_is_killed_is_told_of_and_ends_the_others() -> None:
    process = start("""
        s = Supervisor([Process("node", until_told), Process("b", until_told)])
        s.start(); sys.exit(s.run())
    """)
    children = [int(line_of(process).split()[1]) for _ in range(2)]
    os.kill(children[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 1
    assert errors in (
        f"{name} ended (killed by signal 9); the rest is stopped\n" for name in ("node", "b")
    )
    assert not any(is_alive(pid) for pid in children)


def test_children_end_when_the_parent_is_killed() -> None:
    process = start("""
        s = Supervisor([Process("a", until_told)]); s.start(); sys.exit(s.run())
    """)
    child = int(line_of(process).split()[1])
    process.kill()
    process.wait(10)
    wait_until_gone(child)
    assert not is_alive(child)
