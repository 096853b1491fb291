"""`/zerog/genesis/1`: the genesis document, for a node that is being set up and knows one peer alone.

Who opens the stream gets one frame, the document's text, and the stream ends. The peer is the one whose
id the multiaddr names; that its document is the right one is for whoever named it to know.
"""

from pathlib import Path

import trio
from libp2p.abc import INetStream
from libp2p.custom_types import TProtocol
from multiaddr import Multiaddr

from node.errors import OperatorError
from node.network.frames import (
    STREAM_ERRORS,
    BrokenProtocol,
    ByteStream,
    FrameReader,
    StreamEnded,
    frame,
    write,
)
from node.network.host import PeerNetwork
from node.network.identity import PeerAddress, listen_multiaddr, parse_peer_address
from node.network.libp2p_host import build_host, close_host
from node.network.status import STATUS_PROTOCOL

GENESIS_PROTOCOL = TProtocol("/zerog/genesis/1")
GENESIS_BYTES_MAX = 16 * 1024 * 1024
"""go-ethereum's largest has 9 MB."""
FETCH_TIMEOUT_S = 20.0
_ANY_PORT = 0


class GenesisServer:
    """Registers itself with the network's host."""

    def __init__(self, network: PeerNetwork, document: Path) -> None:
        self._network, self._document = network, document
        network.host.set_stream_handler(GENESIS_PROTOCOL, self._handle)

    async def _handle(self, stream: INetStream) -> None:
        await self._network.serve(stream.muxed_conn.peer_id, stream, self._answer(stream))

    async def _answer(self, stream: ByteStream) -> None:
        text = await trio.to_thread.run_sync(self._document.read_bytes)
        with trio.fail_after(FETCH_TIMEOUT_S):
            await write(stream, frame(text))
            await stream.close()


def fetch_genesis(multiaddr: str, node_secret: bytes) -> bytes:
    """The document's text, from the node at `multiaddr` (with its peer id). Raises `OperatorError`."""
    answer = trio.run(_fetch, parse_peer_address(multiaddr), node_secret)
    if isinstance(answer, bytes):
        return answer
    why = "no answer in time" if isinstance(answer, trio.TooSlowError) else answer
    raise OperatorError(f"--join {multiaddr}: cannot have that node's genesis document: {why}")


async def _fetch(peer: PeerAddress, node_secret: bytes) -> bytes | Exception:
    """What went wrong is an answer too: raised, it would come out of the host's nursery in a group."""
    host = build_host(node_secret)
    # The peer begins with a status, which this node does not have yet: it may wait for one.
    host.set_stream_handler(STATUS_PROTOCOL, _keep_waiting)
    answer: bytes | Exception
    async with host.run([listen_multiaddr("127.0.0.1", _ANY_PORT)]):
        try:
            with trio.fail_after(FETCH_TIMEOUT_S):
                target = peer.address.encapsulate(Multiaddr(f"/p2p/{peer.peer_id.to_base58()}"))
                await host.get_network().dial_addr(target, peer.peer_id)
                stream = await host.new_stream(peer.peer_id, [GENESIS_PROTOCOL])
                answer = await FrameReader(stream, GENESIS_BYTES_MAX).next()
        except (BrokenProtocol, StreamEnded, trio.TooSlowError, *STREAM_ERRORS) as error:
            answer = error
        with trio.CancelScope(shield=True), trio.move_on_after(1):
            await close_host(host)
    return answer


async def _keep_waiting(stream: INetStream) -> None:
    await trio.sleep(FETCH_TIMEOUT_S)
