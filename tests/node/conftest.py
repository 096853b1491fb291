"""Several consensus hosts in one trio run: over memory or over real libp2p hosts on loopback."""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trio
from trio.testing import memory_stream_pair

from consensus.block_parts import assemble_block
from consensus.certificates import check_certificate
from consensus.errors import InvalidCertificate
from consensus.header import ConsensusBlock
from consensus.journal_file import Journal
from consensus.sign_state import SIGN_STATE_NAME, SignState, sign_state_text
from consensus.signatures import public_key_of, recover
from consensus.timeouts import Timeouts
from consensus.validators import ValidatorSet, address_of
from consensus.values import Certificate, Height, Validator, ValidatorAddress
from node.consensus_host import ConsensusHost, ConsensusSettings, wall_clock_ms
from node.consensus_journal import ConsensusJournal
from node.consensus_watch import WatchSettings, watch
from node.durable_files import DiskFiles
from node.network.frames import StreamEnded
from node.network.host import NetworkSettings, PeerNetwork
from node.network.identity import peer_multiaddr
from node.network.interface import PeerName
from node.network.messages import WireMessage
from node.own_messages import Recollection
from node.signing import Signer
from node.sync.catch_up import CatchUp
from node.sync.serve import SyncServer, answer_request

CHAIN = b"\x0c" * 32
REAL_NODES_MAX = 6
"""Ports set aside: everybody has all of them in its list of peers."""
FAST = Timeouts(
    propose_ms=300,
    propose_growth_ms=100,
    prevote_ms=100,
    prevote_growth_ms=100,
    precommit_ms=100,
    precommit_growth_ms=100,
    cap_ms=5_000,
)


def secret_of(index: int) -> bytes:
    return bytes([index + 1]) * 32


def validator_at(peer: PeerName) -> ValidatorAddress | None:
    """In memory a peer's name is its index."""
    return address_of(public_key_of(secret_of(int(peer)))) if peer.isdigit() else None


def node_secret_of(index: int) -> bytes:
    return bytes([index + 101]) * 32


def validators_of(count: int) -> ValidatorSet:
    return ValidatorSet.of(
        Validator(public_key_of(secret_of(i)), 1, f"validator-{i}") for i in range(count)
    )


class FakeExecutor:
    """A chain without execution: blocks point to their parents, and are kept in a list."""

    def __init__(self, validators: ValidatorSet, own: int) -> None:
        self._first_validators = validators
        self._own = address_of(public_key_of(secret_of(own)))
        self.committed: list[tuple[ConsensusBlock, Certificate]] = []
        self.block_time_s = 0.0
        self.check_time_s = 0.0
        self.is_corrupt = False
        self.checked: list[bytes] = []
        self.built: list[int] = []

    @property
    def tip(self) -> int:
        return len(self.committed)

    @property
    def next_validators(self) -> ValidatorSet:
        validators = self._first_validators
        for _ in range(self.tip):
            validators = validators.advanced()
        return validators

    async def build(
        self, height: int, round: int, last_certificate: Callable[[], Certificate | None]
    ) -> ConsensusBlock:
        self.built.append(height)
        await trio.sleep(self.block_time_s)
        validators = self.next_validators
        return assemble_block(
            height=Height(height),
            time_ms=wall_clock_ms(),
            proposer=self._own,
            parent_hash=self._parent_hash(),
            validators=validators,
            next_validators=validators.advanced(),
            last_certificate=last_certificate(),
            evidence=(),
            payload=b"payload %d" % height,
        )

    async def check(self, block: ConsensusBlock) -> str | None:
        self.checked.append(block.header.hash)
        await trio.sleep(self.check_time_s)
        if self.is_corrupt:
            return "state root ab, header says cd"
        if block.header.parent_hash != self._parent_hash():
            return "another parent"
        if self.tip and block.last_certificate is None:
            return "no certificate of the parent"
        if block.last_certificate is not None:
            try:
                parents = self._first_validators
                check_certificate(block.last_certificate, parents, CHAIN, recover)
            except InvalidCertificate as error:
                return str(error)
        return None

    async def commit(self, block: ConsensusBlock, certificate: Certificate) -> ValidatorSet:
        assert block.header.height == self.tip + 1
        await trio.lowlevel.checkpoint()
        self.committed.append((block, certificate))
        return self.next_validators

    def stored(self, height: int) -> tuple[ConsensusBlock, Certificate] | None:
        return self.committed[height - 1] if 1 <= height <= self.tip else None

    def _parent_hash(self) -> bytes:
        return self.committed[-1][0].header.hash if self.committed else CHAIN


class MemoryHub:
    """Links between hosts in memory, in order, that can be cut."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery
        self._hosts: dict[PeerName, ConsensusHost] = {}
        self._lines: dict[
            tuple[PeerName, PeerName], trio.MemorySendChannel[tuple[str, object]]
        ] = {}
        self.cut: set[PeerName] = set()
        self.dropped: list[tuple[PeerName, PeerName, str]] = []
        self.lose: Callable[[PeerName, PeerName, object], bool] = lambda *_: False

    async def join(self, name: PeerName, host: ConsensusHost) -> None:
        for other, other_host in self._hosts.items():
            self._lay(name, other, other_host)
            self._lay(other, name, host)
            await host.peer_joined(other, 0)
            await other_host.peer_joined(name, 0)
        self._hosts[name] = host

    async def leave(self, name: PeerName) -> None:
        del self._hosts[name]
        for other, host in self._hosts.items():
            self._lines.pop((name, other), None)
            self._lines.pop((other, name), None)
            await host.peer_left(name)

    def drop(self, at: PeerName, peer: PeerName, reason: str) -> None:
        self.dropped.append((at, peer, reason))
        self._lines.pop((at, peer), None)
        self._lines.pop((peer, at), None)

    def deliver(self, sender: PeerName, to: PeerName, message: WireMessage) -> None:
        line = self._lines.get((sender, to))
        if line is None or {sender, to} & self.cut or self.lose(sender, to, message):
            return
        line.send_nowait(message)

    def open_stream(self, name: PeerName, peer: PeerName) -> "MemoryStream":
        if (name, peer) not in self._lines or {name, peer} & self.cut:
            raise StreamEnded("cut")
        near, far = memory_stream_pair()
        stored = self._hosts[peer]._executor.stored
        self._nursery.start_soon(answer_request, MemoryStream(far), stored)
        return MemoryStream(near)

    def others(self, name: PeerName) -> list[PeerName]:
        return [other for other in self._hosts if other != name]

    def _lay(self, sender: PeerName, to: PeerName, host: ConsensusHost) -> None:
        send, receive = trio.open_memory_channel(10_000)
        self._lines[sender, to] = send
        self._nursery.start_soon(self._pump, sender, host, receive)

    async def _pump(self, sender: PeerName, host: ConsensusHost, line) -> None:
        async for message in line:
            await host.received(sender, message)


class MemoryStream:
    """A `ByteStream` over trio's stream in memory."""

    def __init__(self, stream: trio.StapledStream) -> None:
        self._stream = stream

    async def read(self, n: int | None = None) -> bytes:
        return await self._stream.receive_some(n)

    async def write(self, data: bytes) -> None:
        await self._stream.send_all(data)

    async def close(self) -> None:
        await self._stream.send_eof()


class MemoryNetwork:
    """One host's `ConsensusNetwork` over the hub."""

    def __init__(self, hub: MemoryHub, name: PeerName) -> None:
        self._hub, self._name = hub, name

    def broadcast(self, message: WireMessage) -> None:
        for other in self._hub.others(self._name):
            self.send(other, message)

    def send(self, peer: PeerName, message: WireMessage) -> None:
        self._hub.deliver(self._name, peer, message)

    def drop(self, peer: PeerName, reason: str) -> None:
        self._hub.drop(self._name, peer, reason)

    async def open_stream(self, peer: PeerName, protocol: str) -> "MemoryStream":
        return self._hub.open_stream(self._name, peer)


@dataclass
class Node:
    """One node of a cluster; `executor` and the folder outlive a restart."""

    index: int
    name: PeerName
    folder: Path
    executor: FakeExecutor
    host: ConsensusHost
    scope: trio.CancelScope = field(default_factory=trio.CancelScope)
    ended: trio.Event = field(default_factory=trio.Event)
    network: PeerNetwork | None = None
    memory: MemoryNetwork | None = None

    def hashes(self) -> list[bytes]:
        return [block.header.hash for block, _ in self.executor.committed]


class Cluster:
    """Starts, kills and restarts nodes; `is_real` puts libp2p between them."""

    def __init__(self, folder: Path, nursery: trio.Nursery, count: int, *, is_real: bool) -> None:
        self._folder = folder
        self._nursery = nursery
        self.validators = validators_of(count)
        self.is_real = is_real
        self.hub = MemoryHub(nursery)
        self.nodes: dict[int, Node] = {}
        self._ports = _free_ports(REAL_NODES_MAX) if is_real else []
        self.executors: dict[int, FakeExecutor] = {}
        self.timeouts = FAST
        self.loss_accepted: set[int] = set()
        """Whose operators said so."""

    def addresses_but(self, index: int) -> tuple[str, ...]:
        return tuple(
            peer_multiaddr("127.0.0.1", port, node_secret_of(i))
            for i, port in enumerate(self._ports)
            if i != index
        )

    def executor(self, index: int) -> FakeExecutor:
        if index not in self.executors:
            self.executors[index] = FakeExecutor(self.validators, index)
        return self.executors[index]

    def new_network(self, index: int, chain: bytes = CHAIN) -> PeerNetwork:
        settings = NetworkSettings(
            node_secret_of(index),
            "127.0.0.1",
            self._ports[index],
            self.addresses_but(index),
            chain,
            "test",
        )
        return PeerNetwork(settings, lambda: self.executor(index).tip)

    def make_host(self, index: int, network: object, *, is_validator: bool = True) -> ConsensusHost:
        folder = self._folder / str(index)
        if not folder.exists():
            DiskFiles(folder).replace(SIGN_STATE_NAME, sign_state_text())
        signer = Signer(secret_of(index), SignState(DiskFiles(folder), CHAIN))
        journal = ConsensusJournal(Journal(DiskFiles(folder), CHAIN))
        settings = ConsensusSettings(CHAIN, self.timeouts)
        own = signer if is_validator else None
        recollection = Recollection(
            signer, CHAIN, network, validator_at, is_loss_accepted=index in self.loss_accepted
        )
        return ConsensusHost(
            settings,
            self.executor(index),
            journal,
            own,
            network,
            recollection=recollection if is_validator else None,
        )

    async def start(self, *indexes: int, is_validator: bool = True) -> None:
        for index in indexes:
            name = str(index)
            network = self.new_network(index) if self.is_real else MemoryNetwork(self.hub, name)
            host = self.make_host(index, network, is_validator=is_validator)
            node = Node(index, name, self._folder / name, self.executor(index), host)
            if isinstance(network, PeerNetwork):
                node.network, node.name = network, network.own_name
            else:
                node.memory = network
            self.nodes[index] = node
            await self._nursery.start(self._run, node)

    async def kill(self, index: int) -> None:
        """As if the process died: nothing is finished."""
        node = self.nodes.pop(index)
        if not self.is_real:
            await self.hub.leave(node.name)
        node.scope.cancel()
        with trio.fail_after(5):
            await node.ended.wait()

    async def _run(self, node: Node, task_status=trio.TASK_STATUS_IGNORED) -> None:
        with node.scope:
            async with trio.open_nursery() as nursery:
                if node.network is not None:
                    SyncServer(node.network, node.executor.stored)
                    await nursery.start(node.host.run)
                    await nursery.start(node.network.run, node.host)
                    nursery.start_soon(CatchUp(node.host, node.network).run)
                else:
                    await nursery.start(node.host.run)
                    await self.hub.join(node.name, node.host)
                    nursery.start_soon(CatchUp(node.host, node.memory).run)
                nursery.start_soon(watch, node.host, WatchSettings(block_time_s=0))
                task_status.started()
        node.ended.set()

    async def wait_for_height(self, height: int, *indexes: int, timeout_s: float = 40) -> None:
        """Until these nodes, all by default, have committed `height`."""
        with trio.fail_after(timeout_s):
            for index in indexes or tuple(self.nodes):
                await self.nodes[index].host.wait_for_height_after(height)

    def agree(self) -> bool:
        """All nodes have the same blocks as far as they have any."""
        chains = [node.hashes() for node in self.nodes.values()]
        shortest = min(map(len, chains))
        return len({tuple(chain[:shortest]) for chain in chains}) == 1


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@pytest.fixture
def run_cluster(tmp_path: Path) -> Callable[..., None]:
    """`run_cluster(scenario, count, is_real=…)` runs an async scenario with a cluster."""

    def run(scenario: Callable[[Cluster], object], count: int = 4, *, is_real: bool) -> None:
        async def main() -> None:
            async with open_cluster(tmp_path, count, is_real=is_real) as cluster:
                with trio.fail_after(90):
                    await scenario(cluster)

        trio.run(main)

    return run


@asynccontextmanager
async def open_cluster(folder: Path, count: int, *, is_real: bool) -> AsyncIterator[Cluster]:
    async with trio.open_nursery() as nursery:
        yield Cluster(folder, nursery, count, is_real=is_real)
        nursery.cancel_scope.cancel()
