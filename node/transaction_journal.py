"""The file in which a node keeps its own users' transactions over a restart, in the form of geth's.

RLP items one after the other: a legacy transaction as the list it is, a typed one as a string
(go-ethereum core/txpool/locals/journal.go). What is appended is with the operating system when `append`
returns, so no kill of the process loses it; a power failure loses what `sync` did not reach.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Final

from chain.rlp_items import encode_item
from consensus.durable_files import DurableFiles

APPENDED_BYTES_MAX: Final = 64 * 2**20
"""After so much the file is to be written anew: what is in blocks by now is in it too."""
_SHORT_MAX: Final = 55
_STRING: Final = 0x80
_LIST: Final = 0xC0

_logger = logging.getLogger("zerog.pool")


class TransactionJournal:
    """One file. Not for several threads at once."""

    def __init__(self, files: DurableFiles, name: str) -> None:
        self._files, self._name = files, name
        self._is_dirty = self._is_torn = False
        self._appended_bytes = 0

    @property
    def is_to_be_rotated(self) -> bool:
        """It has grown long, or its end is torn: what is appended there is read by nobody."""
        return self._is_torn or self._appended_bytes > APPENDED_BYTES_MAX

    def load(self) -> list[bytes]:
        """The transactions, encoded; what stands behind the last whole one is left out."""
        content = self._files.read(self._name) or b""
        found, read = _items(content)
        if read < len(content):
            self._is_torn = True
            left = len(content) - read
            _logger.warning("%s: %d bytes at its end are no transaction", self._name, left)
        return found

    def append(self, transactions: Sequence[bytes]) -> None:
        """Behind those that are there, with one write; raises `OSError`."""
        if not transactions:
            return
        items = b"".join(map(_item, transactions))
        try:
            self._files.append(self._name, items)
        except OSError:
            # A full disk takes a part of them.
            self._is_torn = True
            raise
        self._is_dirty = True
        self._appended_bytes += len(items)

    def sync(self) -> None:
        """Back when all that was appended is on disk."""
        if self._is_dirty:
            self._files.sync(self._name)
            self._is_dirty = False

    def rotate(self, transactions: Iterable[bytes]) -> None:
        """These alone from now on; a crash leaves the old file or the new one."""
        self._files.replace(self._name, b"".join(map(_item, transactions)))
        self._is_dirty = self._is_torn = False
        self._appended_bytes = 0


def _item(encoded: bytes) -> bytes:
    return encoded if encoded[0] >= _LIST else encode_item(encoded)


def _items(content: bytes) -> tuple[list[bytes], int]:
    """Transactions, and how many bytes they are."""
    found: list[bytes] = []
    at = 0
    while at < len(content):
        start, end = _span(content, at)
        if end > len(content) or start == end:
            break
        found.append(content[at:end] if content[at] >= _LIST else content[start:end])
        at = end
    return found, at


def _span(content: bytes, at: int) -> tuple[int, int]:
    """Where the content of the item at `at` begins and ends; behind everything where it is cut."""
    first = content[at]
    if first < _STRING:
        # A single byte is no transaction.
        return at, at
    size = first - (_LIST if first >= _LIST else _STRING)
    start = at + 1
    if size > _SHORT_MAX:
        digits = content[start : start + size - _SHORT_MAX]
        start += size - _SHORT_MAX
        size = int.from_bytes(digits, "big")
    return start, start + size
