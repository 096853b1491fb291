"""0G's price oracle: a tip that recent blocks say is enough (facts §1b "Gas price").

geth's oracle, but for two rules of 0G's: an empty block counts as the default tip, and a block that is
less than 60 % full says no more than the default tip.
"""

from typing import Final

from chain.blocks import Block
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


def priority_fee(blocks: StoredBlocks) -> int:
    """Wei a gas: the 60th percentile of the lowest tips in the latest blocks."""
    number = blocks.head.number
    waiting = min(BLOCKS_SAMPLED, number)
    samples: list[int] = []
    while waiting:
        found = _samples(blocks.block(number))
        number -= 1
        waiting -= 1
        # A block that says little earns another one, up to twice as many samples.
        if (
            len(found) == 1
            and len(samples) + 1 + waiting < 2 * BLOCKS_SAMPLED
            and number - waiting > 0
        ):
            waiting += 1
        samples += found
    if not samples:
        return MINIMUM_TIP
    return min(sorted(samples)[(len(samples) - 1) * PERCENTILE // 100], TIP_MAX)


def _samples(block: Block) -> list[int]:
    """The lowest tips in a block, not those of the proposer itself."""
    header = block.header
    base_fee = header.base_fee
    tips = sorted(
        (
            (transaction.effective_gas_price(base_fee) - (base_fee or 0), place)
            for place, transaction in enumerate(block.transactions)
        )
    )
    samples: list[int] = []
    for tip, place in tips:
        if len(samples) == SAMPLES_PER_BLOCK:
            break
        if tip >= IGNORED_BELOW and sender_of(block.transactions[place]) != header.coinbase:
            samples.append(tip)
    if not samples:
        return [DEFAULT_TIP]
    if header.gas_used * 10 // header.gas_limit < 6:
        return [min(tip, DEFAULT_TIP) for tip in samples]
    return samples
