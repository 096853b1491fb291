"""Requests a second against one URL, from another process: `wrk` where Debian's package is installed,
else a client of our own over asyncio and uvloop (run as `http_load.py PORT SECONDS FILE CONNECTIONS`).
"""

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import uvloop

CONNECTIONS = 32

_WRK_SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local file = io.open("{body}", "rb")
wrk.body = file:read("*all")
"""


@dataclass(frozen=True)
class Load:
    """What one run measured."""

    client: str
    requests_per_second: float


def measure(port: int, body: bytes, seconds: int = 3, connections: int = CONNECTIONS) -> Load:
    """Send `body` over and over; every answer is waited for."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "body"
        path.write_bytes(body)
        if shutil.which("wrk"):
            return _with_wrk(port, path, seconds, connections)
        command = [sys.executable, __file__, str(port), str(seconds), str(path), str(connections)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return Load("asyncio and uvloop", float(done.stdout))


def _with_wrk(port: int, body: Path, seconds: int, connections: int) -> Load:
    script = body.with_suffix(".lua")
    script.write_text(_WRK_SCRIPT.replace("{body}", str(body)))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script)]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=True
    )
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    assert "Non-2xx" not in done.stdout, done.stdout
    return Load("wrk, one thread", float(found[1]))


class _Client(asyncio.Protocol):
    """One connection that asks again as soon as it was answered."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._received = b""
        self.answers = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are written to as asyncio's, but are not of its class.
        self._transport = cast(asyncio.Transport, transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, rest = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        found = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        assert found is not None
        if len(rest) >= int(found[1]):
            self.answers += 1
            self._received = b""
            self._transport.write(self._request)


async def _measure(port: int, seconds: float, body: bytes, connections: int) -> float:
    head = (
        f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    loop = asyncio.get_running_loop()
    clients = [_Client(head.encode() + body) for _ in range(connections)]
    begun = time.monotonic()
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)
    await asyncio.sleep(seconds)
    return sum(client.answers for client in clients) / (time.monotonic() - begun)


if __name__ == "__main__":
    port_, seconds_, path_, connections_ = sys.argv[1:5]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        answered = runner.run(
            _measure(int(port_), float(seconds_), Path(path_).read_bytes(), int(connections_))
        )
    print(answered)
