"""Two thousand malformed requests a second at four validators: their blocks come as before."""

import itertools
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from localnet import START_MAX_S, Devnet, Node, wait_until

pytestmark = [pytest.mark.localnet, pytest.mark.alone]

REQUESTS_PER_SECOND = 2_000
TICK_S = 0.01
BLOCK_TIME_S = 1.0
MEASURED_BLOCKS = 12
INTERVAL_CHANGE_MAX = 0.2
RATE_MIN = 0.8
"""Of the rate, what a machine has to bring about for the figures to mean something."""


def well_formed(method: str, params: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()


BODIES = [
    b"",
    b"{",
    b"\xff\xfe\x00",
    b"[" * 2_000,
    b'{"jsonrpc":"2.0"}',
    b'[1,"two",null,{}]',
    b'{"jsonrpc":"2.0","id":{},"method":"eth_blockNumber"}',
    b'{"jsonrpc":"2.0","id":1e400,"method":"eth_blockNumber"}',
    well_formed("eth_noSuchMethod", []),
    well_formed("eth_getBalance", ["0x12", "latest"]),
    well_formed("eth_getLogs", [{"fromBlock": "0xffffffffffffffffff"}]),
    well_formed("eth_call", [{"to": 7}, "latest"]),
    well_formed("eth_sendRawTransaction", ["0x02ff"]),
    well_formed("eth_getBlockByNumber", {"block": "latest"}),
]


def requests() -> Iterator[bytes]:
    """HTTP requests without end, each with another of the bodies."""
    for body in itertools.cycle(BODIES):
        yield (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )


class Flood:
    """One connection to a node, so many requests a second whether they are answered or not."""

    def __init__(self, node: Node, per_second: float) -> None:
        self._connection = socket.create_connection(("127.0.0.1", node.port), timeout=30)
        self._per_tick = round(per_second * TICK_S)
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=run) for run in (self._send, self._receive)]
        self._received = bytearray()
        self.sent = 0

    def __enter__(self) -> "Flood":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._threads[0].join()
        self._connection.shutdown(socket.SHUT_WR)
        self._threads[1].join()
        self._connection.close()

    def _send(self) -> None:
        waiting = requests()
        due = time.monotonic()
        while not self._is_over.is_set():
            self._connection.sendall(b"".join(itertools.islice(waiting, self._per_tick)))
            self.sent += self._per_tick
            due += TICK_S
            time.sleep(max(0.0, due - time.monotonic()))

    def _receive(self) -> None:
        while part := self._connection.recv(1 << 20):
            self._received += part

    @property
    def answered(self) -> int:
        return self._received.count(b"HTTP/1.1 ")

    @property
    def blamed_on_us(self) -> int:
        """Answers that say that the node is at fault."""
        return self._received.count(b"HTTP/1.1 5") + self._received.count(b"-32603")


def seconds_a_block(node: Node) -> float:
    """Over `MEASURED_BLOCKS`, from one block's coming to another's."""
    first = node.height()
    begun, reached = _next_block(node, first)
    ended, last = _next_block(node, reached + MEASURED_BLOCKS - 1)
    return (ended - begun) / (last - reached)


def _next_block(node: Node, above: int) -> tuple[float, int]:
    height = wait_until(lambda: node.height() > above and node.height(), START_MAX_S)
    return time.monotonic(), height


def test_blocks_come_as_before_while_malformed_requests_come_in_thousands(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root = tmp_path_factory.mktemp("flood") / "devnet"
    with Devnet(root, "--block-time", BLOCK_TIME_S) as devnet:
        watched = devnet.nodes[0]
        before = seconds_a_block(watched)
        with ExitStack() as stack:
            rate = REQUESTS_PER_SECOND / len(devnet.nodes)
            floods = [stack.enter_context(Flood(node, rate)) for node in devnet.nodes]
            begun = time.monotonic()
            during = seconds_a_block(watched)
            seconds = time.monotonic() - begun
        after = seconds_a_block(watched)
    sent = sum(flood.sent for flood in floods) / seconds
    answered = sum(flood.answered for flood in floods) / seconds
    print(
        f"\nseconds a block: {before:.3f} before, {during:.3f} under the flood, {after:.3f} after"
    )
    print(f"requests a second: {sent:.0f} sent, {answered:.0f} answered")
    assert not sum(flood.blamed_on_us for flood in floods)
    if sent < RATE_MIN * REQUESTS_PER_SECOND:
        pytest.skip(f"this machine sends {sent:.0f} requests a second, which says too little")
    quiet = (before + after) / 2
    assert abs(during - quiet) < INTERVAL_CHANGE_MAX * quiet
