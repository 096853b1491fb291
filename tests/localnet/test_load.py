"""Heavy blocks, endless calls and garbage on the wires: the rest of the network does not notice."""

import random
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from eth_account import Account
from localnet import START_MAX_S, Network, Node, wait_until

from genesis.dev_accounts import dev_accounts
from node.client.json_rpc import RpcClient, RpcError
from node.devnet.settings import DEFAULT_CHAIN_ID, DEFAULT_MNEMONIC

pytestmark = [pytest.mark.localnet, pytest.mark.alone]

ENDLESS_LOOP = "0x5b600056"
"""JUMPDEST, PUSH1 0, JUMP: runs until its gas is used up."""
GWEI = 10**9
ANSWER_MAX_S = 1.0
"""A question about the head, meanwhile, on a machine that may be busy with other things."""
KEYS = [key for _, key in dev_accounts(DEFAULT_MNEMONIC, 3)]


class Latency:
    """How long `eth_blockNumber` takes, asked again and again."""

    def __init__(self, node: Node) -> None:
        self._client = RpcClient("127.0.0.1", node.port)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.seconds: list[float] = []

    def __enter__(self) -> "Latency":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()
        self._client.close()

    def _ask(self) -> None:
        while not self._is_over.wait(0.02):
            begun = time.monotonic()
            self._client.number("eth_blockNumber")
            self.seconds.append(time.monotonic() - begun)

    @property
    def median_ms(self) -> float:
        return statistics.median(self.seconds) * 1_000

    def __str__(self) -> str:
        worst = sorted(self.seconds)[int(len(self.seconds) * 0.99)]
        return (
            f"{len(self.seconds)} asked, median {self.median_ms:.1f} ms, p99 {worst * 1_000:.1f} ms"
        )


@contextmanager
def latencies(nodes: list[Node]) -> Iterator[list[Latency]]:
    measured = [Latency(node) for node in nodes]
    for latency in measured:
        latency.__enter__()
    try:
        yield measured
    finally:
        for latency in measured:
            latency.__exit__()


def test_an_endless_call_is_cut_off_and_nobody_waits_for_it(network: Network) -> None:
    node = network.nodes[0]
    with Latency(node) as idle:
        wait_until(lambda: len(idle.seconds) >= 50, START_MAX_S)
    caller = RpcClient("127.0.0.1", node.port)
    with Latency(node) as busy:
        begun = time.monotonic()
        with pytest.raises(RpcError) as cut:
            caller.call("eth_call", {"data": ENDLESS_LOOP}, "latest")
        taken = time.monotonic() - begun
    caller.close()
    print(f"cut off after {taken:.2f} s; idle: {idle}; meanwhile: {busy}")
    assert cut.value.message == "execution aborted (timeout = 5s)"
    assert 4.5 < taken < 10
    assert statistics.median(busy.seconds) < statistics.median(idle.seconds) + 0.25
    network.wait_for_blocks(2)


def burn(node: Node, key: bytes, gas: int) -> str:
    """A contract creation whose init code never ends: all its gas is used; its hash."""
    account = Account.from_key(key)
    transaction = {
        "type": 2,
        "chainId": DEFAULT_CHAIN_ID,
        "nonce": node.rpc.number("eth_getTransactionCount", account.address, "pending"),
        "gas": gas,
        "maxFeePerGas": 10 * GWEI,
        "maxPriorityFeePerGas": GWEI,
        "value": 0,
        "data": ENDLESS_LOOP,
    }
    raw = bytes(account.sign_transaction(transaction).raw_transaction)
    answer: str = node.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
    return answer


def decide_heavy_block(network: Network, gas: int, seconds: float) -> None:
    """Send it, watch the head meanwhile, see the same receipt everywhere and further blocks."""
    begun = time.monotonic()
    with latencies(network.nodes) as measured:
        transaction_hash = burn(network.nodes[0], KEYS[0], gas)
        receipts: list[Any] = [
            node.rpc.receipt(transaction_hash, seconds) for node in network.nodes
        ]
        taken = time.monotonic() - begun
    print(f"\n{gas / 1e6:.0f} Mgas decided on all nodes {taken:.1f} s after it was sent")
    certificate = network.nodes[0].rpc.call("zerog_getCertificate", receipts[0]["blockNumber"])
    print(f"round {int(certificate['certificate']['round'], 16)}")
    for node, latency in zip(network.nodes, measured, strict=True):
        print(f"{node.name} meanwhile: {latency}")
        assert statistics.median(latency.seconds) < ANSWER_MAX_S
    assert receipts == [receipts[0]] * 4
    assert int(receipts[0]["gasUsed"], 16) == gas
    assert receipts[0]["status"] == "0x0"
    network.wait_for_blocks(3)


def test_a_heavy_block_is_decided_and_the_nodes_answer_meanwhile(network: Network) -> None:
    decide_heavy_block(network, 8_000_000, 120)


def test_a_node_that_executes_a_heavy_block_stops_at_once_and_comes_back(
    network: Network,
) -> None:
    node, others = network.nodes[2], [*network.nodes[:2], network.nodes[3]]
    log_end = len(node.log)
    transaction_hash = burn(network.nodes[0], KEYS[1], 12_000_000)
    time.sleep(1.5)  # Somewhere in the middle of it, wherever that is.
    node.rpc.close()
    assert node.command is not None
    taken = node.command.stop()
    print(f"stopped after {taken:.2f} s")
    assert taken < 3
    assert "did not stop in time" not in node.log[log_end:]
    node.start()
    receipts = [other.rpc.receipt(transaction_hash, 120) for other in others]
    network.wait_for_height(int(receipts[0]["blockNumber"], 16))
    assert node.rpc.call("eth_getTransactionReceipt", transaction_hash) == receipts[0]


@pytest.mark.slow
def test_a_block_of_25_mgas_is_decided(network: Network) -> None:
    decide_heavy_block(network, 25_000_000, 500)


@pytest.mark.parametrize(
    "garbage",
    [
        random.Random(1).randbytes(64 * 1024),
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"\x13/multistream/1.0.0\n" + b"\xff" * 4_096,
        b"\x13/multistream/1.0.0\n\x07/noise\n" + b"\x00\x20" + bytes(32),
        b"",
    ],
    ids=["random bytes", "HTTP", "multistream", "noise", "nothing"],
)
def test_garbage_on_the_peer_port_harms_nobody(network: Network, garbage: bytes) -> None:
    node, port = network.nodes[1], network.p2p_ports[1]
    log_end = len(node.log)
    connections = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(20)]
    for connection in connections:
        try:
            connection.sendall(garbage)
        except ConnectionError:  # Hung up already, which is as good.
            continue
    network.wait_for_blocks(2)
    for connection in connections:
        connection.close()
    network.wait_for_blocks(1)
    assert node.rpc.number("net_peerCount") == 3
    assert "Traceback" not in node.log[log_end:], node.log[log_end:]
