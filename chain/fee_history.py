"""What eth_feeHistory answers: base fees, fullness and tips of past blocks, with geth's numbers."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from chain.answers import FeeHistory
from chain.blocks import Header
from chain.config import ChainConfig
from chain.gas_price import MINIMUM_TIP
from chain.header_rules import blob_base_fee, excess_blob_gas, next_base_fee
from chain.query_errors import InvalidPercentile, RequestBeyondHead, TooManyPercentiles
from chain.stored_blocks import StoredBlocks
from chain.transactions import GAS_PER_BLOB

BLOCKS_MAX: Final = 1_024
"""In one answer; longer questions are cut (geth)."""
PERCENTILES_MAX: Final = 100
REWARDS_REMEMBERED: Final = 4 * BLOCKS_MAX


class RewardMemory:
    """Rewards that were asked for before: a block never changes."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, tuple[float, ...]], tuple[int, ...]] = {}

    def rewards(
        self, blocks: StoredBlocks, header: Header, percentiles: tuple[float, ...], quiet: int
    ) -> tuple[int, ...]:
        """Tips in wei a gas of that block at each percentile; `quiet` where it is empty."""
        key = (header.number, percentiles)
        known = self._known.get(key)
        if known is not None:
            return known
        if len(self._known) >= REWARDS_REMEMBERED:
            self._known.clear()
        rewards = self._known[key] = _rewards(blocks, header, percentiles, quiet)
        return rewards


def fee_history(
    blocks: StoredBlocks,
    config: ChainConfig,
    block_count: int,
    newest: int,
    percentiles: Sequence[float],
    memory: RewardMemory,
) -> FeeHistory:
    """Of `block_count` blocks up to number `newest`, as far as there are that many.

    Raises TooManyPercentiles, InvalidPercentile, RequestBeyondHead.
    """
    if block_count < 1:
        return FeeHistory(0, (), (), (), (), None)
    _check_percentiles(percentiles)
    if newest > blocks.head_number:
        raise RequestBeyondHead(newest, blocks.head_number)
    count = min(block_count, BLOCKS_MAX, newest + 1)
    oldest = newest + 1 - count
    headers = list(blocks.headers(range(oldest, newest + 1)))
    # geth says 0, of which foundry makes a tip of 1 wei, which a pool with 0G's minimum refuses.
    quiet = MINIMUM_TIP if config.has_zero_g_precompiles else 0
    return FeeHistory(
        oldest_block=oldest,
        base_fees=(*(header.base_fee or 0 for header in headers), _next_base_fee(headers[-1])),
        gas_used_ratios=tuple(header.gas_used / header.gas_limit for header in headers),
        blob_base_fees=(
            *(_blob_base_fee(header, config) for header in headers),
            next_blob_base_fee(headers[-1], config),
        ),
        blob_gas_used_ratios=tuple(_blob_gas_used_ratio(header, config) for header in headers),
        rewards=(
            tuple(memory.rewards(blocks, header, tuple(percentiles), quiet) for header in headers)
            if percentiles
            else None
        ),
    )


def next_blob_base_fee(header: Header, config: ChainConfig) -> int:
    """Wei a blob gas in the block after `header`, as geth reckons it: under that header's rules."""
    rules = config.rules(header.number, header.timestamp)
    if rules.blobs is None or header.excess_blob_gas is None:
        return 0
    return blob_base_fee(excess_blob_gas(header, rules), rules)


def _check_percentiles(percentiles: Sequence[float]) -> None:
    if len(percentiles) > PERCENTILES_MAX:
        raise TooManyPercentiles(PERCENTILES_MAX)
    for percentile in percentiles:
        if not 0 <= percentile <= 100:
            raise InvalidPercentile(f"invalid reward percentile: {percentile:f}")
    for place, (lower, upper) in enumerate(pairwise(percentiles)):
        if upper <= lower:
            raise InvalidPercentile(
                f"invalid reward percentile: #{place}:{lower:f} >= #{place + 1}:{upper:f}"
            )


def _next_base_fee(header: Header) -> int:
    return 0 if header.base_fee is None else next_base_fee(header)


def _blob_base_fee(header: Header, config: ChainConfig) -> int:
    if header.excess_blob_gas is None:
        return 0
    return blob_base_fee(header.excess_blob_gas, config.rules(header.number, header.timestamp))


def _blob_gas_used_ratio(header: Header, config: ChainConfig) -> float:
    schedule = config.rules(header.number, header.timestamp).blobs
    if schedule is None or not header.blob_gas_used:
        return 0.0
    return header.blob_gas_used / (schedule.limit * GAS_PER_BLOB)


def _rewards(
    blocks: StoredBlocks, header: Header, percentiles: Sequence[float], quiet: int
) -> tuple[int, ...]:
    """Tips in wei a gas: at each percentile of the block's gas, cheapest transactions first.

    `quiet` stands for every percentile of a block without transactions.
    """
    receipts = blocks.receipts(header.number)
    if not receipts:
        return (quiet,) * len(percentiles)
    base_fee = header.base_fee or 0
    by_tip = sorted(
        (receipt.effective_gas_price - base_fee, receipt.gas_used) for receipt in receipts
    )
    rewards, place, gas_sum = [], 0, by_tip[0][1]
    for percentile in percentiles:
        threshold = int(header.gas_used * percentile / 100)
        while gas_sum < threshold and place < len(by_tip) - 1:
            place += 1
            gas_sum += by_tip[place][1]
        rewards.append(by_tip[place][0])
    return tuple(rewards)
