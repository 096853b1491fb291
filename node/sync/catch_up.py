"""Notices that peers are ahead, fetches what was decided, and hands it to the consensus host.

Each certificate is checked against the validator set of its height, which is known when the block
before is committed; so decisions are handed over one by one. A peer that serves what proves nothing
is dropped, and another is asked.
"""

import logging
from collections.abc import Sequence
from typing import Protocol

import trio
from libp2p.custom_types import TProtocol

from node.consensus_host import ConsensusHost
from node.network.frames import (
    STREAM_ERRORS,
    BrokenProtocol,
    ByteStream,
    FrameReader,
    StreamEnded,
    frame,
    write,
)
from node.network.interface import PeerName
from node.peer_messages import Misbehaviour, check_decided
from node.sync.protocol import (
    ANSWER_BYTES_MAX,
    BLOCKS_PER_REQUEST_MAX,
    DECISION_BYTES_MAX,
    REQUEST_TIMEOUT_S,
    SYNC_PROTOCOL,
    Decision,
    SyncRequest,
    decode_decision,
    encode_request,
)

LOOK_INTERVAL_S = 0.1
"""How often to look whether a peer is ahead while our height stands still."""
BEHIND_FOR_LOOKS = 2
"""One height behind is the ordinary course of things; only when it lasts is it fetched."""
ANSWER_TIMEOUT_S = 60.0
"""For a whole answer, however large; then another peer is asked."""
_log = logging.getLogger("zerog.sync")


class SyncNetwork(Protocol):
    """What catching up needs of the network."""

    async def open_stream(self, peer: PeerName, protocol: TProtocol) -> ByteStream:
        """A fresh stream to the peer. Raises `StreamEnded`."""

    def drop(self, peer: PeerName, reason: str) -> None:
        """Hang up on a peer that broke the protocol."""


class CatchUp:
    """Runs beside the consensus host."""

    def __init__(self, host: ConsensusHost, network: SyncNetwork) -> None:
        self._host = host
        self._network = network
        self._unhelpful: dict[PeerName, int] = {}
        """Peers that had nothing for us though they claimed to, by the height we asked for."""

    async def run(self) -> None:
        """Until cancelled."""
        looks, seen = 0, 0
        while True:
            await trio.sleep(LOOK_INTERVAL_S)
            height = self._host.height
            looks = looks + 1 if height == seen else 0
            seen = height
            ahead = self._peers_ahead(height)
            is_far = any(committed > height for committed in ahead.values())
            if not ahead or self._host.is_committing or not (is_far or looks >= BEHIND_FOR_LOOKS):
                continue
            await self._catch_up(ahead)

    def _peers_ahead(self, height: int) -> dict[PeerName, int]:
        heights = self._host.peer_heights()
        self._unhelpful = {p: at for p, at in self._unhelpful.items() if p in heights}
        return {
            peer: committed
            for peer, committed in heights.items()
            if height and committed >= height and self._unhelpful.get(peer) != height
        }

    async def _catch_up(self, ahead: dict[PeerName, int]) -> None:
        """Ask one peer after the other, the farthest first, as long as we are behind it."""
        for peer in sorted(ahead, key=lambda name: -ahead[name]):
            while self._host.height <= ahead[peer]:
                before = self._host.height
                if not await self._fetch_from(peer, ahead[peer]) or self._host.height == before:
                    break

    async def _fetch_from(self, peer: PeerName, committed: int) -> bool:
        """One request; whether it brought us further."""
        first = self._host.height
        count = min(committed - first + 1, BLOCKS_PER_REQUEST_MAX)
        try:
            decisions = await self._request(peer, SyncRequest(first, count))
            if decisions:
                try:
                    await self._hand_over(peer, decisions)
                finally:
                    await self._host.hold_up_to(0)
                return True
            self._unhelpful[peer] = first
        except (BrokenProtocol, Misbehaviour) as error:
            self._network.drop(peer, str(error))
        except (StreamEnded, trio.TooSlowError) as error:
            _log.debug("fetching from %s failed: %r", peer, error)
            self._unhelpful[peer] = first
        return False

    async def _request(self, peer: PeerName, request: SyncRequest) -> Sequence[Decision]:
        stream = await self._network.open_stream(peer, SYNC_PROTOCOL)
        try:
            with trio.fail_after(ANSWER_TIMEOUT_S):
                await write(stream, frame(encode_request(request)))
                return await _read_answer(stream, request.count)
        finally:
            with trio.CancelScope(shield=True), trio.move_on_after(1):
                await _close(stream)

    async def _hand_over(self, peer: PeerName, decisions: Sequence[Decision]) -> None:
        """Raises `Misbehaviour` at the first that is not proven."""
        first, last = decisions[0].block.header.height, decisions[-1].block.header.height
        for decision in decisions:
            height = self._host.height
            if decision.block.header.height < height:
                continue
            check_decided(decision.block, decision.certificate, self._host.place())
            # With one proven decision in hand, voting on what the batch holds would be pointless.
            await self._host.hold_up_to(last)
            await self._host.learn(decision.block, decision.certificate)
            await self._host.wait_for_height_after(height)
        _log.info("caught up on heights %d to %d from %s", first, last, peer)


async def _read_answer(stream: ByteStream, count_max: int) -> Sequence[Decision]:
    reader = FrameReader(stream, DECISION_BYTES_MAX)
    decisions: list[Decision] = []
    size = 0
    while True:
        try:
            with trio.fail_after(REQUEST_TIMEOUT_S):
                body = await reader.next()
        except StreamEnded:
            return decisions
        if len(decisions) == count_max or size >= ANSWER_BYTES_MAX:
            raise BrokenProtocol(f"sync answer: longer than {count_max} decisions or the limit")
        size += len(body)
        decisions.append(decode_decision(body))


async def _close(stream: ByteStream) -> None:
    try:
        await stream.close()
    except STREAM_ERRORS as error:
        _log.debug("closing a stream failed: %r", error)
