"""The message steps of a height and nothing else: what no consensus in Python on this machine can be below.

n processes, a persistent py-libp2p stream and one writing task for each peer, frames with a length, each
message signed by the sender, recovered by the receiver, and synced to disk before it is sent. The proposer
of the height sends one, everybody answers with a first vote, a quorum of those with a second vote, and a
quorum of those begins the next height.
"""

import itertools
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import trio
from coincurve import PrivateKey, PublicKey
from libp2p.abc import INetStream
from libp2p.custom_types import TProtocol
from libp2p.network.swarm import Swarm

from node.network.frames import FrameReader, StreamEnded, frame, write
from node.network.identity import listen_multiaddr, parse_peer_address, peer_multiaddr
from node.network.libp2p_host import build_host, close_host

PROTOCOL = TProtocol("/benchmark/steps/1")
FRAME_BYTES_MAX = 1_024
PROPOSAL, FIRST, SECOND = range(3)
BODY_BYTES = 80
"""What is signed: as long as a vote of ours."""
CONNECT_MAX_S = 60.0


def secret_of(index: int) -> bytes:
    return bytes([index + 1]) * 32


@dataclass
class Steps:
    """One process's part."""

    index: int
    count: int
    first_port: int
    folder: Path
    height: int = 1
    times: list[float] = field(default_factory=list)
    _seen: dict[tuple[int, int], set[int]] = field(default_factory=dict)
    _sent: set[tuple[int, int]] = field(default_factory=set)
    _outboxes: list[trio.MemorySendChannel[bytes]] = field(default_factory=list)
    _readers: int = 0
    _file: int = -1
    _has_begun: bool = False
    """Nothing is said before everybody hears it; what others say meanwhile is kept."""

    async def run(self, seconds: float) -> None:
        """Until so long after the first height."""
        self._file = os.open(self.folder / f"steps-{self.index}", os.O_WRONLY | os.O_CREAT)
        self._key = PrivateKey(secret_of(self.index))
        self._keys = [PrivateKey(secret_of(each)).public_key.format() for each in range(self.count)]
        host = build_host(secret_of(100 + self.index))
        host.set_stream_handler(PROTOCOL, self._read)
        async with (
            host.run([listen_multiaddr("127.0.0.1", self.first_port + self.index)]),
            trio.open_nursery() as nursery,
        ):
            for other in range(self.count):
                if other != self.index:
                    stream = await self._stream_to(host, other)
                    send, receive = trio.open_memory_channel[bytes](1_000)
                    self._outboxes.append(send)
                    nursery.start_soon(self._write, stream, receive)
            with trio.fail_after(CONNECT_MAX_S):
                while self._readers < self.count - 1:
                    await trio.sleep(0.01)
            self._has_begun = True
            self._propose()
            self._advance()
            await trio.sleep(seconds)
            nursery.cancel_scope.cancel()
        await close_host(host)

    async def _stream_to(self, host: "object", other: int) -> INetStream:
        peer = parse_peer_address(
            peer_multiaddr("127.0.0.1", self.first_port + other, secret_of(100 + other))
        )
        swarm: Swarm = host.get_network()  # type: ignore[attr-defined]
        with trio.fail_after(CONNECT_MAX_S):
            while True:
                try:
                    if not swarm.get_connections(peer.peer_id):
                        if other > self.index:
                            await trio.sleep(0.05)
                            continue
                        address = peer.address.encapsulate(f"/p2p/{peer.peer_id.to_base58()}")
                        await swarm.dial_addr(address, peer.peer_id)
                    return await host.new_stream(peer.peer_id, [PROTOCOL])  # type: ignore[attr-defined]
                except Exception:
                    # The edge of the benchmark: the other does not listen yet.
                    await trio.sleep(0.1)

    async def _write(self, stream: INetStream, receive: trio.MemoryReceiveChannel[bytes]) -> None:
        try:
            async for data in receive:
                await write(stream, data)
        except StreamEnded:
            return  # It has run for as long as it was to run.

    async def _read(self, stream: INetStream) -> None:
        self._readers += 1
        frames = FrameReader(stream, FRAME_BYTES_MAX)
        try:
            while True:
                self._take(await frames.next())
        except StreamEnded:
            return

    def _take(self, message: bytes) -> None:
        body, signature = message[:BODY_BYTES], message[BODY_BYTES:]
        height, kind, sender = (
            int.from_bytes(body[:8], "big"), body[8], body[9],
        )  # fmt: skip
        recovered = PublicKey.from_signature_and_message(signature, body)
        assert recovered.format() == self._keys[sender]
        self._note(height, kind, sender)

    def _note(self, height: int, kind: int, sender: int) -> None:
        self._seen.setdefault((height, kind), set()).add(sender)
        if self._has_begun:
            self._advance()

    def _advance(self) -> None:
        quorum = 2 * self.count // 3 + 1
        if self._seen.get((self.height, PROPOSAL)):
            self._send(FIRST)
        if len(self._seen.get((self.height, FIRST), ())) >= quorum:
            self._send(SECOND)
        if len(self._seen.get((self.height, SECOND), ())) >= quorum:
            self.times.append(time.perf_counter())
            self.height += 1
            self._propose()
            self._advance()

    def _propose(self) -> None:
        if self.height % self.count == self.index:
            self._send(PROPOSAL)

    def _send(self, kind: int) -> None:
        if (self.height, kind) in self._sent:
            return
        self._sent.add((self.height, kind))
        body = (self.height.to_bytes(8, "big") + bytes([kind, self.index])).ljust(BODY_BYTES, b"\0")
        signed = body + self._key.sign_recoverable(body)
        os.write(self._file, signed)
        os.fdatasync(self._file)
        for outbox in self._outboxes:
            with suppress(trio.WouldBlock):
                outbox.send_nowait(frame(signed))
        self._note(self.height, kind, self.index)


def run_steps(
    index: int, count: int, first_port: int, folder: Path, seconds: float
) -> dict[str, object]:
    """When each height ended, and ms of CPU a height."""
    steps = Steps(index, count, first_port, folder)
    trio.run(steps.run, seconds)
    return {
        "times": steps.times,
        "cpu_ms": time.process_time() * 1_000 / max(1, len(steps.times)),
    }


def intervals_ms(times: list[float], skip_s: float = 1.0) -> Iterator[float]:
    """Between heights, without the first moments."""
    for before, after in itertools.pairwise(times):
        if before - times[0] >= skip_s:
            yield (after - before) * 1_000
