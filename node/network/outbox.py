"""What waits to be written to one peer: votes go ahead of the pieces of blocks."""

from collections import deque

import trio

URGENT_FRAMES_MAX = 4_096
"""Votes and the like; a peer that reads nothing costs about 1 MB of them."""
BULK_BYTES_MAX = 48 * 1024 * 1024
"""Pieces of blocks: two of the largest and what the next round brings."""
WRITE_BYTES_MAX = 32 * 1024
"""Urgent frames joined into one write."""


class Outbox:
    """A bounded queue with one reader. What does not fit is lost, and repaired later."""

    def __init__(self) -> None:
        self._urgent: deque[bytes] = deque()
        self._bulk: deque[bytes] = deque()
        self._bulk_bytes = 0
        self._arrived = trio.Event()

    def put(self, frame: bytes) -> bool:
        """False if the queue is full."""
        if len(self._urgent) >= URGENT_FRAMES_MAX:
            return False
        self._urgent.append(frame)
        self._arrived.set()
        return True

    def put_bulk(self, frames: list[bytes]) -> bool:
        """All of them or, if they do not fit, none: then False. Their order is kept."""
        size = sum(map(len, frames))
        if self._bulk_bytes + size > BULK_BYTES_MAX:
            return False
        self._bulk.extend(frames)
        self._bulk_bytes += size
        self._arrived.set()
        return True

    async def take(self) -> bytes:
        """Wait for something and give what to write next."""
        while not self._urgent and not self._bulk:
            self._arrived = trio.Event()
            await self._arrived.wait()
        if not self._urgent:
            frame = self._bulk.popleft()
            self._bulk_bytes -= len(frame)
            return frame
        parts = [self._urgent.popleft()]
        size = len(parts[0])
        while self._urgent and size + len(self._urgent[0]) <= WRITE_BYTES_MAX:
            parts.append(self._urgent.popleft())
            size += len(parts[-1])
        return b"".join(parts)
