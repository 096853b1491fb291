"""A quorum: which signer has which row, who of them counts for a bitmap, and how many rows it takes."""

from collections.abc import Collection
from dataclasses import dataclass

from eth_typing import Address

from precompiles.da_signers.quorums import participants
from precompiles.errors import DomainError

THRESHOLD_NUMERATOR, THRESHOLD_DENOMINATOR = 2, 3
"""The share of rows that must have signed (DAEntrance.sol, facts §2)."""


@dataclass(frozen=True, slots=True)
class Quorum:
    """The signers of one quorum, a row each; 3,072 rows on 0G."""

    epoch: int
    quorum_id: int
    rows: tuple[Address, ...]

    @property
    def signers(self) -> tuple[Address, ...]:
        """Each once, in the order of their first rows."""
        return tuple(dict.fromkeys(self.rows))

    @property
    def rows_needed(self) -> int:
        """The least number with 2 · rows ≤ 3 · signed."""
        return -(-len(self.rows) * THRESHOLD_NUMERATOR // THRESHOLD_DENOMINATOR)

    def bitmap(self, present: Collection[Address]) -> bytes:
        """Bit i, counted from the lowest of the first byte: the signer of row i is in `present`."""
        bits = bytearray((len(self.rows) + 7) // 8)
        for row, address in enumerate(self.rows):
            if address in present:
                bits[row // 8] |= 1 << row % 8
        return bytes(bits)

    def counted(self, bitmap: bytes) -> tuple[tuple[Address, ...], int]:
        """Whose keys the chain adds up for a bitmap, in order, and how many rows it counts.

        As getAggPkG1 (facts §1a-1): each signer's key once, with its first set bit; from there on
        its rows count whatever their bits are. Raises ValueError where the length does not fit.
        """
        try:
            signers, rows = participants(list(self.rows), bitmap)
        except DomainError:
            raise ValueError(f"{len(bitmap)} bytes for {len(self.rows)} rows") from None
        return tuple(signers), rows

    def rows_of(self, address: Address) -> list[int]:
        """The rows that are the signer's own."""
        return [row for row, owner in enumerate(self.rows) if owner == address]
