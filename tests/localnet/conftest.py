"""Real processes on loopback: a network of `zerog run` nodes that a test can kill and start again."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from node.demo.client import RpcClient

ZEROG = Path(sys.executable).parent / "zerog"
START_MAX_S = 30.0
STOP_MAX_S = 10.0
POLL_S = 0.05


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, one after the other."""
    for first in range(20_000 + os.getpid() % 10_000, 60_000, count + 7):
        sockets = []
        try:
            for port in range(first, first + count):
                listener = socket.socket()
                sockets.append(listener)
                listener.bind(("127.0.0.1", port))
        except OSError:
            continue
        finally:
            for listener in sockets:
                listener.close()
        return list(range(first, first + count))
    raise AssertionError("no free ports")


class Node:
    """One `zerog run` process and its JSON-RPC client."""

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory
        self.port = port
        self.rpc = RpcClient("127.0.0.1", port)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        path = self.directory.parent / f"{self.directory.name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self, *flags: str) -> None:
        with (self.directory.parent / f"{self.directory.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(ZEROG), "run", "--datadir", str(self.directory), *flags],
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        """SIGKILL to the node process, as a power cut would do; what it forked ends with it."""
        pid = int((self.directory / "LOCK").read_text())
        os.kill(pid, signal.SIGKILL)
        assert self.process is not None
        self.process.wait(STOP_MAX_S)
        self.process = None
        self.rpc.close()

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOP_MAX_S)
            finally:
                self.process.kill()
                self.process = None
        self.rpc.close()

    def height(self) -> int:
        """-1 while nobody answers."""
        try:
            return self.rpc.number("eth_blockNumber")
        except OSError:
            return -1

    def block(self, number: int) -> dict[str, Any]:
        answer: dict[str, Any] = self.rpc.call("eth_getBlockByNumber", hex(number), False)
        return answer


class Network:
    """Validators that share a genesis; made by `zerog init --validators N`."""

    def __init__(self, root: Path, count: int, *flags: str) -> None:
        ports = free_ports(2 * count)
        self.nodes = [Node(root / f"validator-{index}", ports[index]) for index in range(count)]
        done = subprocess.run(
            [str(ZEROG), "init", "--devnet", "--datadir", str(root), "--validators", str(count),
             "--http.port", str(ports[0]), "--p2p.port", str(ports[count]), *flags],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        for node in self.nodes:
            node.start()

    def stop(self) -> None:
        for node in self.nodes:
            if node.process is not None:
                node.process.send_signal(signal.SIGINT)
        for node in self.nodes:
            node.stop()

    def wait_for_height(self, height: int, nodes: list[Node] | None = None) -> None:
        for node in self.nodes if nodes is None else nodes:
            wait_until(
                lambda node=node: node.height() >= height,  # type: ignore[misc]
                START_MAX_S,
                lambda node=node: (
                    f"{node.directory.name} at {node.height()}, want {height}\n"  # type: ignore[misc]
                    + node.log[-3000:]
                ),
            )


def wait_until(
    probe: Callable[[], Any], seconds: float, explain: Callable[[], str] = lambda: "waited too long"
) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        assert time.monotonic() < deadline, explain()
        time.sleep(POLL_S)


def without_colour(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.fixture
def four_validators(tmp_path: Path) -> Iterator[Network]:
    """Four running validators, 0.3 s a block, at height 2 at least."""
    network = Network(tmp_path, 4, "--consensus.block-time", "0.3")
    network.start()
    try:
        network.wait_for_height(2)
        yield network
    finally:
        network.stop()
