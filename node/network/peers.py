"""Who we are connected to: passed handshakes, outboxes, and who is kept away for a while."""

from dataclasses import dataclass, field

import trio
from libp2p.peer.id import ID

from node.network.outbox import Outbox
from node.network.status import Status

DROPPED_FOR_S = 30.0
"""How long a peer that broke the protocol is kept away."""
DROPPED_MAX = 1_024
SYNC_REQUESTS_AT_ONCE_MAX = 2
"""Answered for one peer at a time."""
CONSENSUS_STREAMS_MAX = 2
"""Read for one peer at a time: each may hold a block that is not whole yet. A correct one opens one."""


@dataclass(slots=True)
class Peer:
    """One peer whose handshake has passed. `height` is the last committed that it told of."""

    id: ID
    status: Status
    outbox: Outbox = field(default_factory=Outbox)
    height: int = 0
    heard_at: float = field(default_factory=trio.current_time)
    """trio clock, seconds, of the last frame from it."""
    sync_requests: int = 0
    consensus_streams: int = 0

    @property
    def name(self) -> str:
        return self.id.to_base58()


class PeerBook:
    """Peers by id."""

    def __init__(self) -> None:
        self._peers: dict[ID, Peer] = {}
        self._joined: dict[ID, trio.Event] = {}
        self._kept_away: dict[ID, float] = {}

    def all(self) -> tuple[Peer, ...]:
        return tuple(self._peers.values())

    def get(self, peer_id: ID) -> Peer | None:
        return self._peers.get(peer_id)

    def by_name(self, name: str) -> Peer | None:
        """`name` is the peer id in text form."""
        return next((peer for peer in self._peers.values() if peer.name == name), None)

    def add(self, peer: Peer) -> None:
        self._peers[peer.id] = peer
        self._joined.pop(peer.id, trio.Event()).set()

    def remove(self, peer: Peer) -> None:
        if self._peers.get(peer.id) is peer:
            del self._peers[peer.id]

    async def wait_for(self, peer_id: ID, timeout_s: float) -> Peer | None:
        """The peer as soon as its handshake has passed, None if it does not in time."""
        if peer_id not in self._peers:
            event = self._joined.setdefault(peer_id, trio.Event())
            with trio.move_on_after(timeout_s):
                await event.wait()
            if self._joined.get(peer_id) is event:
                del self._joined[peer_id]
        return self._peers.get(peer_id)

    def keep_away(self, peer_id: ID) -> None:
        """Refuse it for `DROPPED_FOR_S`."""
        if len(self._kept_away) >= DROPPED_MAX:
            self._kept_away.pop(next(iter(self._kept_away)))
        self._kept_away[peer_id] = trio.current_time() + DROPPED_FOR_S

    def is_kept_away(self, peer_id: ID) -> bool:
        until = self._kept_away.get(peer_id)
        if until is not None and trio.current_time() >= until:
            del self._kept_away[peer_id]
            return False
        return until is not None
