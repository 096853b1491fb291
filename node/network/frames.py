"""Frames on a stream: four bytes of length, big-endian, then so many bytes."""

from typing import Protocol

import trio
from libp2p.exceptions import BaseLibp2pError

LENGTH_BYTES = 4
READ_BYTES = 64 * 1024
"""Asked of the stream at a time; py-libp2p answers with what has arrived."""


class StreamEnded(Exception):
    """The other side closed or reset the stream, or the connection is gone."""


class BrokenProtocol(Exception):
    """The peer sent what the protocol does not allow: its fault, it is dropped."""


class ByteStream(Protocol):
    """What we use of a libp2p stream."""

    async def read(self, n: int | None = None) -> bytes:
        """Up to `n` bytes, as soon as there are any."""

    async def write(self, data: bytes) -> None:
        """All of `data`, in order."""

    async def close(self) -> None:
        """No more is written."""


STREAM_ERRORS = (
    BaseLibp2pError,
    trio.BrokenResourceError,
    trio.ClosedResourceError,
    EOFError,
    OSError,
)
"""What py-libp2p raises when a stream or its connection is gone."""


class FrameReader:
    """Takes a stream apart into frames."""

    def __init__(self, stream: ByteStream, frame_bytes_max: int) -> None:
        self._stream = stream
        self._limit = frame_bytes_max
        self._buffer = bytearray()

    async def next(self) -> bytes:
        """The next frame's body. Raises `StreamEnded`, or `BrokenProtocol` if it is too long."""
        await self._fill(LENGTH_BYTES)
        length = int.from_bytes(self._buffer[:LENGTH_BYTES], "big")
        if length > self._limit:
            raise BrokenProtocol(f"a frame of {length} bytes, the limit is {self._limit}")
        await self._fill(LENGTH_BYTES + length)
        body = bytes(self._buffer[LENGTH_BYTES : LENGTH_BYTES + length])
        del self._buffer[: LENGTH_BYTES + length]
        return body

    async def _fill(self, count: int) -> None:
        while len(self._buffer) < count:
            try:
                data = await self._stream.read(READ_BYTES)
            except STREAM_ERRORS as error:
                raise StreamEnded(str(error)) from error
            if not data:
                raise StreamEnded("end of stream")
            self._buffer += data


def frame(body: bytes) -> bytes:
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


async def write(stream: ByteStream, data: bytes) -> None:
    """Raises `StreamEnded`."""
    try:
        await stream.write(data)
    except STREAM_ERRORS as error:
        raise StreamEnded(str(error)) from error
