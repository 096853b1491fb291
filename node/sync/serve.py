"""Answers `/zerog/sync/1` from our store."""

from collections.abc import Callable

import trio
from libp2p.abc import INetStream

from consensus.header import ConsensusBlock
from consensus.values import Certificate
from node.network.frames import ByteStream, FrameReader, frame, write
from node.network.host import PeerNetwork
from node.network.peers import SYNC_REQUESTS_AT_ONCE_MAX, Peer
from node.network.status import STATUS_TIMEOUT_S
from node.sync.protocol import (
    ANSWER_BYTES_MAX,
    REQUEST_BYTES_MAX,
    REQUEST_TIMEOUT_S,
    SYNC_PROTOCOL,
    Decision,
    decode_request,
    encode_decision,
)

Stored = Callable[[int], tuple[ConsensusBlock, Certificate] | None]
"""A committed block and its certificate by height, None if there is none."""


class SyncServer:
    """Registers itself with the network's host."""

    def __init__(self, network: PeerNetwork, stored: Stored) -> None:
        self._network = network
        self._stored = stored
        network.host.set_stream_handler(SYNC_PROTOCOL, self._handle)

    async def _handle(self, stream: INetStream) -> None:
        peer_id = stream.muxed_conn.peer_id
        peer = await self._network.book.wait_for(peer_id, STATUS_TIMEOUT_S)
        if peer is None or peer.sync_requests >= SYNC_REQUESTS_AT_ONCE_MAX:
            await stream.reset()
            return
        await self._network.serve(peer_id, stream, self._answer(peer, stream))

    async def _answer(self, peer: Peer, stream: ByteStream) -> None:
        peer.sync_requests += 1
        try:
            await answer_request(stream, self._stored)
        finally:
            peer.sync_requests -= 1


async def answer_request(stream: ByteStream, stored: Stored) -> None:
    """Read one request and write what we have of it. Raises `BrokenProtocol` or `StreamEnded`."""
    with trio.fail_after(REQUEST_TIMEOUT_S):
        request = decode_request(await FrameReader(stream, REQUEST_BYTES_MAX).next())
    size = 0
    for height in range(request.first, request.first + request.count):
        data = None
        if size < ANSWER_BYTES_MAX:
            # Blocks are read and encoded beside the event loop, which has votes to answer.
            data = await trio.to_thread.run_sync(_stored_frame, stored, height)
        if data is None:
            break
        size += len(data)
        await write(stream, data)
    await stream.close()


def _stored_frame(stored: Stored, height: int) -> bytes | None:
    found = stored(height)
    return None if found is None else frame(encode_decision(Decision(*found)))
