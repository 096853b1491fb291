"""RLP (Ethereum yellow paper, appendix B), strict, and with a depth limit.

The rlp package recurses as deep as foreign bytes say; this one refuses at a depth.
"""

from collections.abc import Sequence
from typing import TypeAlias

from consensus.errors import Undecodable

Item: TypeAlias = "bytes | Sequence[Item]"

DEPTH_MAX = 8
_SHORT_MAX = 55


def encode(item: Item) -> bytes:
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _prefix(len(item), 0x80) + item
    body = b"".join(encode(part) for part in item)
    return _prefix(len(body), 0xC0) + body


def decode(data: bytes) -> Item:
    """The one item that `data` is the canonical encoding of. Raises Undecodable."""
    item, end = _decode_at(data, 0, len(data), 0)
    if end != len(data):
        raise Undecodable(f"{len(data) - end} bytes follow the item")
    return item


def encode_integer(number: int) -> bytes:
    """Big-endian, no leading zeros."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def decode_integer(data: bytes, bytes_max: int = 8) -> int:
    """Raises Undecodable on leading zeros or more than `bytes_max` bytes."""
    if len(data) > bytes_max:
        raise Undecodable(f"integer of {len(data)} bytes, at most {bytes_max}")
    if data[:1] == b"\0":
        raise Undecodable("integer with a leading zero")
    return int.from_bytes(data, "big")


def _prefix(length: int, offset: int) -> bytes:
    if length <= _SHORT_MAX:
        return bytes([offset + length])
    size = encode_integer(length)
    return bytes([offset + _SHORT_MAX + len(size)]) + size


def _decode_at(data: bytes, start: int, limit: int, depth: int) -> tuple[Item, int]:
    if start >= limit:
        raise Undecodable("ends early")
    first = data[start]
    if first < 0x80:
        return data[start : start + 1], start + 1
    if first < 0xC0:
        body, end = _span(data, start, limit, first - 0x80)
        text = data[body:end]
        if len(text) == 1 and text[0] < 0x80:
            raise Undecodable("a byte below 0x80 with a length prefix")
        return text, end
    if depth == DEPTH_MAX:
        raise Undecodable(f"nested deeper than {DEPTH_MAX}")
    body, end = _span(data, start, limit, first - 0xC0)
    items: list[Item] = []
    while body < end:
        item, body = _decode_at(data, body, end, depth + 1)
        items.append(item)
    return items, end


def _span(data: bytes, start: int, limit: int, size: int) -> tuple[int, int]:
    """Where the body of the item at `start` begins and ends."""
    body, length = start + 1, size
    if size > _SHORT_MAX:
        body += size - _SHORT_MAX
        length = decode_integer(data[start + 1 : body])
        if length <= _SHORT_MAX:
            raise Undecodable("a short length in long form")
    end = body + length
    if end > limit:
        raise Undecodable("ends early")
    return body, end
