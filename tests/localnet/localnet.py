"""Real processes on loopback: commands and nodes that a test can interrupt, kill and start again."""

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from node.client.json_rpc import RpcClient

ZEROG = Path(sys.executable).parent / "zerog"
MARK = "LOCALNET_RUN"
"""In the environment of whatever a command forks, so that what is left over is found."""
START_MAX_S = 90.0
"""Generous: the machine may be busy with other things. What is measured is printed."""
STOP_MAX_S = 15.0
POLL_S = 0.05
PORT_RANGES = 4
PORT_RANGE = 5_000
BUSY_LOAD_PER_CORE = 2.0
"""Four validators and their tests alone stay below."""


class Command:
    """One `zerog …` in a process group of its own, as a terminal's foreground job."""

    def __init__(
        self, *arguments: object, log: Path, environment: dict[str, str] | None = None
    ) -> None:
        self.mark = uuid.uuid4().hex
        self.log_path = log
        self.began = time.monotonic()
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(ZEROG), *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**users_environment(), **(environment or {}), MARK: self.mark},
                start_new_session=True,
            )
        self.pid = self._process.pid

    @property
    def log(self) -> str:
        """What it has said so far."""
        return self.log_path.read_text(errors="replace")

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    def alive(self) -> list[int]:
        """Process ids of the command and all that came of it."""
        return marked(self.mark)

    def wait(self, seconds: float) -> int:
        """The exit code."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {seconds} s:\n{self.log[-3000:]}") from None

    def interrupt(self) -> None:
        """Ctrl-C: SIGINT to the whole group, as a terminal sends it."""
        os.killpg(self.pid, signal.SIGINT)

    def stop(self) -> float:
        """Ctrl-C; the seconds until it has ended."""
        begun = time.monotonic()
        if self.exit_code is None:
            self.interrupt()
        self.wait(STOP_MAX_S)
        return time.monotonic() - begun

    def is_gone(self, seconds: float = 5.0) -> bool:
        """Nothing is left running, at the latest after so long."""
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_S)
        return True

    def kill(self) -> None:
        """SIGKILL to the command alone, not to what it started."""
        kill_at_once([self.pid])
        self.wait(STOP_MAX_S)

    def destroy(self) -> None:
        """SIGKILL to all that is left: for the end of a test, whatever happened in it."""
        for pid in self.alive():
            kill_at_once([pid])
        self._process.wait()


class Node:
    """One `zerog run` and its JSON-RPC client."""

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory
        self.port = port
        self.rpc = RpcClient("127.0.0.1", port)
        self.command: Command | None = None

    @property
    def name(self) -> str:
        return self.directory.name

    @property
    def log_path(self) -> Path:
        return self.directory.parent / f"{self.name}.log"

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    @property
    def process_id(self) -> int:
        """Of the process that holds the database and takes part in consensus."""
        return int((self.directory / "LOCK").read_text())

    def start(self, *flags: object) -> None:
        self.command = Command("run", "--datadir", self.directory, *flags, log=self.log_path)

    def kill(self) -> None:
        """SIGKILL to the node process, as a power cut would do; see that all of it is gone."""
        kill_at_once([self.process_id])
        self.forget()

    def forget(self) -> None:
        """The node process was killed: what it belonged to ends by itself."""
        assert self.command is not None
        self.command.wait(STOP_MAX_S)
        assert self.command.is_gone(), "something outlived its node"
        self.command = None
        self.rpc.close()

    def stop(self) -> None:
        self.rpc.close()
        if self.command is not None:
            try:
                self.command.stop()
                assert self.command.is_gone(), "something outlived its node"
            finally:
                self.command.destroy()
                self.command = None

    def height(self) -> int:
        """-1 while nobody answers."""
        try:
            return self.rpc.number("eth_blockNumber")
        except OSError:
            return -1

    def is_joined(self) -> bool:
        """Whether its JSON-RPC process has found it: the first block may be there before."""
        return self.rpc.call("zerog_status")["node"] is not None

    def block(self, number: int) -> dict[str, Any]:
        answer: dict[str, Any] = self.rpc.call("eth_getBlockByNumber", hex(number), False)
        return answer


class Network:
    """Validators that share a genesis; made by `zerog init --validators N`."""

    def __init__(self, root: Path, count: int, *flags: object) -> None:
        ports = free_ports(2 * count)
        self.root = root
        self.p2p_ports = ports[count:]
        self.nodes = [Node(root / f"validator-{index}", ports[index]) for index in range(count)]
        zerog("init", "--devnet", "--datadir", root, "--validators", count,
              "--http.port", ports[0], "--p2p.port", ports[count], *flags)  # fmt: skip

    def start(self) -> None:
        for node in self.nodes:
            node.start()

    def stop(self) -> None:
        for node in self.nodes:
            if node.command is not None and node.command.exit_code is None:
                node.command.interrupt()
        for node in self.nodes:
            node.stop()

    def wait_for_height(
        self, height: int, nodes: Sequence[Node] | None = None, seconds: float = START_MAX_S
    ) -> None:
        for node in self.nodes if nodes is None else nodes:
            wait_for_height(node, height, seconds)

    def wait_for_blocks(self, count: int, nodes: Sequence[Node] | None = None) -> int:
        """Until each has so many more than the highest has now; that height."""
        chosen = self.nodes if nodes is None else nodes
        target = max(node.height() for node in chosen) + count
        self.wait_for_height(target, chosen)
        return target


class Devnet:
    """`zerog devnet` with four validators, as the tools' users start it; use it with `with`."""

    def __init__(self, root: Path, *flags: object) -> None:
        ports = free_ports(8)
        self.nodes = [Node(root / f"validator-{index}", ports[index]) for index in range(4)]
        where = ("--datadir", root, "--port", ports[0], "--p2p-port", ports[4])
        self.command = Command("devnet", *where, *flags, log=root.with_suffix(".log"))

    @property
    def url(self) -> str:
        """Of the first validator's JSON-RPC."""
        return f"http://127.0.0.1:{self.nodes[0].port}"

    def __enter__(self) -> "Devnet":
        for node in self.nodes:
            wait_until(
                lambda node=node: node.height() >= 1 and node.is_joined(),  # type: ignore[misc]
                START_MAX_S,
                lambda: self.command.log[-3000:],
            )
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.rpc.close()
        try:
            self.command.stop()
        finally:
            self.command.destroy()


def zerog(*arguments: object) -> str:
    """Run a command that ends by itself and has to succeed; what it says."""
    done = run_zerog(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_zerog(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself."""
    return subprocess.run(
        [str(ZEROG), *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=START_MAX_S,
        env=users_environment(),
    )  # fmt: skip


def users_environment() -> dict[str, str]:
    """As a shell has it: with bytecode kept, since compiling the libraries doubles every start."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def wait_for_height(node: Node, height: int, seconds: float = START_MAX_S) -> None:
    wait_until(
        lambda: node.height() >= height and node.is_joined(),
        seconds,
        lambda: f"{node.name} at {node.height()}, want {height}\n{node.log[-3000:]}",
    )


def wait_until(
    probe: Callable[[], Any], seconds: float, explain: Callable[[], str] = lambda: "waited too long"
) -> Any:
    """The first true answer."""
    deadline = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        assert time.monotonic() < deadline, explain()
        time.sleep(POLL_S)


def seconds_until(probe: Callable[[], Any], seconds: float, what: str) -> float:
    """How long it took, which is printed too."""
    begun = time.monotonic()
    wait_until(probe, seconds, lambda: f"no {what} within {seconds} s")
    taken = time.monotonic() - begun
    print(f"{what}: {taken:.2f} s")
    return taken


def allowed_s(promised_s: float) -> float:
    """What is promised of a machine that does nothing else; one busy with other things has to get there."""
    is_busy = os.getloadavg()[0] > BUSY_LOAD_PER_CORE * (os.cpu_count() or 1)
    return START_MAX_S if is_busy else promised_s


def kill_at_once(process_ids: Sequence[int]) -> None:
    """SIGKILL to each."""
    for process_id in process_ids:
        try:
            os.kill(process_id, signal.SIGKILL)
        except ProcessLookupError:
            continue


def children_of(process_id: int) -> list[int]:
    """Its child processes."""
    text = Path(f"/proc/{process_id}/task/{process_id}/children").read_text()
    return [int(part) for part in text.split()]


def marked(mark: str) -> list[int]:
    """Living processes with that mark in their environment."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if wanted in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, one after the other, below those the system gives away.

    Each of pytest's workers has a range of its own: who found ports has not bound them yet.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    start = 12_000 + worker % PORT_RANGES * PORT_RANGE
    for first in range(start + os.getpid() * 61 % (PORT_RANGE // 2), start + PORT_RANGE, count + 7):
        sockets = []
        try:
            for port in range(first, first + count):
                listener = socket.socket()
                sockets.append(listener)
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(("127.0.0.1", port))
        except OSError:
            continue
        finally:
            for listener in sockets:
                listener.close()
        return list(range(first, first + count))
    raise AssertionError("no free ports")
