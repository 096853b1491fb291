"""Who a node is on the network: its libp2p key, peer id and multiaddrs."""

from dataclasses import dataclass

from coincurve import PrivateKey
from libp2p.crypto.keys import KeyPair
from libp2p.crypto.secp256k1 import Secp256k1PrivateKey
from libp2p.peer.id import ID
from multiaddr import Multiaddr
from multiaddr.exceptions import Error as MultiaddrError

from node.errors import OperatorError


class InvalidPeerAddress(OperatorError):
    """A peer's multiaddr that cannot be dialled."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"p2p.peers: expected /ip4/<address>/tcp/<port>/p2p/<peer id>, got {text!r}"
        )
        self.text = text


@dataclass(frozen=True, slots=True)
class PeerAddress:
    """Where to dial whom."""

    peer_id: ID
    address: Multiaddr
    """Without the /p2p part."""


def key_pair_of(node_secret: bytes) -> KeyPair:
    """The libp2p key pair of a secp256k1 secret (32 bytes)."""
    private_key = Secp256k1PrivateKey(PrivateKey(node_secret))
    return KeyPair(private_key, private_key.get_public_key())


def peer_id_of(node_secret: bytes) -> str:
    """The peer id in the text form of multiaddrs, 16Uiu2…"""
    return ID.from_pubkey(key_pair_of(node_secret).public_key).to_base58()


def peer_multiaddr(host: str, port: int, node_secret: bytes) -> str:
    """What others put into `p2p.peers` to dial the node with this key."""
    return f"{_listen_text(host, port)}/p2p/{peer_id_of(node_secret)}"


def listen_multiaddr(host: str, port: int) -> Multiaddr:
    """Where to listen; `host` is an IP address."""
    return Multiaddr(_listen_text(host, port))


def parse_peer_address(text: str) -> PeerAddress:
    """Raises `InvalidPeerAddress`."""
    try:
        whole = Multiaddr(text)
        names = [protocol.name for protocol in whole.protocols()]
        peer_id = ID.from_base58(str(whole.value_for_protocol("p2p")))
    except (MultiaddrError, ValueError, TypeError):
        raise InvalidPeerAddress(text) from None
    if len(names) != 3 or names[0] not in _HOST_PROTOCOLS or names[1:] != ["tcp", "p2p"]:
        raise InvalidPeerAddress(text)
    return PeerAddress(peer_id, whole.decapsulate(Multiaddr(f"/p2p/{peer_id.to_base58()}")))


_HOST_PROTOCOLS = {"ip4", "ip6", "dns", "dns4", "dns6"}


def _listen_text(host: str, port: int) -> str:
    return f"/ip{6 if ':' in host else 4}/{host}/tcp/{port}"
