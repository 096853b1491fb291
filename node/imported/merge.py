"""Where proof of work ends in a chain whose genesis names a total difficulty, not a block (EIP-3675)."""

from chain import block_store
from chain.config import ChainConfig
from chain.key_value import KeyValueStore, Snapshot


def settled(config: ChainConfig, store: KeyValueStore) -> ChainConfig:
    """The schedule with the first block of Paris in it, where the store has that block."""
    if not config.awaits_merge:
        return config
    with store.snapshot() as snapshot:
        number = _first_without_difficulty(snapshot)
    return config if number is None else config.with_merge_at(number)


def total_difficulty(store: KeyValueStore) -> int:
    """The sum over all stored blocks."""
    with store.snapshot() as snapshot:
        head = block_store.head_number(snapshot)
        assert head is not None, "block zero is there"
        headers = block_store.read_headers(snapshot, range(head + 1))
        return sum(header.difficulty for header in headers)


def _first_without_difficulty(snapshot: Snapshot) -> int | None:
    """Behind the first there are none with it again, so halving finds it."""
    head = block_store.head_number(snapshot)
    assert head is not None, "block zero is there"
    low, high = 0, head + 1
    while high - low > 1:
        middle = (low + high) // 2
        header = block_store.read_header(snapshot, middle)
        assert header is not None, "every block up to the head is stored"
        if header.difficulty:
            low = middle
        else:
            high = middle
    return high if high <= head else None
