"""Filters of JSON-RPC clients, kept at the node: whichever JSON-RPC process is asked, it finds them.

The node knows nothing of what a filter looks for. It keeps the criteria as text, and a cursor: the last
block, or the count of pending transactions, that the client has been told of.
"""

import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

FILTER_LIFE_S = 300.0
"""A filter that nobody polls for this long is gone; geth's five minutes."""
FILTERS_MAX = 10_000
CRITERIA_BYTES_MAX = 512 * 1024
"""Of one filter."""
ALL_CRITERIA_BYTES_MAX = 64 * 1024 * 1024
PENDING_REMEMBERED = 10_000
"""Hashes of pending transactions; a client that polls too rarely misses the older ones."""
SWEEP_S = 10.0
"""How often filters that have expired are looked for."""

BLOCKS = "blocks"
LOGS = "logs"
PENDING = "pending"


@dataclass(slots=True)
class Filter:
    """One client's filter."""

    kind: str
    """`BLOCKS`, `LOGS` or `PENDING`."""
    criteria: str
    cursor: int
    used_at_s: float


@dataclass(frozen=True, slots=True)
class Poll:
    """What a client's question about its filter has to be answered from."""

    kind: str
    criteria: str
    cursor: int
    """The last block, or count of transactions, that was told before."""
    hashes: tuple[bytes, ...] = ()
    """Of a `PENDING` filter: transactions since then."""


class FilterBook:
    """Bounded in number and bytes. `now_s` is any clock in seconds that goes forward."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._filters: dict[str, Filter] = {}
        self._bytes = 0
        self._hashes: deque[bytes] = deque(maxlen=PENDING_REMEMBERED)
        self._hash_count = 0
        self._swept_at_s = now_s()

    def __len__(self) -> int:
        return len(self._filters)

    def add_pending(self, transaction_hash: bytes) -> None:
        """A transaction can be in the next block from now on."""
        self._hashes.append(transaction_hash)
        self._hash_count += 1

    def install(self, kind: str, criteria: str, head: int) -> str | None:
        """The new filter's id; None where there is no room."""
        self._sweep(is_due=len(self._filters) >= FILTERS_MAX)
        size = len(criteria)
        if (
            len(self._filters) >= FILTERS_MAX
            or size > CRITERIA_BYTES_MAX
            or self._bytes + size > ALL_CRITERIA_BYTES_MAX
        ):
            return None
        cursor = self._hash_count if kind == PENDING else head
        identity = f"0x{secrets.randbits(128):x}"
        self._filters[identity] = Filter(kind, criteria, cursor, self._now_s())
        self._bytes += size
        return identity

    def look(self, identity: str) -> Poll | None:
        """The filter as it is, which keeps it alive; None where there is none."""
        found = self._alive(identity)
        return None if found is None else Poll(found.kind, found.criteria, found.cursor)

    def take(self, identity: str, head: int) -> Poll | None:
        """All up to `head` counts as told from now on; None where there is no such filter."""
        found = self._alive(identity)
        if found is None:
            return None
        before = found.cursor
        if found.kind == PENDING:
            fresh = min(self._hash_count - before, len(self._hashes))
            hashes = tuple(self._hashes)[len(self._hashes) - fresh :]
            found.cursor = self._hash_count
            return Poll(found.kind, found.criteria, before, hashes)
        found.cursor = max(head, before)
        return Poll(found.kind, found.criteria, before)

    def give_back(self, identity: str, cursor: int) -> None:
        """What `take` gave could not be told: the next poll begins there again."""
        found = self._filters.get(identity)
        if found is not None:
            found.cursor = min(found.cursor, cursor)

    def remove(self, identity: str) -> bool:
        """Whether there was one."""
        found = self._alive(identity)
        if found is not None:
            self._drop(identity)
        return found is not None

    def _alive(self, identity: str) -> Filter | None:
        self._sweep(is_due=False)
        found = self._filters.get(identity)
        if found is None:
            return None
        now_s = self._now_s()
        if now_s - found.used_at_s > FILTER_LIFE_S:
            self._drop(identity)
            return None
        found.used_at_s = now_s
        return found

    def _sweep(self, is_due: bool) -> None:
        now_s = self._now_s()
        if not is_due and now_s - self._swept_at_s < SWEEP_S:
            return
        self._swept_at_s = now_s
        for identity, found in list(self._filters.items()):
            if now_s - found.used_at_s > FILTER_LIFE_S:
                self._drop(identity)

    def _drop(self, identity: str) -> None:
        self._bytes -= len(self._filters.pop(identity).criteria)
