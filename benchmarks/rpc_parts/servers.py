"""The servers that are compared: our JSON-RPC process over a node without consensus, and anvil.

Both begin with the same accounts and chain id, and make a block when they are told to.
"""

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

CHAIN_ID = 16_601
START_MAX_S = 30.0


class RpcFailed(Exception):
    """An answer with an error."""


class Server:
    """One JSON-RPC endpoint on loopback."""

    def __init__(self, name: str, port: int, process_id: int) -> None:
        self.name, self.port, self._process_id = name, port, process_id
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def call(self, method: str, *params: Any) -> Any:
        body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self._connection.request("POST", "/", body, {"Content-Type": "application/json"})
        answer = orjson.loads(self._connection.getresponse().read())
        if "error" in answer:
            raise RpcFailed(f"{self.name} {method}: {answer['error']}")
        return answer["result"]

    def cpu_s(self) -> float:
        """Seconds of CPU that the process and those that came of it have used."""
        return sum(map(_cpu_s, _with_children(self._process_id)))

    def mine(self) -> None:
        """A block of what is pending."""
        raise NotImplementedError


class Ours(Server):
    """One JSON-RPC process with one worker for calls and one for scans, over `SoloNode`."""

    def __init__(self, node: Any, rpc: Any) -> None:
        super().__init__("zerog", rpc.port, rpc.process.pid)
        self._node = node

    def mine(self) -> None:
        self._node.mine()


class Anvil(Server):
    """anvil with its blocks held back."""

    def mine(self) -> None:
        self.call("evm_mine")


@contextmanager
def anvil(binary: Path) -> Iterator[Anvil]:
    """A running anvil."""
    port = free_port()
    command = [binary, "--port", str(port), "--chain-id", str(CHAIN_ID), "--no-mining", "--silent"]
    with running(command, port) as process_id:
        yield Anvil("anvil", port, process_id)


@contextmanager
def running(command: list[Any], port: int) -> Iterator[int]:
    """A process that listens on `port`; its id."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_MAX_S
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _with_children(process_id: int) -> Iterator[int]:
    yield process_id
    for path in Path(f"/proc/{process_id}/task").glob("*/children"):
        for child in path.read_text().split():
            yield from _with_children(int(child))


def _cpu_s(process_id: int) -> float:
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
