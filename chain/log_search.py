"""Logs in a range of blocks: by the index where it names blocks, by blooms where it does not."""

from collections.abc import Iterable, Iterator

from chain.answers import PlacedLog
from chain.engine import Log
from chain.log_filter import BloomTest, LogFilter
from chain.query_errors import (
    BlockRangeBeyondHead,
    BlockRangeTooLarge,
    InvalidBlockRange,
    TooManyLogs,
)
from chain.stored_blocks import StoredBlocks

SMALL_SEARCH_BLOCKS_MAX = 1_024
SMALL_SEARCH_PLACES_MAX = 64
"""Transactions whose receipts a small search may have to read."""
SMALL_SEARCH_GAS_MAX = 2_000_000
"""A block that used more may hold too many receipts for a small search without the index."""

_Found = tuple[Log, int, int]
"""A log, the index of its transaction, its own index in the block."""


def find_logs(
    blocks: StoredBlocks,
    log_filter: LogFilter,
    numbers: range,
    blocks_max: int,
    results_max: int,
) -> tuple[PlacedLog, ...]:
    """Matching logs of the blocks with these numbers, ascending.

    Raises InvalidBlockRange, BlockRangeBeyondHead, BlockRangeTooLarge, TooManyLogs.
    """
    if not numbers:
        raise InvalidBlockRange
    if numbers[-1] > blocks.head_number:
        raise BlockRangeBeyondHead
    if len(numbers) > blocks_max:
        raise BlockRangeTooLarge(blocks_max)
    found: list[PlacedLog] = []
    for logs in _matches(blocks, log_filter, numbers):
        found += logs
        if len(found) > results_max:
            raise TooManyLogs(results_max)
    return tuple(found)


def is_small_search(blocks: StoredBlocks, log_filter: LogFilter, numbers: range) -> bool:
    """Whether `find_logs` takes about a millisecond at most; found out in as much."""
    if not numbers or numbers[-1] > blocks.head_number:
        return True
    start = blocks.log_index_start
    has_terms = bool(log_filter.addresses) or any(log_filter.topics)
    if start is None or numbers.start < start or not has_terms:
        return len(numbers) == 1 and blocks.header(numbers[0]).gas_used <= SMALL_SEARCH_GAS_MAX
    if len(numbers) > SMALL_SEARCH_BLOCKS_MAX:
        return False
    places_left = SMALL_SEARCH_PLACES_MAX
    for _, places in blocks.log_places(log_filter, numbers):
        places_left -= len(places)
        if places_left < 0:
            return False
    return True


def logs_of_block(
    blocks: StoredBlocks, number: int, log_filter: LogFilter
) -> tuple[PlacedLog, ...]:
    """Those of one block that match; the filter's own blocks are not looked at."""
    found = []
    log_index = 0
    for transaction_index, receipt in enumerate(blocks.receipts(number)):
        found += _matching(receipt.logs, log_filter, transaction_index, log_index)
        log_index += len(receipt.logs)
    return _placed(blocks, number, found)


def _matches(
    blocks: StoredBlocks, log_filter: LogFilter, numbers: range
) -> Iterator[tuple[PlacedLog, ...]]:
    start = blocks.log_index_start
    has_terms = bool(log_filter.addresses) or any(log_filter.topics)
    split = numbers.stop if start is None or not has_terms else max(numbers.start, start)
    split = min(split, numbers.stop)
    if split > numbers.start:
        bloom_test = BloomTest(log_filter)
        for number, bloom in blocks.blooms(range(numbers.start, split)):
            if bloom_test.may_match(bloom):
                yield logs_of_block(blocks, number, log_filter)
    if split < numbers.stop:
        for number, places in blocks.log_places(log_filter, range(split, numbers.stop)):
            yield _logs_at(blocks, number, places, log_filter)


def _logs_at(
    blocks: StoredBlocks, number: int, places: Iterable[tuple[int, int]], log_filter: LogFilter
) -> tuple[PlacedLog, ...]:
    """`places`: index of a transaction and of its first log."""
    found = []
    for transaction_index, first_log in places:
        receipt = blocks.receipt(number, transaction_index)
        assert receipt is not None, "indexed with its block"
        found += _matching(receipt.logs, log_filter, transaction_index, first_log)
    return _placed(blocks, number, found)


def _matching(
    logs: Iterable[Log], log_filter: LogFilter, transaction_index: int, first_log: int
) -> list[_Found]:
    return [
        (log, transaction_index, log_index)
        for log_index, log in enumerate(logs, first_log)
        if log_filter.matches(log)
    ]


def _placed(blocks: StoredBlocks, number: int, found: Iterable[_Found]) -> tuple[PlacedLog, ...]:
    found = list(found)
    if not found:
        return ()
    block_hash, timestamp = blocks.hash_and_timestamp(number)
    hashes = {
        index: blocks.transaction_hash(number, index) for index in {index for _, index, _ in found}
    }
    return tuple(
        PlacedLog(
            log=log,
            block_hash=block_hash,
            block_number=number,
            block_timestamp=timestamp,
            transaction_hash=hashes[transaction_index],
            transaction_index=transaction_index,
            log_index=log_index,
        )
        for log, transaction_index, log_index in found
    )
