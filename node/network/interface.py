"""What the consensus host and the network know of each other."""

from typing import Protocol

from node.network.frames import ByteStream
from node.network.messages import WireMessage
from node.network.outbox import Outbox

PeerName = str
"""A peer id in the text form of multiaddrs."""


class ConsensusNetwork(Protocol):
    """The way out: returns at once, never waits for a peer."""

    def broadcast(self, message: WireMessage) -> None:
        """To every peer, once; what a full outbox loses is repaired later."""

    def send(self, peer: PeerName, message: WireMessage) -> None:
        """To one peer, if it is still there."""

    def drop(self, peer: PeerName, reason: str) -> None:
        """Hang up on a peer that broke the protocol, and keep it away for a while."""


class PeerEvents(Protocol):
    """The way in. Peers have passed the handshake: same chain."""

    async def peer_joined(self, peer: PeerName, height: int) -> None:
        """`height` is the last one it has committed."""

    async def peer_left(self, peer: PeerName) -> None:
        """The connection is gone."""

    async def received(self, peer: PeerName, message: WireMessage) -> None:
        """A well-formed message, its signatures unchecked. Waits when we are behind with work."""


class PeerFilter(Protocol):
    """What a devnet's faults do to the traffic with peers. Other networks have none."""

    def is_cut(self, peer: PeerName) -> bool:
        """Whether there is to be no connection with it."""

    async def carry(self, outbox: Outbox, stream: ByteStream) -> None:
        """Write what comes out of the outbox to the stream, in order, until cancelled.

        Raises `StreamEnded`.
        """
