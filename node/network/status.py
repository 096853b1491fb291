"""The first words on a connection: which chain, which software, which height.

Protocol `/zerog/status/1`: each side opens a stream, sends one frame and reads one.
    frame = RLP [chain identity (32), software version (text), height, instance (8)]
"""

from dataclasses import dataclass

from libp2p.custom_types import TProtocol

from consensus.errors import Undecodable
from consensus.recursive_length_prefix import decode, decode_integer, encode, encode_integer
from node.network.frames import BrokenProtocol, ByteStream, FrameReader, frame, write

STATUS_PROTOCOL = TProtocol("/zerog/status/1")
STATUS_FRAME_BYTES_MAX = 256
STATUS_TIMEOUT_S = 5.0
VERSION_BYTES_MAX = 64
INSTANCE_BYTES = 8


@dataclass(frozen=True, slots=True)
class Status:
    """`height` is the last one committed; `instance` is drawn when a process starts."""

    chain_identity: bytes
    version: str
    height: int
    instance: bytes


class OtherChain(Exception):
    """The peer belongs to a chain with another genesis document."""

    def __init__(self, got: bytes, expected: bytes) -> None:
        super().__init__(f"is on chain {got.hex()[:16]}…, we are on {expected.hex()[:16]}…")
        self.got, self.expected = got, expected


def encode_status(status: Status) -> bytes:
    version = status.version.encode()[:VERSION_BYTES_MAX]
    height = encode_integer(status.height)
    return encode([status.chain_identity, version, height, status.instance])


def decode_status(data: bytes) -> Status:
    """Raises `BrokenProtocol`."""
    try:
        match decode(data):
            case [bytes(identity), bytes(version), bytes(height), bytes(instance)] if (
                len(identity) == 32 and len(instance) == INSTANCE_BYTES
            ):
                text = version[:VERSION_BYTES_MAX].decode(errors="replace")
                return Status(identity, text, decode_integer(height), instance)
    except Undecodable as error:
        raise BrokenProtocol(f"status: {error}") from error
    raise BrokenProtocol("status: expected [identity, version, height, instance]")


async def exchange_status(stream: ByteStream, own: Status) -> Status:
    """Send ours, read theirs. Raises `StreamEnded`, `BrokenProtocol` or `OtherChain`."""
    await write(stream, frame(encode_status(own)))
    theirs = decode_status(await FrameReader(stream, STATUS_FRAME_BYTES_MAX).next())
    if theirs.chain_identity != own.chain_identity:
        raise OtherChain(theirs.chain_identity, own.chain_identity)
    return theirs
