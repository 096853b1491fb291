"""The peer-to-peer side of a node: who is connected, one stream out to each, messages in and out.

A connection, whoever dialled it, becomes a session: each side sends its status; if that passes,
each side opens one long-lived consensus stream to the other and writes it from one bounded outbox.
A peer that breaks a protocol is hung up on and kept away; nothing else happens.
"""

import itertools
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import Any

import trio
from libp2p.abc import INetConn, INetStream, INetwork, INotifee
from libp2p.custom_types import TProtocol
from libp2p.peer.id import ID
from multiaddr import Multiaddr
from trio_typing import TaskStatus

from consensus.repair import Summary
from node.errors import cannot_listen
from node.network.frames import (
    STREAM_ERRORS,
    BrokenProtocol,
    ByteStream,
    FrameReader,
    StreamEnded,
    write,
)
from node.network.identity import PeerAddress, listen_multiaddr, parse_peer_address
from node.network.interface import PeerEvents, PeerFilter, PeerName
from node.network.libp2p_host import DIAL_TIMEOUT_S, build_host, close_host
from node.network.messages import (
    CONSENSUS_FRAME_BYTES_MAX,
    CONSENSUS_PROTOCOL,
    MessageReader,
    WireMessage,
    frames_of,
)
from node.network.outbox import Outbox
from node.network.peers import CONSENSUS_STREAMS_MAX, Peer, PeerBook
from node.network.status import (
    INSTANCE_BYTES,
    STATUS_PROTOCOL,
    STATUS_TIMEOUT_S,
    OtherChain,
    Status,
    exchange_status,
)
from node.network.transaction_batch import TransactionBatch

REDIAL_FIRST_S = 0.1
REDIAL_GROWTH = 1.2
REDIAL_MAX_S = 2.0
"""Short: a validator that comes back is needed at once, and a refused dial costs little."""
DIALLED_AT_ONCE_S = 2.0
"""A second connection within this time of the first comes from both sides dialling."""
DIAL_TURN_S = 0.5
"""Of two nodes that would dial each other, the one with the higher peer id lets the other begin."""
STREAM_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 1.0
STRANGERS_MAX = 48
"""Peers that nobody named to us. The places of those in the list of peers cannot be taken by others."""
SILENCE_MAX_S = 20.0
"""A peer that says nothing for so long is gone: a summary is due every second or so."""
_log = logging.getLogger("zerog.network")


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """What a node's network is told. `node_secret` is its libp2p key, 32 bytes."""

    node_secret: bytes
    listen_host: str
    listen_port: int
    peers: tuple[str, ...]
    """Multiaddrs to keep connected, peer id and all."""
    chain_identity: bytes
    version: str


class PeerNetwork:
    """Implements `ConsensusNetwork`; tells `PeerEvents` what comes in."""

    def __init__(
        self,
        settings: NetworkSettings,
        committed_height: Callable[[], int],
        peer_filter: PeerFilter | None = None,
    ) -> None:
        """`committed_height` gives the height for our status. Raises `InvalidPeerAddress`."""
        self._settings = settings
        self._filter = peer_filter
        self._committed_height = committed_height
        self._dial_list = tuple(parse_peer_address(text) for text in settings.peers)
        self._events: PeerEvents | None = None
        self._nursery: trio.Nursery | None = None
        self._expected = {peer.peer_id for peer in self._dial_list}
        self._sessions: dict[ID, _Session] = {}
        self._instance = os.urandom(INSTANCE_BYTES)
        self.host = build_host(settings.node_secret)
        self.book = PeerBook()
        self.take_transactions: Callable[[PeerName, Sequence[bytes]], None] = _ignore
        """Called with each batch of transactions; must not wait."""
        self.message_handlers: dict[type, Callable[[PeerName, Any], None]] = {}
        """Who takes messages that are not for consensus, by their class; must not wait."""
        self.greeters: list[Callable[[PeerName], None]] = []
        """Called with each peer that has joined; must not wait."""

    @property
    def own_name(self) -> PeerName:
        return self.host.get_id().to_base58()

    def listen_addresses(self) -> tuple[str, ...]:
        """Multiaddrs that others can dial, once `run` has started."""
        return tuple(str(address) for address in self.host.get_addrs())

    def transport_addresses(self) -> tuple[str, ...]:
        """Where this node listens, each interface by itself, this machine's loopback last."""
        addresses = sorted(
            map(str, self.host.get_transport_addrs()), key=lambda each: "/127." in each
        )
        return tuple(each for each in addresses if "/ip4/0.0.0.0/" not in each)

    async def run(
        self,
        events: PeerEvents,
        *,
        services: Sequence[Callable[[], AbstractAsyncContextManager[object]]] = (),
        task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Listen, dial and serve until cancelled. Raises `PortInUse`.

        `services` are entered while the host runs: gossip needs that.
        """
        self._events = events
        _refuse_a_taken_port(self._settings.listen_host, self._settings.listen_port)
        address = listen_multiaddr(self._settings.listen_host, self._settings.listen_port)
        self.host.set_stream_handler(STATUS_PROTOCOL, self._answer_status)
        self.host.set_stream_handler(CONSENSUS_PROTOCOL, self._read_consensus)
        self.host.get_network().register_notifee(_Connections(self))
        async with self.host.run([address]), AsyncExitStack() as stack:
            for service in services:
                await stack.enter_async_context(service())
            try:
                await self._serve_until_cancelled(task_status)
            finally:
                with trio.CancelScope(shield=True), trio.move_on_after(CLOSE_TIMEOUT_S):
                    await close_host(self.host)

    async def _serve_until_cancelled(self, task_status: TaskStatus[None]) -> None:
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            for peer in self._dial_list:
                nursery.start_soon(self._keep_connected, peer)
            nursery.start_soon(self._watch_for_silence)
            task_status.started()
            await trio.sleep_forever()

    def broadcast(self, message: WireMessage) -> None:
        """`ConsensusNetwork.broadcast`."""
        frames = frames_of(message)
        is_urgent = _is_urgent(message, frames)
        for peer in self.book.all():
            _put(peer, frames, is_urgent=is_urgent)

    def send(self, peer: PeerName, message: WireMessage) -> None:
        """`ConsensusNetwork.send`."""
        found = self.book.by_name(peer)
        if found is not None:
            frames = frames_of(message)
            _put(found, frames, is_urgent=_is_urgent(message, frames))

    def drop(self, peer: PeerName, reason: str) -> None:
        """`ConsensusNetwork.drop`."""
        self.drop_id(ID.from_base58(peer), reason)

    async def open_stream(self, peer: PeerName, protocol: TProtocol) -> ByteStream:
        """A fresh stream to a peer. Raises `StreamEnded`."""
        found = self.book.by_name(peer)
        if found is None:
            raise StreamEnded(f"{peer} is not connected")
        try:
            with trio.fail_after(STREAM_TIMEOUT_S):
                return await self.host.new_stream(found.id, [protocol])
        except (trio.TooSlowError, *STREAM_ERRORS) as error:
            raise StreamEnded(str(error)) from error

    def drop_id(self, peer_id: ID, reason: str) -> None:
        """As `drop`."""
        if not self.book.is_kept_away(peer_id):
            _log.warning("dropped peer %s: %s", peer_id.to_base58(), reason)
        self.book.keep_away(peer_id)
        self._hang_up(peer_id)

    def keep_connected(self, addresses: Sequence[PeerAddress]) -> trio.CancelScope:
        """Dial a peer, at its addresses in turn, as often as needed, until the scope is cancelled.

        `run` has begun. Who is in our list of peers is dialled already.
        """
        assert self._nursery is not None
        scope = trio.CancelScope()
        peer_id = addresses[0].peer_id
        if all(named.peer_id != peer_id for named in self._dial_list):
            self._expected.add(peer_id)
            self._nursery.start_soon(self._keep_connected_within, scope, *addresses)
        return scope

    async def _keep_connected_within(
        self, scope: trio.CancelScope, *addresses: PeerAddress
    ) -> None:
        with scope:
            await self._keep_connected(*addresses)
        self._expected.discard(addresses[0].peer_id)

    def connection_made(self, peer_id: ID) -> None:
        """A connection is up: begin its session unless there is one.

        Nobody dials a peer it is connected to. So if there is a session, either both dialled at
        once, or the peer has lost the old connection and we have not noticed: then begin anew.
        """
        if self._nursery is None:
            return
        session = self._sessions.get(peer_id)
        if session is None and self._has_place_for(peer_id):
            session = self._sessions[peer_id] = _Session()
            self._nursery.start_soon(self._run_session, peer_id, session)
        elif session is None or session.age_s > DIALLED_AT_ONCE_S:
            self._hang_up(peer_id)

    def hang_up_on_the_cut(self) -> None:
        """End the connections that the filter does not allow any more."""
        for peer_id in tuple(self._sessions):
            if self._is_cut(peer_id):
                self._hang_up(peer_id)

    def _is_cut(self, peer_id: ID) -> bool:
        return self._filter is not None and self._filter.is_cut(peer_id.to_base58())

    def _has_place_for(self, peer_id: ID) -> bool:
        if self.book.is_kept_away(peer_id) or self._is_cut(peer_id):
            return False
        strangers = self._sessions.keys() - self._expected
        return peer_id in self._expected or len(strangers) < STRANGERS_MAX

    def connection_lost(self, peer_id: ID) -> None:
        """The last connection to a peer is gone."""
        session = self._sessions.get(peer_id)
        if session is not None:
            session.scope.cancel()

    def _hang_up(self, peer_id: ID) -> None:
        self.connection_lost(peer_id)
        if self._nursery is not None:
            self._nursery.start_soon(self._close_connections, peer_id)

    async def _close_connections(self, peer_id: ID) -> None:
        await self.host.get_network().close_peer(peer_id)

    async def _run_session(self, peer_id: ID, session: "_Session") -> None:
        try:
            with session.scope:
                await self._serve_peer(peer_id)
        except OtherChain as error:
            self.drop_id(peer_id, str(error))
        except BrokenProtocol as error:
            self.drop_id(peer_id, str(error))
        except (StreamEnded, trio.TooSlowError, *STREAM_ERRORS) as error:
            _log.debug("session with %s ended: %r", peer_id.to_base58(), error)
        finally:
            del self._sessions[peer_id]
            self._hang_up(peer_id)

    async def _serve_peer(self, peer_id: ID) -> None:
        assert self._events is not None
        with trio.fail_after(STATUS_TIMEOUT_S):
            stream = await self.host.new_stream(peer_id, [STATUS_PROTOCOL])
            status = await exchange_status(stream, self._own_status())
            await stream.close()
            outgoing = await self.host.new_stream(peer_id, [CONSENSUS_PROTOCOL])
        peer = Peer(peer_id, status, height=status.height)
        self.book.add(peer)
        _log.info("peer %s joined at height %d", peer.name, peer.height)
        try:
            await self._events.peer_joined(peer.name, peer.height)
            for greet in self.greeters:
                greet(peer.name)
            carry = _carry if self._filter is None else self._filter.carry
            await carry(peer.outbox, outgoing)
        finally:
            self.book.remove(peer)
            _log.info("peer %s left", peer.name)
            with trio.CancelScope(shield=True), trio.move_on_after(1):
                await self._events.peer_left(peer.name)

    def _own_status(self) -> Status:
        settings = self._settings
        height = self._committed_height()
        return Status(settings.chain_identity, settings.version, height, self._instance)

    async def _answer_status(self, stream: INetStream) -> None:
        peer_id = stream.muxed_conn.peer_id
        await self.serve(peer_id, stream, self._status_answer(peer_id, stream))

    async def _status_answer(self, peer_id: ID, stream: ByteStream) -> None:
        with trio.fail_after(STATUS_TIMEOUT_S):
            status = await exchange_status(stream, self._own_status())
            await stream.close()
        known = self.book.get(peer_id)
        if known is not None and known.status.instance != status.instance:
            _log.debug("%s has restarted", known.name)
            self._hang_up(peer_id)

    async def _read_consensus(self, stream: INetStream) -> None:
        peer_id = stream.muxed_conn.peer_id
        peer = await self.book.wait_for(peer_id, STATUS_TIMEOUT_S)
        if peer is not None and peer.consensus_streams < CONSENSUS_STREAMS_MAX:
            peer.consensus_streams += 1
            try:
                await self.serve(peer_id, stream, self._deliver_messages(peer, stream))
            finally:
                peer.consensus_streams -= 1
        # Whoever writes to a stream that nobody reads any more shall notice.
        await stream.reset()

    async def _deliver_messages(self, peer: Peer, stream: ByteStream) -> None:
        assert self._events is not None
        frames, messages = FrameReader(stream, CONSENSUS_FRAME_BYTES_MAX), MessageReader()
        while self.book.get(peer.id) is peer:
            message = messages.message(await frames.next())
            peer.heard_at = trio.current_time()
            if isinstance(message, Summary):
                peer.height = max(peer.height, message.height - 1)
            if isinstance(message, TransactionBatch):
                self.take_transactions(peer.name, message.transactions)
            elif type(message) in self.message_handlers:
                self.message_handlers[type(message)](peer.name, message)
            elif message is not None:
                await self._events.received(peer.name, message)

    async def serve(self, peer_id: ID, stream: ByteStream, handling: Awaitable[None]) -> None:
        """Await the handling of an incoming stream; what goes wrong is that peer's business alone."""
        try:
            await handling
        except (OtherChain, BrokenProtocol) as error:
            self.drop_id(peer_id, str(error))
        except (StreamEnded, trio.TooSlowError, *STREAM_ERRORS) as error:
            _log.debug("stream of %s ended: %r", peer_id.to_base58(), error)

    async def _keep_connected(self, *addresses: PeerAddress) -> None:
        delay, turns = REDIAL_FIRST_S, itertools.cycle(addresses)
        peer_id = addresses[0].peer_id
        if self.host.get_id().to_bytes() > peer_id.to_bytes():
            await trio.sleep(DIAL_TURN_S)
        while True:
            if self._is_wanted(peer_id):
                is_up = await self._dial(next(turns))
                delay = REDIAL_FIRST_S if is_up else min(delay * REDIAL_GROWTH, REDIAL_MAX_S)
            await trio.sleep(delay)

    def _is_wanted(self, peer_id: ID) -> bool:
        connected = bool(self.host.get_network().get_connections(peer_id))
        is_refused = self.book.is_kept_away(peer_id) or self._is_cut(peer_id)
        return not connected and not is_refused

    async def _dial(self, peer: PeerAddress) -> bool:
        target = peer.address.encapsulate(Multiaddr(f"/p2p/{peer.peer_id.to_base58()}"))
        try:
            with trio.fail_after(DIAL_TIMEOUT_S):
                await self.host.get_network().dial_addr(target, peer.peer_id)
        except (trio.TooSlowError, *STREAM_ERRORS) as error:
            _log.debug("cannot dial %s: %r", target, error)
            return False
        return True

    async def _watch_for_silence(self) -> None:
        while True:
            await trio.sleep(SILENCE_MAX_S / 4)
            now = trio.current_time()
            for peer in self.book.all():
                if now - peer.heard_at > SILENCE_MAX_S:
                    _log.warning("peer %s is silent; hanging up", peer.name)
                    self._hang_up(peer.id)


class _Session:
    """One peer's connection, from its first moment."""

    def __init__(self) -> None:
        self.scope = trio.CancelScope()
        self._began = trio.current_time()

    @property
    def age_s(self) -> float:
        return trio.current_time() - self._began


class _Connections(INotifee):
    """py-libp2p tells of connections through this."""

    def __init__(self, network: PeerNetwork) -> None:
        self._network = network

    async def connected(self, network: INetwork, conn: INetConn) -> None:
        self._network.connection_made(conn.muxed_conn.peer_id)

    async def disconnected(self, network: INetwork, conn: INetConn) -> None:
        peer_id = conn.muxed_conn.peer_id
        if not self._network.host.get_network().get_connections(peer_id):
            self._network.connection_lost(peer_id)

    async def opened_stream(self, network: INetwork, stream: INetStream) -> None:
        return

    async def closed_stream(self, network: INetwork, stream: INetStream) -> None:
        return

    async def listen(self, network: INetwork, multiaddr: Multiaddr) -> None:
        return

    async def listen_close(self, network: INetwork, multiaddr: Multiaddr) -> None:
        return


async def _carry(outbox: Outbox, stream: ByteStream) -> None:
    while True:
        await write(stream, await outbox.take())


def _is_urgent(message: WireMessage, frames: list[bytes]) -> bool:
    """Pieces of blocks keep their order among themselves; transactions can wait."""
    return len(frames) == 1 and not isinstance(message, TransactionBatch)


def _put(peer: Peer, frames: list[bytes], *, is_urgent: bool) -> None:
    is_kept = peer.outbox.put(frames[0]) if is_urgent else peer.outbox.put_bulk(frames)
    if not is_kept:
        _log.debug("outbox of %s is full; a message is lost", peer.name)


def _ignore(peer: PeerName, transactions: Sequence[bytes]) -> None:
    """For a node without a pool."""


def _refuse_a_taken_port(host: str, port: int) -> None:
    """py-libp2p shares its port (SO_REUSEPORT): a second node would take half of the connections."""
    if port == 0:
        return
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise cannot_listen(error, host, port, "--p2p.port") from None
