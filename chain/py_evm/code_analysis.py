"""Where code may jump to: the JUMPDESTs that are not data of a PUSH."""

import re
from typing import Final

from lru import LRU

CACHED_CODE_COUNT: Final = 512
"""Codes whose jump destinations are kept."""

_JUMPDEST: Final = b"\x5b"
_PUSH_OR_JUMPDEST: Final = re.compile(
    re.escape(_JUMPDEST)
    + b"|"
    + b"|".join(re.escape(bytes((0x5F + n,))) + b".{0,%d}" % n for n in range(1, 33)),
    re.DOTALL,
)


class CodeAnalysis:
    """Jump destinations by code; the last `CACHED_CODE_COUNT` codes are remembered."""

    def __init__(self) -> None:
        self._destinations: LRU[bytes, frozenset[int]] = LRU(CACHED_CODE_COUNT)

    def jump_destinations(self, code: bytes) -> frozenset[int]:
        destinations: frozenset[int] | None = self._destinations.get(code)
        if destinations is None:
            destinations = find_jump_destinations(code)
            self._destinations[code] = destinations
        return destinations


def find_jump_destinations(code: bytes) -> frozenset[int]:
    """Positions of the JUMPDESTs that are opcodes (Yellow Paper 9.4.3)."""
    # A PUSH matches together with its data, so that a JUMPDEST inside the data is passed over.
    return frozenset(
        match.start() for match in _PUSH_OR_JUMPDEST.finditer(code) if code[match.start()] == 0x5B
    )
