"""Which blocks have a log of an address or a topic: what a search over many blocks reads instead of blooms.

A row for each term of each block: term ‖ number → places, each the index of a transaction and that of
its first log in the block. A term is eight bytes of hash over the position (0 is the address, 1 to 4
the topics) and the value; two values that share one cost a look at a receipt, no wrong answer.
"""

import heapq
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Final

from chain.engine import Receipt
from chain.key_value import Snapshot, Table, WriteBatch
from chain.log_filter import LogFilter

INDEX_START_KEY: Final = b"log index start"
"""In META: the first block in the index. Databases from before it begin where they were when it came."""
_TERM_BYTES: Final = 8
_PLACE_BYTES: Final = 8


def write_log_index(batch: WriteBatch, number: int, receipts: Sequence[Receipt]) -> None:
    """The rows of one block."""
    if batch.get(Table.META, INDEX_START_KEY) is None:
        batch.put(Table.META, INDEX_START_KEY, number.to_bytes(8, "big"))
    batch.put_many(Table.LOG_INDEX, log_index_rows(number, receipts))


def log_index_rows(number: int, receipts: Sequence[Receipt]) -> list[tuple[bytes, bytes]]:
    """Key and value of each row of one block, ascending."""
    key = number.to_bytes(8, "big")
    rows: dict[bytes, bytearray] = {}
    log_index = 0
    for index, receipt in enumerate(receipts):
        place = index.to_bytes(4, "big") + log_index.to_bytes(4, "big")
        terms = {(0, bytes(log.address)) for log in receipt.logs}
        for log in receipt.logs:
            terms.update((position, bytes(topic)) for position, topic in enumerate(log.topics, 1))
        for position, value in terms:
            rows.setdefault(log_term(position, value), bytearray()).extend(place)
        log_index += len(receipt.logs)
    return [(term + key, bytes(rows[term])) for term in sorted(rows)]


def log_index_start(snapshot: Snapshot) -> int | None:
    """The first block in the index; None where it has none."""
    found = snapshot.get(Table.META, INDEX_START_KEY)
    return None if found is None else int.from_bytes(found, "big")


def find_places(
    snapshot: Snapshot, log_filter: LogFilter, numbers: range
) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Blocks of a range with transactions that may match, ascending: each one's index and first log.

    The filter names an address or a topic. Every match is among them; not all of them match.
    """
    choices = enumerate((log_filter.addresses, *log_filter.topics))
    groups = [
        _Group(snapshot, numbers, [log_term(position, bytes(value)) for value in values])
        for position, values in choices
        if values
    ]
    assert groups, "a filter without criteria has no terms"
    number, agreed = numbers.start, 0
    while True:
        # Each group moves to the first block at or after the others'; where all meet is a find.
        for group in groups:
            reached = group.move_to(number)
            if reached is None:
                return
            agreed = agreed + 1 if reached == number else 1
            number = reached
        if agreed >= len(groups):
            places = groups[0].places()
            for group in groups[1:]:
                others = group.places()
                places = {index: first for index, first in places.items() if index in others}
            if places:
                yield number, sorted(places.items())
            number, agreed = number + 1, 0


class _Group:
    """Terms of which one is enough."""

    def __init__(self, snapshot: Snapshot, numbers: range, terms: Sequence[bytes]) -> None:
        self._snapshot, self._last = snapshot, numbers[-1]
        self._heads: list[tuple[int, bytes, bytes]] = []
        """Heap: the next block of each term that has one, the term, its places there."""
        for term in set(terms):
            self._push(term, numbers.start)

    def move_to(self, number: int) -> int | None:
        """The first block at or after `number`; None where there is none."""
        while self._heads and self._heads[0][0] < number:
            _, term, _ = heapq.heappop(self._heads)
            self._push(term, number)
        return self._heads[0][0] if self._heads else None

    def places(self) -> dict[int, int]:
        """At the block that was moved to: transaction index to the index of its first log."""
        number = self._heads[0][0]
        found: dict[int, int] = {}
        for head, _, places in self._heads:
            if head == number:
                for at in range(0, len(places), _PLACE_BYTES):
                    index = int.from_bytes(places[at : at + 4], "big")
                    found[index] = int.from_bytes(places[at + 4 : at + _PLACE_BYTES], "big")
        return found

    def _push(self, term: bytes, number: int) -> None:
        row = self._snapshot.seek(Table.LOG_INDEX, term + number.to_bytes(8, "big"))
        if row is not None and row[0][:_TERM_BYTES] == term:
            reached = int.from_bytes(row[0][_TERM_BYTES:], "big")
            if reached <= self._last:
                heapq.heappush(self._heads, (reached, term, row[1]))


def log_term(position: int, value: bytes) -> bytes:
    """What begins the keys of an address (position 0) or a topic (from 1 on)."""
    return blake2b(bytes((position,)) + value, digest_size=_TERM_BYTES).digest()
