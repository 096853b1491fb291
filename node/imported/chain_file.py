"""Blocks out of a file as geth's `export` writes it: RLP lists one after the other."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from node.errors import InvalidFile, MissingFile

BLOCK_BYTES_MAX = 64 * 2**20
"""Of one block; mainnet's largest are below 10 MB."""
_SHORT_LIST = 0xC0
_LONG_LIST = 0xF7
"""RLP: 0xc0 and more is a list; above 0xf7 its length follows in so many bytes."""


def read_blocks(path: Path) -> Iterator[bytes]:
    """Each block's encoding, in the file's order; one at a time is in memory.

    Raises `MissingFile`, or `InvalidFile` naming the place of what is no RLP list.
    """
    try:
        with path.open("rb") as file:
            while head := file.read(1):
                yield head + _rest(path, file, head[0])
    except FileNotFoundError:
        raise MissingFile(path, "the chain file", "give the file of an exported chain") from None
    except OSError as error:
        raise InvalidFile(path, f"cannot be read: {error.strerror}") from None


def _rest(path: Path, file: BinaryIO, first: int) -> bytes:
    """What follows a block's first byte."""
    start = file.tell() - 1
    if first < _SHORT_LIST:
        raise InvalidFile(path, f"byte {start}: expected an RLP list, a block; found 0x{first:02x}")
    if first <= _LONG_LIST:
        return _exactly(path, file, first - _SHORT_LIST, start)
    size = _exactly(path, file, first - _LONG_LIST, start)
    length = int.from_bytes(size, "big")
    if length > BLOCK_BYTES_MAX:
        raise InvalidFile(
            path, f"byte {start}: a block of {length} bytes, expected at most {BLOCK_BYTES_MAX}"
        )
    return size + _exactly(path, file, length, start)


def _exactly(path: Path, file: BinaryIO, length: int, start: int) -> bytes:
    read = file.read(length)
    if len(read) < length:
        raise InvalidFile(path, f"ends in the middle of the block that begins at byte {start}")
    return read
