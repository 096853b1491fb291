"""The Unix socket between a node (trio) and its JSON-RPC process (asyncio), both ends for real."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio

from node.local_client import OUTSTANDING_MAX, NodeClient
from node.local_socket import (
    FRAME_BYTES_MAX,
    Accepted,
    LocalSocketServer,
    NodeBusy,
    NodeNotRunning,
    NodeStatus,
    PoolContent,
    Refused,
    SubmitResult,
)


class FakeNode:
    """A pool that takes everything but the transaction `bad`."""

    def __init__(self) -> None:
        self.frames: list[int] = []
        self.gate: trio.Event | None = None

    async def submit_transactions(self, encoded: list[bytes]) -> list[SubmitResult]:
        self.frames.append(len(encoded))
        return [Refused("nonce too low") if e == b"bad" else Accepted(e * 2) for e in encoded]

    async def pending_nonce(self, address: bytes) -> int | None:
        return {b"\x01" * 20: 7}.get(address)

    async def pending_transaction(self, transaction_hash: bytes) -> bytes | None:
        if transaction_hash == b"bug":
            raise ZeroDivisionError
        return {b"\x02" * 32: b"encoded"}.get(transaction_hash)

    async def pool_content(self) -> PoolContent:
        return PoolContent([b"a", b"b"], [b"c"])

    async def status(self) -> NodeStatus:
        if self.gate is not None:
            await self.gate.wait()
        return NodeStatus(height=5, peers=3, highest_known=9, consensus={"round": 2})


class RunningNode:
    """A server in its own thread; `call` runs something on its trio loop."""

    def __init__(self, path: Path) -> None:
        self.node = FakeNode()
        self.server = LocalSocketServer(path, self.node)
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: trio.run(self._main))

    async def _main(self) -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(self.server.serve)
            self.token = trio.lowlevel.current_trio_token()
            self.scope = nursery.cancel_scope
            self._started.set()

    def __enter__(self) -> "RunningNode":
        self._thread.start()
        assert self._started.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        trio.from_thread.run_sync(self.scope.cancel, trio_token=self.token)
        self._thread.join(5)
        assert not self._thread.is_alive()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "node.sock"


@contextmanager
def client_of(path: Path) -> Iterator[tuple[NodeClient, asyncio.Runner]]:
    with asyncio.Runner() as runner:
        client = NodeClient(path)
        runner.run(client.start())
        try:
            yield client, runner
        finally:
            runner.run(client.stop())


async def until_disconnected(client: NodeClient) -> None:
    async with asyncio.timeout(5):
        while client.is_connected:
            await asyncio.sleep(0.01)


async def until_connected(client: NodeClient) -> None:
    async with asyncio.timeout(5):
        while not client.is_connected:
            await asyncio.sleep(0.01)


def test_every_question_is_answered(path: Path) -> None:
    with RunningNode(path), client_of(path) as (client, runner):

        async def ask() -> None:
            assert await client.submit_transaction(b"good") == Accepted(b"goodgood")
            assert await client.submit_transaction(b"bad") == Refused("nonce too low", -32000)
            assert await client.pending_nonce(b"\x01" * 20) == 7
            assert await client.pending_nonce(b"\x09" * 20) is None
            assert await client.pending_transaction(b"\x02" * 32) == b"encoded"
            assert await client.pending_transaction(b"\x03" * 32) is None
            assert await client.pool_content() == PoolContent([b"a", b"b"], [b"c"])
            status = await client.status()
            assert (status.height, status.peers, status.consensus) == (5, 3, {"round": 2})

        runner.run(ask())


def test_submissions_of_one_moment_travel_together_and_keep_their_order(path: Path) -> None:
    with RunningNode(path) as running, client_of(path) as (client, runner):

        async def submit() -> list[SubmitResult]:
            return await asyncio.gather(
                *(client.submit_transaction(b"%04d" % number) for number in range(300))
            )

        results = runner.run(submit())
        assert results == [Accepted(b"%04d" % number * 2) for number in range(300)]
        assert running.node.frames == [128, 128, 44]


def test_without_a_node_every_question_fails_at_once(path: Path) -> None:
    with client_of(path) as (client, runner):
        with pytest.raises(NodeNotRunning, match="node is not running"):
            runner.run(client.submit_transaction(b"x"))
        with pytest.raises(NodeNotRunning):
            runner.run(client.status())


def test_the_client_comes_back_when_the_node_does(path: Path) -> None:
    with RunningNode(path), client_of(path) as (client, runner):
        assert runner.run(client.status()).height == 5
    with client_of(path) as (client, runner):
        with RunningNode(path):
            runner.run(until_connected(client))
            assert runner.run(client.status()).height == 5
        runner.run(until_disconnected(client))
        with pytest.raises(NodeNotRunning):
            runner.run(client.status())
        with RunningNode(path):
            runner.run(until_connected(client))
            assert runner.run(client.status()).height == 5


def test_a_question_under_way_fails_when_the_node_stops(path: Path) -> None:
    with client_of(path) as (client, runner):
        running = RunningNode(path)
        running.node.gate = trio.Event()
        with running:
            runner.run(until_connected(client))
            question = runner.get_loop().create_task(client.status())
            runner.run(asyncio.sleep(0))
        with pytest.raises(NodeNotRunning):
            runner.run(asyncio.wait_for(question, 5))


def test_a_client_may_not_ask_without_end(path: Path) -> None:
    running = RunningNode(path)
    running.node.gate = trio.Event()
    with running, client_of(path) as (client, runner):

        async def flood() -> None:
            questions = [asyncio.create_task(client.status()) for _ in range(OUTSTANDING_MAX)]
            await asyncio.sleep(0)
            with pytest.raises(NodeBusy):
                await client.status()
            for question in questions:
                question.cancel()
            await asyncio.gather(*questions, return_exceptions=True)

        runner.run(flood())


def test_a_bug_met_by_one_question_does_not_end_the_node(path: Path) -> None:
    with RunningNode(path), client_of(path) as (client, runner):
        with pytest.raises(NodeBusy):
            runner.run(client.pending_transaction(b"bug"))
        assert runner.run(client.status()).height == 5


@pytest.mark.parametrize(
    "garbage",
    [
        (FRAME_BYTES_MAX + 1).to_bytes(4, "big"),
        b"\x00\x00\x00\x03[1]",
        b"\x00\x00\x00\x03{{{",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_garbage_ends_its_connection_and_nothing_else(path: Path, garbage: bytes) -> None:
    with RunningNode(path), client_of(path) as (client, runner):
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.settimeout(5)
            stranger.connect(str(path))
            stranger.sendall(garbage)
            assert stranger.recv(1) == b""
        assert runner.run(client.status()).height == 5


def test_heads_are_announced(path: Path) -> None:
    with RunningNode(path) as running, client_of(path) as (client, runner):
        runner.run(client.status())
        trio.from_thread.run_sync(
            running.server.announce_head, 12, b"\x0c" * 32, trio_token=running.token
        )
        runner.run(client.status())
        assert client.announced_head == 12


def test_only_its_owner_may_use_the_socket(path: Path) -> None:
    with RunningNode(path):
        assert path.stat().st_mode & 0o777 == 0o600
    assert not path.exists()
