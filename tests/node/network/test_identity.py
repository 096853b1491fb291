"""Peer ids and multiaddrs."""

import pytest

from node.network.identity import InvalidPeerAddress, parse_peer_address, peer_id_of, peer_multiaddr

SECRET = b"\x05" * 32


def test_a_multiaddr_names_host_port_and_peer() -> None:
    text = peer_multiaddr("127.0.0.1", 30303, SECRET)
    assert text == f"/ip4/127.0.0.1/tcp/30303/p2p/{peer_id_of(SECRET)}"
    address = parse_peer_address(text)
    assert address.peer_id.to_base58() == peer_id_of(SECRET)
    assert str(address.address) == "/ip4/127.0.0.1/tcp/30303"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "127.0.0.1:30303",
        "/ip4/127.0.0.1/tcp/30303",
        "/ip4/127.0.0.1/udp/30303/p2p/" + peer_id_of(SECRET),
        "/ip4/127.0.0.1/tcp/30303/p2p/not-an-id",
        "/ip4/300.0.0.1/tcp/30303/p2p/" + peer_id_of(SECRET),
    ],
)
def test_what_cannot_be_dialled_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidPeerAddress, match=r"p2p\.peers: expected /ip4/"):
        parse_peer_address(text)
