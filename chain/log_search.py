"""Logs in a range of blocks: blooms first, receipts only where a bloom says maybe."""

from chain.answers import PlacedLog
from chain.log_filter import BloomTest, LogFilter
from chain.query_errors import (
    BlockRangeBeyondHead,
    BlockRangeTooLarge,
    InvalidBlockRange,
    TooManyLogs,
)
from chain.stored_blocks import StoredBlocks


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
    bloom_test = BloomTest(log_filter)
    found: list[PlacedLog] = []
    for number, bloom in blocks.blooms(numbers):
        if bloom_test.may_match(bloom):
            found += logs_of_block(blocks, number, log_filter)
            if len(found) > results_max:
                raise TooManyLogs(results_max)
    return tuple(found)


def logs_of_block(
    blocks: StoredBlocks, number: int, log_filter: LogFilter
) -> tuple[PlacedLog, ...]:
    """Those of one block that match; the filter's own blocks are not looked at."""
    places = []
    log_index = 0
    for transaction_index, receipt in enumerate(blocks.receipts(number)):
        for log in receipt.logs:
            if log_filter.matches(log):
                places.append((log, transaction_index, log_index))
            log_index += 1
    if not places:
        return ()
    block = blocks.block(number)
    return tuple(
        PlacedLog(
            log=log,
            block_hash=block.header.hash,
            block_number=number,
            block_timestamp=block.header.timestamp,
            transaction_hash=block.transactions[transaction_index].hash,
            transaction_index=transaction_index,
            log_index=log_index,
        )
        for log, transaction_index, log_index in places
    )
