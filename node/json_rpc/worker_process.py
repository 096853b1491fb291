"""The zygote, which has imported everything and forks workers, and the workers, which can be killed.

Importing py-evm takes more than a second, a fork a few milliseconds: a worker that was killed at
its time limit is replaced at once. The zygote is forked from a process without threads, sockets of
its own or an open database, and so are its workers.
"""

import gc
import logging
import os
import signal
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from node.process_kinship import end_with_parent, name_process

LENGTH_BYTES = 4
"""Of the big-endian length before each job and each answer."""
ANSWER_OK = 0
ANSWER_ERROR = 1
"""First byte of an answer: JSON of the result, or of the error object, follows."""
NICENESS = 10
"""Workers give way to consensus and to the cheap methods."""
SPAWN = b"S"
_STANDARD_ERROR = 2

Handler = Callable[[bytes], tuple[int, bytes]]
"""A job's bytes to the kind of answer and its bytes; never raises."""

_logger = logging.getLogger("zerog.rpc")


@dataclass(frozen=True, slots=True)
class Zygote:
    """The process that forks workers, as its parent sees it."""

    control: socket.socket
    pid: int

    def spawn(self) -> socket.socket:
        """A stream socket to a new worker, whose first four bytes will be its process id.

        Raises `OSError` where the zygote is gone.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self.control, [SPAWN], [theirs.fileno()])
        ours.setblocking(False)
        return ours

    def stop(self) -> None:
        """End it, and with it all workers."""
        self.control.close()
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def start_zygote(prepare: Callable[[], Callable[[], Handler]]) -> Zygote:
    """Fork the zygote.

    `prepare` runs once in the zygote (imports); what it returns runs once in each worker (opens
    the database) and gives the worker's handler.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        _run_child(partial(_zygote, theirs, prepare))
    theirs.close()
    return Zygote(ours, pid)


def _run_child(main: Callable[[], None]) -> NoReturn:
    """Nothing of the parent's (its exit handlers, its stack) may run in a forked child."""
    status = 1
    try:
        main()
        status = 0
    except BaseException:
        _logger.exception("JSON-RPC worker failed")
    finally:
        os._exit(status)


def _zygote(control: socket.socket, prepare: Callable[[], Callable[[], Handler]]) -> None:
    name_process("zerog rpc fork")
    end_with_parent(signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Without this the kernel keeps every ended worker until it is waited for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _let_go_of_sockets(control)
    start = prepare()
    gc.collect()
    # Objects of the imports stay out of the collector's way, so that forks share their pages.
    gc.freeze()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if message != SPAWN:
            return
        connection = socket.socket(fileno=descriptors[0])
        if os.fork() == 0:
            control.close()
            _run_child(partial(_work, connection, start))
        connection.close()


def _let_go_of_sockets(kept: socket.socket) -> None:
    """Close what was inherited, listening sockets above all: the port must be free when we end.

    Their numbers stay taken, by /dev/null: an object that still thinks it owns one may close it or
    write to it, and must not hit the database.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for name in os.listdir("/proc/self/fd"):
        number = int(name)
        if number <= _STANDARD_ERROR or number == kept.fileno():
            continue
        with suppress(OSError):
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                os.dup2(nothing, number)
    os.close(nothing)


def _work(connection: socket.socket, start: Callable[[], Handler]) -> None:
    name_process("zerog rpc call")
    end_with_parent(signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.nice(NICENESS)
    with suppress(ConnectionError):
        connection.sendall(os.getpid().to_bytes(LENGTH_BYTES, "big"))
        handler = start()
        while True:
            job = _received(connection)
            if job is None:
                return
            kind, answer = handler(job)
            head = (len(answer) + 1).to_bytes(LENGTH_BYTES, "big") + bytes([kind])
            connection.sendall(head + answer)


def _received(connection: socket.socket) -> bytes | None:
    """The next job; None where the server has gone."""
    head = _exactly(connection, LENGTH_BYTES)
    return None if head is None else _exactly(connection, int.from_bytes(head, "big"))


def _exactly(connection: socket.socket, length: int) -> bytes | None:
    data = bytearray()
    while len(data) < length:
        chunk = connection.recv(length - len(data))
        if not chunk:
            return None
        data += chunk
    return bytes(data)
