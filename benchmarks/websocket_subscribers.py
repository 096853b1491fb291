"""A thousand WebSockets, each subscribed to new heads: how soon the first and the last hear of a block.

The node behind the JSON-RPC process has a real chain and socket and no consensus; the listeners share
the machine, so the figures hold their work too.
"""

import asyncio
import importlib.util
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.append(sys.path.pop(0))  # `precompiles.py` in this folder would hide the package.

import orjson
from websockets.asyncio.client import ClientConnection, connect

ROOT = Path(__file__).parents[1]
SUBSCRIBERS = 1_000
OPENED_AT_ONCE = 50
BLOCKS = 10
WAIT_S = 30.0
SUBSCRIBE = orjson.dumps(
    {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]}
).decode()
BLOCK_NUMBER = orjson.dumps({"jsonrpc": "2.0", "id": 2, "method": "eth_blockNumber"}).decode()


def load_module(name: str, path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


async def subscribed(url: str) -> ClientConnection:
    connection = await connect(url, compression=None, ping_interval=None)
    await connection.send(SUBSCRIBE)
    assert b"result" in await connection.recv(decode=False)
    return connection


async def heard(connection: ClientConnection, begun: float) -> float:
    """Milliseconds from the block's making to this listener's notification."""
    async with asyncio.timeout(WAIT_S):
        message = await connection.recv(decode=False)
    assert b"eth_subscription" in message
    return (time.perf_counter() - begun) * 1_000


async def measure(node: Any, url: str) -> None:
    begun = time.perf_counter()
    connections: list[ClientConnection] = []
    for _ in range(SUBSCRIBERS // OPENED_AT_ONCE):
        connections += await asyncio.gather(*(subscribed(url) for _ in range(OPENED_AT_ONCE)))
    print(f"{SUBSCRIBERS} subscribers connected in {time.perf_counter() - begun:.1f} s")
    asker = await connect(url, compression=None)
    firsts, lasts, calls = [], [], []
    for _ in range(BLOCKS):
        await asyncio.to_thread(node.mine)
        begun = time.perf_counter()
        await asker.send(BLOCK_NUMBER)
        listening = asyncio.gather(*(heard(connection, begun) for connection in connections))
        await asker.recv()
        calls.append((time.perf_counter() - begun) * 1_000)
        times = await listening
        firsts.append(min(times))
        lasts.append(max(times))
    print(
        f"first subscriber hears after   {statistics.median(firsts):7.1f} ms (median of {BLOCKS})"
    )
    print(
        f"last subscriber hears after    {statistics.median(lasts):7.1f} ms, worst {max(lasts):.1f}"
    )
    print(
        f"eth_blockNumber meanwhile      {statistics.median(calls):7.1f} ms, worst {max(calls):.1f}"
    )
    await asyncio.gather(*(connection.close() for connection in connections), asker.close())


def main() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    solo_node = load_module("solo_node", ROOT / "tests" / "node" / "json_rpc" / "solo_node.py")
    with tempfile.TemporaryDirectory() as folder, solo_node.SoloNode(Path(folder)) as node:
        rpc = node.rpc()
        asyncio.run(measure(node, f"ws://127.0.0.1:{rpc.port}"))
        status = Path(f"/proc/{rpc.process.pid}/status").read_text()
        resident = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        print(f"JSON-RPC process               {int(resident.split()[1]) / 1_024:7.1f} MiB at most")


if __name__ == "__main__":
    main()
