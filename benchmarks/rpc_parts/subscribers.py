"""Many WebSockets, each subscribed to new heads: how soon the first and the last hear of a block.

The listeners are Python's and share the machine, so the figures hold their work too, the same for all.
"""

import asyncio
import statistics
import time
from dataclasses import dataclass

import orjson
from rpc_parts.servers import Server
from websockets.asyncio.client import ClientConnection, connect

OPENED_AT_ONCE = 50
BLOCKS = 10
WAIT_S = 60.0
_SUBSCRIBE = orjson.dumps(
    {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]}
).decode()


@dataclass(frozen=True)
class Heard:
    """Milliseconds from the first listener's notification to the last one's."""

    median_ms: float
    worst_ms: float


def measure(server: Server, count: int) -> Heard:
    """`count` subscribers, `BLOCKS` blocks; raises TimeoutError where one does not hear of a block."""
    return asyncio.run(_measure(server, count))


async def _measure(server: Server, count: int) -> Heard:
    url = f"ws://127.0.0.1:{server.port}"
    connections: list[ClientConnection] = []
    for _ in range(count // OPENED_AT_ONCE):
        connections += await asyncio.gather(*(_subscribed(url) for _ in range(OPENED_AT_ONCE)))
    spreads = []
    for _ in range(BLOCKS):
        listening = asyncio.gather(*(_heard(connection) for connection in connections))
        await asyncio.to_thread(server.mine)
        times = await listening
        spreads.append((max(times) - min(times)) * 1_000)
    await asyncio.gather(*(connection.close() for connection in connections))
    return Heard(statistics.median(spreads), max(spreads))


async def _subscribed(url: str) -> ClientConnection:
    connection = await connect(url, compression=None, ping_interval=None)
    await connection.send(_SUBSCRIBE)
    assert b"result" in await connection.recv(decode=False)
    return connection


async def _heard(connection: ClientConnection) -> float:
    async with asyncio.timeout(WAIT_S):
        message = await connection.recv(decode=False)
    assert b"eth_subscription" in message
    return time.perf_counter()
