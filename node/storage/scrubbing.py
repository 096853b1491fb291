"""Reads what lies on disk again, slowly, so that damage is known before somebody asks for it."""

import time

from node.storage.errors import DamagedSegment, NotStored
from node.storage.store import SegmentStore

ROUND_PAUSE_S = 10.0
"""Between the end of a round through all segments and the next."""


class Scrubber:
    """Checks one segment after the other, in the order of their roots, round and round."""

    def __init__(self, store: SegmentStore) -> None:
        self._store = store
        self._place: tuple[bytes, int] = (bytes(32), 0)
        self._begins_at = 0.0

    def check_next(self) -> None:
        """One segment; the store reports what it finds damaged."""
        if time.monotonic() < self._begins_at:
            return
        with self._store.index.view() as view:
            found = view.next_segment(*self._place)
            submission = self._store.chosen(view, found[0]) if found else None
        if found is None:
            self._place, self._begins_at = (bytes(32), 0), time.monotonic() + ROUND_PAUSE_S
            return
        root, index = found
        self._place = (root, index + 1)
        if submission is not None:
            try:
                self._store.read(submission, index)
            except (DamagedSegment, NotStored):
                return
