"""One libp2p host, put together for us: TCP, Noise, Yamux, a secp256k1 identity, our own limits.

Built by hand instead of with `libp2p.new_host`: that one also offers TLS, SECIO and plaintext,
dials every address it hears of, and refuses peers by memory and rate limits made for public DHTs.
"""

import logging

import trio
from libp2p.abc import INetStream
from libp2p.crypto.x25519 import create_new_key_pair
from libp2p.custom_types import StreamHandlerFn, TProtocol
from libp2p.host.basic_host import BasicHost
from libp2p.network.auto_connector import AutoConnector
from libp2p.network.config import ConnectionConfig, RetryConfig
from libp2p.network.swarm import Swarm
from libp2p.peer.id import ID
from libp2p.peer.peerstore import PeerStore
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE
from libp2p.security.noise.transport import Transport as NoiseTransport
from libp2p.stream_muxer.yamux.yamux import PROTOCOL_ID as YAMUX
from libp2p.stream_muxer.yamux.yamux import Yamux
from libp2p.transport.tcp.tcp import TCP
from libp2p.transport.upgrader import TransportUpgrader

from node.network.identity import key_pair_of

_log = logging.getLogger("zerog.network")
CONNECTIONS_MAX = 256
"""py-libp2p hangs up on anybody beyond it; `PeerNetwork` stops taking in strangers long before."""
CONNECTIONS_PER_PEER_MAX = 3
DIAL_TIMEOUT_S = 5.0
NEGOTIATION_TIMEOUT_S = 5.0


def build_host(node_secret: bytes) -> BasicHost:
    """A host that does not listen yet; `node_secret` is 32 bytes."""
    keys = key_pair_of(node_secret)
    peer_id = ID.from_pubkey(keys.public_key)
    noise = NoiseTransport(keys, noise_privkey=create_new_key_pair().private_key)
    peerstore = PeerStore()
    peerstore.add_key_pair(peer_id, keys)
    swarm = Swarm(
        peer_id,
        peerstore,
        TransportUpgrader(
            secure_transports_by_protocol={NOISE: noise},
            muxer_transports_by_protocol={TProtocol(YAMUX): Yamux},
        ),
        transports=[TCP()],
        retry_config=RetryConfig(max_retries=0),
        connection_config=_limits(),
    )
    swarm.auto_connector = _DialsNobody(swarm)
    # py-libp2p logs what every peer does to the root logger; ours say what matters.
    logging.getLogger("libp2p").setLevel(logging.CRITICAL)
    host = BasicHost(swarm, disable_identify_address_discovery=True)
    swarm.set_stream_handler(_guarded(swarm, swarm.common_stream_handler))
    return host


async def close_host(host: BasicHost) -> None:
    """Stop listening and hang up on everybody, at once; py-libp2p does so one after the other."""
    swarm = host.get_network()
    async with trio.open_nursery() as nursery:
        for listener in tuple(swarm.listeners.values()):
            nursery.start_soon(listener.close)
        for peer_id in tuple(swarm.connections):
            nursery.start_soon(swarm.close_peer, peer_id)


def _guarded(swarm: Swarm, handle: StreamHandlerFn) -> StreamHandlerFn:
    """py-libp2p lets a peer's garbage end the whole host in some of its own protocols."""

    async def handle_or_hang_up(stream: INetStream) -> None:
        peer_id = stream.muxed_conn.peer_id
        try:
            await handle(stream)
        except Exception as error:
            _log.warning("hanging up on %s: its stream failed: %r", peer_id.to_base58(), error)
            await swarm.close_peer(peer_id)

    return handle_or_hang_up


class _DialsNobody(AutoConnector):
    """Left alone, py-libp2p dials whatever addresses it hears of; we know whom to dial."""

    async def maybe_connect(self) -> None:
        return


def _limits() -> ConnectionConfig:
    return ConnectionConfig(
        max_connections=CONNECTIONS_MAX,
        high_watermark=CONNECTIONS_MAX,
        low_watermark=0,
        min_connections=0,
        max_connections_per_peer=CONNECTIONS_PER_PEER_MAX,
        dial_timeout=DIAL_TIMEOUT_S,
        inbound_upgrade_timeout=NEGOTIATION_TIMEOUT_S,
        outbound_upgrade_timeout=NEGOTIATION_TIMEOUT_S,
        inbound_stream_protocol_negotiation_timeout=NEGOTIATION_TIMEOUT_S,
        outbound_stream_protocol_negotiation_timeout=NEGOTIATION_TIMEOUT_S,
    )
