"""Malformed requests by the thousand at one validator's JSON-RPC: the four go on deciding as before."""

import random
import socket
import threading
import time
from typing import Any

import pytest
from localnet import START_MAX_S, Network, Node, wait_until

pytestmark = pytest.mark.localnet

REQUESTS_PER_S = 2_000
BURST = 20
"""Requests in one write."""
BLOCKS = 30
CHANGE_MAX = 0.20
LOADED_FACTOR = 2
"""Other work on the machine moves the interval by itself; this much more is let pass."""
SHARE_SENT_MIN = 0.75
"""Of the requests, or the machine was too busy to flood anything."""
BODIES = [
    b"", b"{", b"[]", b"null", b"[" * 500, b'{"jsonrpc":"2.0"}', b'{"jsonrpc":"1.0","id":1}',
    b'{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{"to":5}]}',
    b'{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["0xzz",1]}',
    b'{"jsonrpc":"2.0","id":{},"method":"eth_sendRawTransaction","params":["0xff"]}',
    b'{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x02ff"]}',
    b'{"jsonrpc":"2.0","id":1,"method":"nobody_knows","params":{"a":[]}}', b"\xff\xfe\x00" * 40,
]  # fmt: skip


class Flood:
    """Requests at a steady rate over one connection, whose answers are read and thrown away."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=run) for run in (self._send, self._drain)]
        self.sent, self.answers, self._began = 0, 0, time.monotonic()

    def __enter__(self) -> "Flood":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._threads[0].join()
        self.seconds = time.monotonic() - self._began
        self._socket.shutdown(socket.SHUT_RDWR)
        self._threads[1].join()
        self._socket.close()

    def _send(self) -> None:
        chooser = random.Random(7)
        while not self._is_over.is_set():
            self._socket.sendall(b"".join(request(chooser.choice(BODIES)) for _ in range(BURST)))
            self.sent += BURST
            due_s = self._began + self.sent / REQUESTS_PER_S
            self._is_over.wait(max(0.0, due_s - time.monotonic()))

    def _drain(self) -> None:
        tail = b""
        while received := self._socket.recv(1 << 16):
            found = tail + received
            self.answers += found.count(b"HTTP/1.1 200 ")
            assert b"HTTP/1.1 500 " not in found
            tail = found[-12:].replace(b"HTTP/1.1 200 ", b"")


def request(body: bytes) -> bytes:
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def mean_interval_ms(node: Node) -> float:
    """Of the next blocks, by the time that consensus gives them."""
    first = node.height() + 1
    wait_until(lambda: node.height() >= first + BLOCKS, START_MAX_S)
    times = [time_ms(node, height) for height in (first, first + BLOCKS)]
    return (times[1] - times[0]) / BLOCKS


def time_ms(node: Node, height: int) -> int:
    answer: Any = node.rpc.call("zerog_getCertificate", hex(height))
    return int(answer["header"]["timeMs"], 16)


def test_a_flood_of_malformed_requests_slows_no_block(network: Network) -> None:
    victim, witness = network.nodes[1], network.nodes[0]
    network.wait_for_height(3)
    quiet_ms = mean_interval_ms(witness)
    with Flood(victim.port) as flood:
        flooded_ms = mean_interval_ms(witness)
    change = flooded_ms / quiet_ms - 1
    rate = flood.sent / flood.seconds
    print(
        f"{rate:.0f} malformed requests/s for {flood.seconds:.0f} s, {flood.answers} answers; "
        f"block interval {quiet_ms:.0f} ms before, {flooded_ms:.0f} ms meanwhile ({change:+.1%})"
    )
    assert rate >= REQUESTS_PER_S * SHARE_SENT_MIN
    assert change < CHANGE_MAX * LOADED_FACTOR
    assert "Traceback" not in victim.log
    assert victim.rpc.call("eth_chainId")
