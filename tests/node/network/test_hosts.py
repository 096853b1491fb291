"""Consensus over real libp2p hosts on loopback, several in one process."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
import trio
from libp2p.abc import INetStream
from libp2p.custom_types import TProtocol
from libp2p.host.exceptions import StreamFailure

from node.errors import PortInUse
from node.network import host
from node.network.frames import STREAM_ERRORS, frame
from node.network.host import PeerNetwork
from node.network.identity import peer_multiaddr
from node.network.messages import CONSENSUS_PROTOCOL
from node.network.peers import CONSENSUS_STREAMS_MAX
from node.network.status import STATUS_PROTOCOL
from node.network.transactions import GOSSIP_PROTOCOL, TransactionNetwork
from node.sync.protocol import SYNC_PROTOCOL
from node.sync.serve import SyncServer

RunCluster = Callable[..., None]
STRANGER = 4
"""Index of a node that is in everybody's list of peers and no validator."""


class Silent:
    """`PeerEvents` of a node that listens to nobody."""

    async def peer_joined(self, peer: str, height: int) -> None:
        await trio.lowlevel.checkpoint()

    async def peer_left(self, peer: str) -> None:
        await trio.lowlevel.checkpoint()

    async def received(self, peer: str, message: object) -> None:
        await trio.lowlevel.checkpoint()


@asynccontextmanager
async def running(network: PeerNetwork) -> AsyncIterator[PeerNetwork]:
    async with trio.open_nursery() as nursery:
        await nursery.start(network.run, Silent())
        yield network
        nursery.cancel_scope.cancel()


async def until(claim: Callable[[], bool], timeout_s: float = 10) -> None:
    with trio.fail_after(timeout_s):
        while not claim():
            await trio.sleep(0.01)


async def stream_to(sender: PeerNetwork, victim: PeerNetwork, protocol: TProtocol) -> INetStream:
    """Two nodes that dial each other may close one of two connections under a first stream."""
    with trio.fail_after(10):
        while True:
            try:
                return await sender.host.new_stream(victim.host.get_id(), [protocol])
            except StreamFailure:
                await trio.sleep(0.05)


async def start_alone(cluster) -> None:
    """One validator, not so fast that it leaves no time for its peers."""
    cluster.executor(0).block_time_s = 0.05
    await cluster.start(0)


def keeps_away(cluster, index: int, stranger: PeerNetwork) -> Callable[[], bool]:
    book = cluster.nodes[index].network.book
    return lambda: book.is_kept_away(stranger.host.get_id())


def test_four_hosts_decide_twenty_heights(run_cluster: RunCluster) -> None:
    async def scenario(cluster) -> None:
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(20)
        assert cluster.agree()

    run_cluster(scenario, is_real=True)


def test_a_killed_host_catches_up_after_its_restart(run_cluster: RunCluster) -> None:
    async def scenario(cluster) -> None:
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(5)
        await cluster.kill(3)
        await cluster.wait_for_height(cluster.executor(0).tip + 12)
        await cluster.start(3)
        goal = cluster.executor(0).tip + 6
        await cluster.wait_for_height(goal)
        assert cluster.agree()

    run_cluster(scenario, is_real=True)


def test_blocks_resume_when_one_of_two_missing_comes_back(
    run_cluster: RunCluster, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(cluster) -> None:
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(3)
        await cluster.kill(2)
        await cluster.kill(3)
        with caplog.at_level(logging.WARNING):
            await until(lambda: "validator-2, validator-3" in caplog.text)
        stuck = max(cluster.executor(0).tip, cluster.executor(1).tip)
        assert cluster.executor(0).tip <= stuck
        await cluster.start(2)
        await cluster.wait_for_height(stuck + 3, 0, 1, 2, timeout_s=10)
        assert cluster.agree()

    run_cluster(scenario, is_real=True)


def test_who_serves_a_forged_certificate_is_dropped_and_another_asked(
    run_cluster: RunCluster,
) -> None:
    async def scenario(cluster) -> None:
        await cluster.start(0, 1, 2)
        await cluster.wait_for_height(5)
        real = cluster.executor(0).committed
        for index in (0, 1, 2):
            await cluster.kill(index)

        def forged(height: int):
            block, certificate = real[height - 1]
            pairs = [(who, bytes(64) + b"\x01") for who, _ in certificate.signatures]
            return block, replace(certificate, signatures=tuple(pairs))

        cluster.executor(STRANGER).committed = real
        forger = cluster.new_network(STRANGER)
        SyncServer(forger, forged)
        async with running(forger):
            await cluster.start(3)
            await until(keeps_away(cluster, 3, forger))
            assert cluster.executor(3).tip == 0
            await cluster.start(0, 1, 2)
            await cluster.wait_for_height(len(real) + 3)
            assert cluster.agree()

    run_cluster(scenario, is_real=True)


@pytest.mark.parametrize(
    "garbage",
    [b"", b"\x00", b"\xff" * 40, b"\x01" * 100, bytes(2_000)],
    ids=["nothing", "a zero", "ones", "a broken vote", "zeros"],
)
@pytest.mark.parametrize("protocol", [STATUS_PROTOCOL, CONSENSUS_PROTOCOL, SYNC_PROTOCOL], ids=str)
def test_whoever_sends_garbage_is_dropped_and_the_others_go_on(
    run_cluster: RunCluster, protocol: TProtocol, garbage: bytes
) -> None:
    async def scenario(cluster) -> None:
        await start_alone(cluster)
        victim = cluster.nodes[0].network
        async with running(cluster.new_network(STRANGER)) as stranger:
            await until(lambda: victim.book.get(stranger.host.get_id()) is not None)
            stream = await stream_to(stranger, victim, protocol)
            await stream.write(frame(garbage))
            await until(keeps_away(cluster, 0, stranger))
            await cluster.wait_for_height(cluster.executor(0).tip + 3)
            await until(
                lambda: not victim.host.get_network().get_connections(stranger.host.get_id())
            )

    run_cluster(scenario, 1, is_real=True)


@pytest.mark.parametrize("protocol", [STATUS_PROTOCOL, CONSENSUS_PROTOCOL, SYNC_PROTOCOL], ids=str)
def test_whoever_announces_an_endless_frame_is_dropped(
    run_cluster: RunCluster, protocol: TProtocol
) -> None:
    async def scenario(cluster) -> None:
        await start_alone(cluster)
        victim = cluster.nodes[0].network
        async with running(cluster.new_network(STRANGER)) as stranger:
            await until(lambda: victim.book.get(stranger.host.get_id()) is not None)
            stream = await stream_to(stranger, victim, protocol)
            await stream.write(b"\xff\xff\xff\xff")
            await until(keeps_away(cluster, 0, stranger))

    run_cluster(scenario, 1, is_real=True)


def test_raw_bytes_on_the_port_and_on_libp2ps_own_protocols_hurt_nobody(
    run_cluster: RunCluster,
) -> None:
    protocols = ["/ipfs/ping/1.0.0", "/ipfs/id/push/1.0.0", "/ipfs/id/1.0.0"]

    async def scenario(cluster) -> None:
        await cluster.start(0, 1)
        victim = cluster.nodes[0].network
        raw = await trio.open_tcp_stream("127.0.0.1", cluster._ports[0])
        await raw.send_all(b"GET / HTTP/1.1\r\n\r\n" * 100)
        async with running(cluster.new_network(STRANGER)) as stranger:
            for protocol in protocols:
                await until(lambda: bool(stranger.host.get_network().get_connections()))
                await send_ignoring_hang_up(stranger, victim, protocol)
            await cluster.wait_for_height(cluster.executor(0).tip + 5)
        await raw.aclose()

    run_cluster(scenario, 2, is_real=True)


def test_of_one_peers_consensus_streams_only_so_many_are_read(run_cluster: RunCluster) -> None:
    """Each may hold a large block that never becomes whole."""

    async def scenario(cluster) -> None:
        await start_alone(cluster)
        victim = cluster.nodes[0].network
        async with running(cluster.new_network(STRANGER)) as stranger:
            own_id = stranger.host.get_id()

            def streams_read() -> int:
                peer = victim.book.get(own_id)
                return 0 if peer is None else peer.consensus_streams

            await until(lambda: streams_read() == 1)
            for _ in range(CONSENSUS_STREAMS_MAX - 1):
                await stream_to(stranger, victim, CONSENSUS_PROTOCOL)
            await until(lambda: streams_read() == CONSENSUS_STREAMS_MAX)
            assert await is_refused(stranger, victim)
            assert streams_read() == CONSENSUS_STREAMS_MAX

    run_cluster(scenario, 1, is_real=True)


async def is_refused(sender: PeerNetwork, victim: PeerNetwork) -> bool:
    """Whether a further consensus stream is reset, before or after its protocol is agreed on."""
    try:
        with trio.fail_after(10):
            stream = await sender.host.new_stream(victim.host.get_id(), [CONSENSUS_PROTOCOL])
            return not await stream.read(1)
    except (StreamFailure, *STREAM_ERRORS):
        return True


async def send_ignoring_hang_up(sender: PeerNetwork, victim: PeerNetwork, protocol: str) -> None:
    try:
        stream = await stream_to(sender, victim, TProtocol(protocol))
        await stream.write(b"\xff\x80\x01garbage" * 50)
        await stream.close()
    except STREAM_ERRORS:
        return


def test_strangers_cannot_take_the_place_of_a_named_peer(
    run_cluster: RunCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "STRANGERS_MAX", 2)

    async def scenario(cluster) -> None:
        await start_alone(cluster)
        victim = cluster.nodes[0].network
        own = victim._settings
        address = peer_multiaddr("127.0.0.1", own.listen_port, own.node_secret)
        settings = replace(own, listen_port=0, peers=(address,))
        async with AsyncExitStack() as stack:
            strangers = [
                await stack.enter_async_context(
                    running(PeerNetwork(replace(settings, node_secret=bytes([n]) * 32), lambda: 0))
                )
                for n in (201, 202, 203)
            ]
            await until(lambda: len(victim.book.all()) == 2)
            names = {stranger.own_name for stranger in strangers}
            assert {peer.name for peer in victim.book.all()} < names
            await cluster.start(1)
            await until(lambda: cluster.nodes[1].network.own_name in names_of(victim))
            assert len(names_of(victim) & names) == 2

    run_cluster(scenario, is_real=True)


def names_of(network: PeerNetwork) -> set[str]:
    return {peer.name for peer in network.book.all()}


def test_a_node_of_another_chain_is_refused(run_cluster: RunCluster) -> None:
    async def scenario(cluster) -> None:
        await start_alone(cluster)
        async with running(cluster.new_network(STRANGER, chain=b"\x0d" * 32)) as stranger:
            await until(keeps_away(cluster, 0, stranger))
            assert not cluster.nodes[0].network.book.all()

    run_cluster(scenario, 1, is_real=True)


def test_a_taken_port_is_named(run_cluster: RunCluster) -> None:
    async def scenario(cluster) -> None:
        async with running(cluster.new_network(0)):
            with pytest.raises(PortInUse, match=f"127.0.0.1:{cluster._ports[0]} is in use"):
                await cluster.new_network(0).run(Silent())

    run_cluster(scenario, 1, is_real=True)


@asynccontextmanager
async def gossiping(
    cluster, count: int, take: Callable[[int], Callable[[list[bytes], str], Awaitable[None]]]
) -> AsyncIterator[list[tuple[PeerNetwork, TransactionNetwork]]]:
    pairs = []
    for index in range(count):
        network = cluster.new_network(index)
        pairs.append((network, TransactionNetwork(network, b"\x0c" * 32, take(index))))
    async with trio.open_nursery() as nursery:
        for network, transactions in pairs:
            nursery.start_soon(
                lambda n=network, t=transactions: n.run(Silent(), services=[t.running])
            )
        await until(lambda: all(len(n.book.all()) == count - 1 for n, _ in pairs))
        yield pairs
        nursery.cancel_scope.cancel()


def test_transactions_reach_every_node_once(run_cluster: RunCluster) -> None:
    async def scenario(cluster) -> None:
        heard: dict[int, list[bytes]] = {0: [], 1: [], 2: []}

        def take(index: int) -> Callable[[list[bytes], str], Awaitable[None]]:
            async def extend(transactions: list[bytes], peer: str) -> None:
                heard[index] += transactions

            return extend

        sent = [b"transaction %d" % number for number in range(500)]
        async with gossiping(cluster, 3, take) as pairs:
            pairs[0][1].publish(sent)
            pairs[0][1].publish(sent)
            await until(lambda: len(heard[1]) >= 500 and len(heard[2]) >= 500)
            # Gossip brings them again, and so does telling again; neither is heard.
            pairs[0][1].publish(sent, again=True)
            await trio.sleep(1.5)
        assert sorted(heard[1]) == sorted(heard[2]) == sorted(sent)
        assert heard[0] == []

    run_cluster(scenario, 3, is_real=True)


def test_what_was_not_taken_is_offered_again_when_it_is_told_again(
    run_cluster: RunCluster,
) -> None:
    """A node that is a block behind cannot see yet that the sender has got money."""

    async def scenario(cluster) -> None:
        offered: list[bytes] = []

        def take(index: int) -> Callable[[list[bytes], str], Awaitable[None]]:
            async def refuse(transactions: list[bytes], peer: str) -> None:
                offered.extend(transactions)
                pairs[index][1].forget(transactions)

            return refuse

        async with gossiping(cluster, 2, take) as pairs:
            pairs[0][1].publish([b"transaction"])
            await until(lambda: len(offered) >= 1)
            pairs[0][1].publish([b"transaction"], again=True)
            await until(lambda: len(offered) >= 2)

    run_cluster(scenario, 2, is_real=True)


def test_gossip_reaches_those_that_are_no_direct_peers(run_cluster: RunCluster) -> None:
    """0 and 2 know 1 only."""

    async def scenario(cluster) -> None:
        heard: list[bytes] = []

        def take(index: int) -> Callable[[list[bytes], str], Awaitable[None]]:
            async def extend(transactions: list[bytes], peer: str) -> None:
                if index == 2:
                    heard.extend(transactions)

            return extend

        all_addresses = cluster.addresses_but
        cluster.addresses_but = lambda i: all_addresses(1)[:0] if i == 1 else all_addresses(0)[:1]
        async with trio.open_nursery() as nursery:
            pairs = []
            for index in range(3):
                network = cluster.new_network(index)
                pairs.append((network, TransactionNetwork(network, b"\x0c" * 32, take(index))))
            for network, transactions in pairs:
                nursery.start_soon(
                    lambda n=network, t=transactions: n.run(Silent(), services=[t.running])
                )
            await until(lambda: len(pairs[1][0].book.all()) == 2)
            pairs[0][1].publish([b"far away"])
            await until(lambda: heard == [b"far away"])
            nursery.cancel_scope.cancel()

    run_cluster(scenario, 3, is_real=True)


@pytest.mark.parametrize(
    "garbage",
    [b"\x05abcde", b"\xff" * 30, b"\x80" * 12],
    ids=["no protobuf", "an endless length", "an unended number"],
)
def test_garbage_on_the_gossip_stream_hurts_nobody(run_cluster: RunCluster, garbage: bytes) -> None:
    async def scenario(cluster) -> None:
        heard: list[bytes] = []

        def take(index: int) -> Callable[[list[bytes], str], Awaitable[None]]:
            async def extend(transactions: list[bytes], peer: str) -> None:
                if index == 1:
                    heard.extend(transactions)

            return extend

        async with gossiping(cluster, 2, take) as pairs, running(cluster.new_network(3)) as other:
            victim = pairs[1][0]
            await until(lambda: victim.book.get(other.host.get_id()) is not None)
            await send_garbage(other, victim, garbage)
            pairs[0][1].publish([b"still here"])
            await until(lambda: heard == [b"still here"])

    run_cluster(scenario, 2, is_real=True)


async def send_garbage(sender: PeerNetwork, victim: PeerNetwork, garbage: bytes) -> None:
    stream = await stream_to(sender, victim, GOSSIP_PROTOCOL)
    await stream.write(garbage)
