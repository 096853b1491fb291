"""Which logs a question asks for, and which blocks can be skipped by their blooms."""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_typing import Address, Hash32

from chain.engine import Log
from chain.receipts import bloom_bits


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Blocks first … last (inclusive) or one block by hash; any of the addresses; topics by position.

    An empty `addresses` is any address; a topic position that is empty matches anything. A log with
    fewer topics than positions does not match.
    """

    first_block: int = 0
    last_block: int = 0
    block_hash: Hash32 | None = None
    addresses: tuple[Address, ...] = ()
    topics: tuple[tuple[Hash32, ...], ...] = ()

    def matches(self, log: Log) -> bool:
        if self.addresses and log.address not in self.addresses:
            return False
        if len(self.topics) > len(log.topics):
            return False
        return all(
            not wanted or topic in wanted
            for wanted, topic in zip(self.topics, log.topics, strict=False)
        )


class BloomTest:
    """The filter's shadow on block blooms: False is certain, True is worth a look."""

    def __init__(self, log_filter: LogFilter) -> None:
        groups: tuple[Sequence[bytes], ...] = (log_filter.addresses, *log_filter.topics)
        self._groups = [[bloom_bits(value) for value in group] for group in groups if group]

    def may_match(self, bloom: bytes) -> bool:
        """`bloom`: 256 bytes of a header."""
        bits = int.from_bytes(bloom, "big")
        if not bits:
            return False
        return all(any(bits & mask == mask for mask in group) for group in self._groups)
