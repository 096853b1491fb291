"""Starts processes by forking, restarts what may be restarted, and stops all of them.

The parent imports the heavy libraries once (py-evm and libp2p take 1.8 s and 100 MB) and opens
nothing; each child opens its own database, sockets and threads after the fork.
"""

import logging
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from node.errors import OperatorError
from node.process_kinship import end_with_parent, name_process

STOP_GRACE_S = 2.5
"""From the first signal to a child until it is killed."""
RESTART_PAUSE_S = 1.0
"""Between the death of a restartable child and its next start."""
EXIT_OPERATOR_ERROR = 2
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

logger = logging.getLogger("zerog.supervisor")


@dataclass(frozen=True, slots=True)
class Process:
    """One child: `main` runs in it until a SIGTERM and returns its exit code."""

    name: str
    main: Callable[[], int]
    restarts: bool = False
    """Started anew when it dies, instead of being reported as gone."""


def end_all(process: Process, how: str) -> bool:
    """Say that a child is gone, unless it has said why itself, and have the others stopped."""
    if how != f"exit code {EXIT_OPERATOR_ERROR}":
        logger.error("%s ended (%s); the rest is stopped", process.name, how)
    return True


@dataclass
class Supervisor:
    """Forks the processes and looks after them until `stop` is asked for."""

    processes: Sequence[Process]
    on_exit: Callable[[Process, str], bool] = end_all
    """Called when a child is gone for good; True stops everything."""
    running: dict[int, Process] = field(default_factory=dict)
    exit_code: int = 0
    _due: list[tuple[float, Process]] = field(default_factory=list)
    _stop_asked: bool = False
    _ended: set[str] = field(default_factory=set)
    _wake: tuple[int, int] = (-1, -1)
    """Both ends of the pipe that a signal writes to."""

    def start(self) -> None:
        """Fork every child. From here on a signal asks to stop, so that none is left behind."""
        self._wake = os.pipe()
        os.set_blocking(self._wake[1], False)
        signal.set_wakeup_fd(self._wake[1])
        for number in STOP_SIGNALS:
            signal.signal(number, self._ask_to_stop)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        for process in self.processes:
            if not self._stop_asked:
                self._fork(process)

    def run(self) -> int:
        """Wait for a signal, or a child whose end ends all; then stop the others. The exit code."""
        reader, writer = self._wake
        while not self._stop_asked and (self.running or self._due):
            pause = max(0.0, self._due[0][0] - time.monotonic()) if self._due else None
            readable, _, _ = select.select([reader], [], [], pause)
            if readable:
                os.read(reader, 4096)
            self._start_due()
            self._reap()
        self.stop()
        signal.set_wakeup_fd(-1)
        os.close(reader)
        os.close(writer)
        return self.exit_code

    def stop(self) -> None:
        """End every child: SIGTERM, and SIGKILL for those still there after the grace time."""
        self._due.clear()
        for pid in self.running:
            _send(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_GRACE_S
        while self.running and time.monotonic() < deadline:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid:
                self.running.pop(pid, None)
            else:
                time.sleep(0.01)
        for pid in self.running:
            logger.warning("%s did not stop in time and is killed", self.running[pid].name)
            _send(pid, signal.SIGKILL)
        for pid in list(self.running):
            os.waitpid(pid, 0)
        self.running.clear()

    def end(self, name: str) -> None:
        """Stop the child of that name for good, also one that is restarted otherwise."""
        self._ended.add(name)
        self._due = [(at, process) for at, process in self._due if process.name != name]
        for pid, process in self.running.items():
            if process.name == name:
                _send(pid, signal.SIGTERM)

    def start_again(self, process: Process, pause_s: float) -> None:
        """Fork a child that has ended once more, after so long."""
        self._due.append((time.monotonic() + pause_s, process))
        self._due.sort(key=lambda due: due[0])

    def _ask_to_stop(self, number: int, frame: object) -> None:
        self._stop_asked = True

    def _fork(self, process: Process) -> None:
        def named() -> int:
            name_process(f"zerog {process.name}")
            return process.main()

        self.running[_forked(named)] = process

    def _start_due(self) -> None:
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            self._fork(self._due.pop(0)[1])

    def _reap(self) -> None:
        while self.running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            process = self.running.pop(pid, None)
            if process is None or self._stop_asked or process.name in self._ended:
                continue
            code = os.waitstatus_to_exitcode(status)
            how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
            if process.restarts and code != EXIT_OPERATOR_ERROR:
                logger.error("%s ended (%s) and is started again", process.name, how)
                self.start_again(process, RESTART_PAUSE_S)
            elif self.on_exit(process, how):
                self._stop_asked = True
                self.exit_code = code if code > 0 else 1


def start_apart(main: Callable[[], int]) -> int:
    """Run `main` in a child that the terminal's Ctrl-C does not reach and that ends with us; its pid."""

    def in_own_group() -> int:
        os.setpgid(0, 0)
        return main()

    return _forked(in_own_group)


def run_in_child(work: Callable[[], None]) -> None:
    """Do `work` in a forked process and wait for it; raises the `OperatorError` that ended it there.

    For what must not be open when later children are forked.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        # Ctrl-C reaches it too, and ends it without a word; a batch half done is not kept.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.close(reader)
        os._exit(_work_in_child(work, writer))
    os.close(writer)
    try:
        with os.fdopen(reader) as answer:
            message = answer.read()
    except BaseException:
        _send(pid, signal.SIGKILL)
        raise
    finally:
        _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code == EXIT_OPERATOR_ERROR:
        raise OperatorError(message)
    if code != 0:
        raise RuntimeError(f"a child process failed with {code}")


def _work_in_child(work: Callable[[], None], writer: int) -> int:
    try:
        work()
    except OperatorError as error:
        os.write(writer, str(error).encode())
        return EXIT_OPERATOR_ERROR
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _forked(main: Callable[[], int]) -> int:
    """The new child's pid. A signal that comes meanwhile waits until the child has its own handlers."""
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    pid = os.fork()
    if pid == 0:
        os._exit(_child(main, parent))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    return pid


def _child(main: Callable[[], int], parent: int) -> int:
    """The child's whole life: its signals as a fresh process has them, its errors as one line."""
    signal.set_wakeup_fd(-1)
    for number in (*STOP_SIGNALS, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    # The terminal's Ctrl-C goes to the whole group; only the parent decides when a child ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    _end_with(parent)
    try:
        return main()
    except OperatorError as error:
        print(f"zerog: {error}", file=sys.stderr)
        return EXIT_OPERATOR_ERROR
    except OSError as error:
        if error.filename is None:
            traceback.print_exc()
            return 1
        print(f"zerog: {error.filename}: {error.strerror}", file=sys.stderr)
        return EXIT_OPERATOR_ERROR
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else 0
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _end_with(parent: int) -> None:
    """A parent that died before it could be watched counts too."""
    end_with_parent(signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
