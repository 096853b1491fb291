"""0G's price oracle: a tip that recent blocks say is enough (facts §1b "Gas price").

geth's oracle, but for two rules of 0G's: an empty block counts as the default tip, and a block that is
less than 60 % full says no more than the default tip.
"""

from typing import Final

from chain.stored_blocks import StoredBlocks, sender_of

MINIMUM_TIP: Final = 1_000_000
"""Wei a gas; 0G's miner.gasprice, and the answer while there is no block but genesis."""
DEFAULT_TIP: Final = 2 * MINIMUM_TIP
TIP_MAX: Final = 500 * 10**9
IGNORED_BELOW: Final = 2
"""Wei a gas; tips below are no offer."""
BLOCKS_SAMPLED: Final = 20
SAMPLES_PER_BLOCK: Final = 3
PERCENTILE: Final = 60
BLOCKS_REMEMBERED: Final = 4 * BLOCKS_SAMPLED


class PriceOracle:
    """Remembers what each block says: a block never changes, so a new head costs one block."""

    def __init__(self) -> None:
        self._samples: dict[int, tuple[int, ...]] = {}
        """By block number."""

    def priority_fee(self, blocks: StoredBlocks) -> int:
        """Wei a gas: the 60th percentile of the lowest tips in the latest blocks."""
        number = blocks.head_number
        waiting = min(BLOCKS_SAMPLED, number)
        samples: list[int] = []
        while waiting:
            found = self._samples_of(blocks, number)
            number -= 1
            waiting -= 1
            # A block that says little earns another one, up to twice as many samples.
            may_ask_more = len(samples) + 1 + waiting < 2 * BLOCKS_SAMPLED and number > waiting
            if len(found) == 1 and may_ask_more:
                waiting += 1
            samples += found
        if not samples:
            return MINIMUM_TIP
        return min(sorted(samples)[(len(samples) - 1) * PERCENTILE // 100], TIP_MAX)

    def _samples_of(self, blocks: StoredBlocks, number: int) -> tuple[int, ...]:
        known = self._samples.get(number)
        if known is not None:
            return known
        if len(self._samples) >= BLOCKS_REMEMBERED:
            self._samples.clear()
        samples = self._samples[number] = _samples(blocks, number)
        return samples


def _samples(blocks: StoredBlocks, number: int) -> tuple[int, ...]:
    """The lowest tips in a block, not those of the proposer itself."""
    header = blocks.header(number)
    base_fee = header.base_fee or 0
    tips = sorted(
        (receipt.effective_gas_price - base_fee, index)
        for index, receipt in enumerate(blocks.receipts(number))
    )
    samples: list[int] = []
    for tip, index in tips:
        if len(samples) == SAMPLES_PER_BLOCK:
            break
        transaction = blocks.transaction(number, index)
        assert transaction is not None, "every receipt has its transaction"
        if tip >= IGNORED_BELOW and sender_of(transaction) != header.coinbase:
            samples.append(tip)
    if not samples:
        return (DEFAULT_TIP,)
    if header.gas_used * 10 // header.gas_limit < 6:
        return tuple(min(tip, DEFAULT_TIP) for tip in samples)
    return tuple(samples)
