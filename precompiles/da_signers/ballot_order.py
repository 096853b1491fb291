"""The order in which Go's `sort.Slice` leaves ballots, equal ones included (facts [O1]).

Signers registered with all-zero keys share their ballots, and `sort.Slice` is not stable: up to 12
items it is insertion sort, from 13 on pattern-defeating quicksort (Go 1.19 and later) with a random
number generator seeded by the length. Where no two ballots are equal every sort gives the same.
"""

from collections.abc import Sequence
from heapq import nsmallest
from typing import Final

_INSERTION_ITEMS_MAX: Final = 12
_NINTHER_ITEMS_MIN: Final = 50
_SHIFTING_ITEMS_MIN: Final = 50
_SHIFTS_MAX: Final = 5
_SWAPS_OF_A_DESCENDING_RANGE: Final = 12
_UINT64_MASK: Final = (1 << 64) - 1


def ballot_order(ballots: Sequence[bytes], needed: int | None = None) -> list[int]:
    """Indices of the ballots in the order that Go's sort gives: the first `needed`, or all."""
    count = len(ballots)
    needed = count if needed is None else min(needed, count)
    if count <= _INSERTION_ITEMS_MAX or len(set(ballots)) == count:
        if needed < count:
            return nsmallest(needed, range(count), key=ballots.__getitem__)
        return sorted(range(count), key=ballots.__getitem__)
    return _PatternDefeatingQuicksort(ballots, needed).order()


class _PatternDefeatingQuicksort:
    """Replays Go's algorithm swap by swap; ranges are [first, end).

    What it does to a range depends on nothing outside of it but the item in front, which is in its place
    by then: so ranges behind the `needed` first items are left alone.
    """

    def __init__(self, keys: Sequence[bytes], needed: int) -> None:
        self._keys = list(keys)
        self._order = list(range(len(keys)))
        self._needed = needed

    def order(self) -> list[int]:
        count = len(self._keys)
        self._sort(0, count, count.bit_length())
        return self._order[: self._needed]

    def _swap(self, i: int, j: int) -> None:
        keys, order = self._keys, self._order
        keys[i], keys[j] = keys[j], keys[i]
        order[i], order[j] = order[j], order[i]

    def _sort(self, first: int, end: int, bad_pivots_left: int) -> None:
        was_balanced = was_partitioned = True
        while end - first > _INSERTION_ITEMS_MAX and first < self._needed:
            length = end - first
            if not bad_pivots_left:
                self._heap_sort(first, end)
                return
            if not was_balanced:
                self._break_patterns(first, end)
                bad_pivots_left -= 1
            pivot, looks_sorted = self._choose_pivot(first, end)
            if (
                was_balanced
                and was_partitioned
                and looks_sorted
                and self._finish_nearly_sorted(first, end)
            ):
                return
            # Nothing here is below the item in front of the range: the pivot equals it.
            if first and not self._keys[first - 1] < self._keys[pivot]:
                first = self._partition_equal(first, end, pivot)
                continue
            middle, was_partitioned = self._partition(first, end, pivot)
            left, right = middle - first, end - middle
            was_balanced = min(left, right) >= length // 8
            if left < right:
                self._sort(first, middle, bad_pivots_left)
                first = middle + 1
            else:
                self._sort(middle + 1, end, bad_pivots_left)
                end = middle
        self._insertion_sort(first, end)

    def _insertion_sort(self, first: int, end: int) -> None:
        order = sorted(range(first, end), key=self._keys.__getitem__)
        self._keys[first:end] = [self._keys[i] for i in order]
        self._order[first:end] = [self._order[i] for i in order]

    def _partition(self, first: int, end: int, pivot: int) -> tuple[int, bool]:
        """Smaller items to the left; where the pivot went, and whether they were there already."""
        self._swap(first, pivot)
        keys, order = self._keys, self._order
        key = keys[first]
        i, j, swaps = first + 1, end - 1, 0
        while True:
            while i <= j and keys[i] < key:
                i += 1
            while i <= j and not keys[j] < key:
                j -= 1
            if i > j:
                break
            keys[i], keys[j] = keys[j], keys[i]
            order[i], order[j] = order[j], order[i]
            i, j, swaps = i + 1, j - 1, swaps + 1
        self._swap(j, first)
        return j, not swaps

    def _partition_equal(self, first: int, end: int, pivot: int) -> int:
        """Items equal to the pivot to the left, in a range with none below it; where the rest begins."""
        self._swap(first, pivot)
        keys, order = self._keys, self._order
        key = keys[first]
        i, j = first + 1, end - 1
        while True:
            while i <= j and not key < keys[i]:
                i += 1
            while i <= j and key < keys[j]:
                j -= 1
            if i > j:
                return i
            keys[i], keys[j] = keys[j], keys[i]
            order[i], order[j] = order[j], order[i]
            i, j = i + 1, j - 1

    def _choose_pivot(self, first: int, end: int) -> tuple[int, bool]:
        """A median of three, or of three such medians, and whether the range looks ascending.

        A range that looks descending is reversed first, and its pivot with it.
        """
        quarter = (end - first) // 4
        candidates = [first + quarter * step for step in (1, 2, 3)]
        swaps = 0
        if end - first >= _NINTHER_ITEMS_MIN:
            for place, middle in enumerate(candidates):
                candidates[place], more = self._median(middle - 1, middle, middle + 1)
                swaps += more
        pivot, more = self._median(*candidates)
        swaps += more
        if swaps != _SWAPS_OF_A_DESCENDING_RANGE:
            return pivot, not swaps
        self._keys[first:end] = self._keys[first:end][::-1]
        self._order[first:end] = self._order[first:end][::-1]
        return end - 1 - (pivot - first), True

    def _median(self, a: int, b: int, c: int) -> tuple[int, int]:
        """The index of the median and how many of its three comparisons found two out of order."""
        keys, swaps = self._keys, 0
        if keys[b] < keys[a]:
            a, b, swaps = b, a, swaps + 1
        if keys[c] < keys[b]:
            b, c, swaps = c, b, swaps + 1
        if keys[b] < keys[a]:
            a, b, swaps = b, a, swaps + 1
        return b, swaps

    def _finish_nearly_sorted(self, first: int, end: int) -> bool:
        """Try to sort by moving a few items; whether the range is sorted now."""
        keys = self._keys
        i = first + 1
        for _ in range(_SHIFTS_MAX):
            while i < end and not keys[i] < keys[i - 1]:
                i += 1
            if i == end:
                return True
            if end - first < _SHIFTING_ITEMS_MIN:
                return False
            self._swap(i, i - 1)
            if i - first >= 2:
                self._shift_left(i - 1)
            if end - i >= 2:
                self._shift_right(i + 1, end)
        return False

    def _shift_left(self, i: int) -> None:
        while i >= 1 and self._keys[i] < self._keys[i - 1]:
            self._swap(i, i - 1)
            i -= 1

    def _shift_right(self, i: int, end: int) -> None:
        while i < end and self._keys[i] < self._keys[i - 1]:
            self._swap(i, i - 1)
            i += 1

    def _break_patterns(self, first: int, end: int) -> None:
        """Swap three items in the middle with random ones; Xorshift64, the length is the seed."""
        length = end - first
        random, mask = length, (1 << length.bit_length()) - 1
        middle = first + length // 4 * 2
        for index in (middle - 1, middle, middle + 1):
            random ^= random << 13 & _UINT64_MASK
            random ^= random >> 7
            random ^= random << 17 & _UINT64_MASK
            other = random & mask
            self._swap(index, first + (other - length if other >= length else other))

    def _heap_sort(self, first: int, end: int) -> None:
        count = end - first
        for root in range((count - 1) // 2, -1, -1):
            self._sift_down(root, count, first)
        for last in range(count - 1, -1, -1):
            self._swap(first, first + last)
            self._sift_down(0, last, first)

    def _sift_down(self, root: int, count: int, first: int) -> None:
        keys = self._keys
        while (child := 2 * root + 1) < count:
            if child + 1 < count and keys[first + child] < keys[first + child + 1]:
                child += 1
            if not keys[first + root] < keys[first + child]:
                return
            self._swap(first + root, first + child)
            root = child
