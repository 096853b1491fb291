"""Which logs a question asks for, and which blocks can be skipped by their blooms."""

from dataclasses import dataclass

from eth_typing import Address, Hash32


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
