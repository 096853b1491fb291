"""What is submitted: the roots of a file's complete subtrees, largest first (facts §3, "Validity")."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from precompiles.contract import require, subtract

SECTOR_BYTES: Final = 256
SECTORS_PER_SEGMENT: Final = 1_024
HEIGHTS: Final = 64
HEIGHT_SPREAD: Final = 4
"""The largest and the smallest subtree are fewer levels than this apart."""
INVALID: Final = "Invalid submission"
_NOBODY: Final = bytes(20)


@dataclass(frozen=True, slots=True)
class Submission:
    """As it stands in the call data of either form."""

    length: int
    """Bytes of the file."""
    tags: bytes
    nodes: Sequence[tuple[Hash32, int]]
    """Root and height of each subtree; one of height h has 2^h sectors."""
    submitter: Address
    """Whom the log names; where the older form is used, the caller."""

    @classmethod
    def of(cls, data: tuple[Any, ...], submitter: Address) -> "Submission":
        """`data` is (length, tags, nodes)."""
        length, tags, nodes = data
        return cls(length, tags, nodes, submitter)

    @property
    def data(self) -> tuple[int, bytes, Sequence[tuple[Hash32, int]]]:
        """What the log holds."""
        return self.length, self.tags, self.nodes

    @property
    def sectors(self) -> int:
        """How many the subtrees have together; only of a valid submission."""
        return sum(1 << height for _, height in self.nodes)

    @property
    def first_height(self) -> int:
        return self.nodes[0][1]

    @property
    def identity(self) -> Hash32:
        """keccak of the roots, one after the other."""
        return Hash32(keccak(b"".join(root for root, _ in self.nodes)))

    def check(self) -> None:
        """Raises `Refusal` of what is not valid, in the contract's order: one check there panics."""
        require(self.submitter != _NOBODY and len(self.nodes) > 0, INVALID)
        heights = [height for _, height in self.nodes]
        require(subtract(heights[0], heights[-1]) < HEIGHT_SPREAD, INVALID)
        require(heights[0] < HEIGHTS, INVALID)
        falling = all(after < before for before, after in pairwise(heights))
        require(falling, INVALID)
        sectors = self.sectors
        fits = _least_sectors(sectors, heights) * SECTOR_BYTES < self.length
        require(fits and self.length <= sectors * SECTOR_BYTES, INVALID)


def _least_sectors(sectors: int, heights: Sequence[int]) -> int:
    """A file that fits in so many would have been split in another way."""
    if sectors < 1 << HEIGHT_SPREAD:
        return sectors - 1
    if len(heights) == 1:
        return sectors - (sectors >> HEIGHT_SPREAD)
    return sectors - (1 << heights[0] - HEIGHT_SPREAD + 1)
