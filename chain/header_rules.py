"""What a header must say given its parent: the rules that need no execution.

Seals are never checked. `check_header` raises `HeaderMismatch` naming field, got and expected.
"""

from typing import Final

from chain.blocks import EMPTY_OMMERS_HASH, NO_NONCE, Header
from chain.config import ChainConfig, Rules
from chain.errors import HeaderMismatch
from chain.forks.fork import Fork
from chain.transactions import GAS_PER_BLOB

EXTRA_DATA_LIMIT: Final = 32
"""Bytes; web3.py refuses more."""
GAS_LIMIT_BOUND_DIVISOR: Final = 1_024
GAS_LIMIT_MINIMUM: Final = 5_000
ZERO_G_GAS_LIMIT_MINIMUM: Final = 20_000_000
"""Facts §1b."""
ZERO_G_GAS_LIMIT_TIMES: Final = {16602: 1_777_852_800, 16661: 1_782_432_000}
"""Chain id → first timestamp of the 20 M floor; 0 for every other id (facts §1b)."""
INITIAL_BASE_FEE: Final = 1_000_000_000
"""Wei; EIP-1559."""
ELASTICITY: Final = 2
BASE_FEE_CHANGE_DENOMINATOR: Final = 8
MINIMUM_DIFFICULTY: Final = 131_072
DIFFICULTY_BOUND_DIVISOR: Final = 2_048
MINIMUM_BLOB_BASE_FEE: Final = 1
BLOB_BASE_COST: Final = 1 << 13
"""Execution gas by which EIP-7918 weighs a blob."""


def check_header(header: Header, parent: Header, config: ChainConfig) -> None:
    """Raises `HeaderMismatch` at the first field that no valid child of `parent` has."""
    rules = config.rules(header.number, header.timestamp)
    _expect("number", header.number, parent.number + 1)
    _expect("parent_hash", header.parent_hash, parent.hash)
    if len(header.extra_data) > EXTRA_DATA_LIMIT:
        raise HeaderMismatch(
            "extra_data length", len(header.extra_data), f"at most {EXTRA_DATA_LIMIT}"
        )
    _check_time_and_seal_fields(header, parent, rules)
    _check_gas_limit(header, parent, rules)
    is_london = rules.fork >= Fork.LONDON
    _expect("base_fee", header.base_fee, next_base_fee(parent) if is_london else None)
    _check_presence(header, rules)
    if rules.fork >= Fork.CANCUN:
        _check_blob_gas(header, parent, rules)


def next_base_fee(parent: Header) -> int:
    """Wei a gas in the block after `parent` (EIP-1559)."""
    if parent.base_fee is None:
        return INITIAL_BASE_FEE
    target = parent.gas_limit // ELASTICITY
    if parent.gas_used == target:
        return parent.base_fee
    distance = abs(parent.gas_used - target)
    change = parent.base_fee * distance // target // BASE_FEE_CHANGE_DENOMINATOR
    if parent.gas_used > target:
        return parent.base_fee + max(change, 1)
    return max(parent.base_fee - change, 0)


def next_gas_limit(parent_limit: int, target: int, minimum: int = GAS_LIMIT_MINIMUM) -> int:
    """The gas limit nearest to `target` that a child of a block with `parent_limit` may have."""
    step = parent_limit // GAS_LIMIT_BOUND_DIVISOR - 1
    wanted = max(target, minimum)
    return min(max(wanted, parent_limit - step), parent_limit + step)


def gas_limit_minimum(rules: Rules, timestamp: int) -> int:
    """The floor under every header's gas limit (facts §1b)."""
    first = ZERO_G_GAS_LIMIT_TIMES.get(rules.chain_id, 0)
    if rules.has_zero_g_precompiles and timestamp >= first:
        return ZERO_G_GAS_LIMIT_MINIMUM
    return GAS_LIMIT_MINIMUM


def excess_blob_gas(parent: Header, rules: Rules) -> int:
    """Excess blob gas of the block after `parent` under that block's `rules` (EIPs 4844, 7918)."""
    assert rules.blobs is not None, "no blobs before Cancun"
    excess, used = parent.excess_blob_gas or 0, parent.blob_gas_used or 0
    target, limit = rules.blobs.target, rules.blobs.limit
    if excess + used < target * GAS_PER_BLOB:
        return 0
    if rules.fork >= Fork.OSAKA and _is_blob_price_below_floor(parent, rules):
        # Execution gas costs a blob's sender more than the blob does: no lower price draws more of them.
        return excess + used * (limit - target) // limit
    return excess + used - target * GAS_PER_BLOB


def _is_blob_price_below_floor(parent: Header, rules: Rules) -> bool:
    """EIP-7918, at the prices of `parent`."""
    blob_price = blob_base_fee(parent.excess_blob_gas or 0, rules)
    return BLOB_BASE_COST * (parent.base_fee or 0) > GAS_PER_BLOB * blob_price


def blob_base_fee(excess: int, rules: Rules) -> int:
    """Wei a blob gas: EIP-4844's fake exponential of the excess."""
    assert rules.blobs is not None, "no blobs before Cancun"
    denominator = rules.blobs.base_fee_update_fraction
    total, term, i = 0, MINIMUM_BLOB_BASE_FEE * denominator, 1
    while term > 0:
        total += term
        term = term * excess // (denominator * i)
        i += 1
    return total // denominator


def next_difficulty(parent: Header, timestamp: int, rules: Rules) -> int:
    """Difficulty of the block after `parent` (Yellow Paper, EIPs 2, 100, 649 and later delays)."""
    if rules.fork >= Fork.PARIS:
        return 0
    step = parent.difficulty // DIFFICULTY_BOUND_DIVISOR
    elapsed = timestamp - parent.timestamp
    if rules.fork >= Fork.BYZANTIUM:
        uncle_weight = 1 if parent.ommers_hash == EMPTY_OMMERS_HASH else 2
        factor = max(uncle_weight - elapsed // 9, -99)
    elif rules.fork >= Fork.HOMESTEAD:
        factor = max(1 - elapsed // 10, -99)
    else:
        factor = 1 if elapsed < 13 else -1
    difficulty = max(parent.difficulty + step * factor, MINIMUM_DIFFICULTY)
    period = max(parent.number + 1 - rules.row.difficulty_bomb_delay, 0) // 100_000
    return difficulty + (1 << (period - 2)) if period > 1 else difficulty


def _check_time_and_seal_fields(header: Header, parent: Header, rules: Rules) -> None:
    if rules.fork < Fork.PARIS:
        if header.timestamp <= parent.timestamp:
            raise HeaderMismatch("timestamp", header.timestamp, f"above {parent.timestamp}")
        difficulty = next_difficulty(parent, header.timestamp, rules)
        _expect("difficulty", header.difficulty, difficulty)
        return
    # 0G's relaxation: several blocks may share a second (facts §1b).
    if header.timestamp < parent.timestamp:
        raise HeaderMismatch("timestamp", header.timestamp, f"at least {parent.timestamp}")
    _expect("difficulty", header.difficulty, 0)
    _expect("nonce", header.nonce, NO_NONCE)
    _expect("ommers_hash", header.ommers_hash, EMPTY_OMMERS_HASH)


def _check_gas_limit(header: Header, parent: Header, rules: Rules) -> None:
    if header.gas_used > header.gas_limit:
        raise HeaderMismatch("gas_used", header.gas_used, f"at most {header.gas_limit}")
    is_first_of_london = rules.fork >= Fork.LONDON and parent.base_fee is None
    reference = parent.gas_limit * ELASTICITY if is_first_of_london else parent.gas_limit
    bound = reference // GAS_LIMIT_BOUND_DIVISOR
    if abs(header.gas_limit - reference) >= bound:
        raise HeaderMismatch("gas_limit", header.gas_limit, f"within {bound} of {reference}")
    minimum = gas_limit_minimum(rules, header.timestamp)
    if header.gas_limit < minimum:
        raise HeaderMismatch("gas_limit", header.gas_limit, f"at least {minimum}")


def _check_presence(header: Header, rules: Rules) -> None:
    """A fork's fields are there from the fork on and not before."""
    for field, first in (
        ("withdrawals_root", Fork.SHANGHAI),
        ("blob_gas_used", Fork.CANCUN),
        ("excess_blob_gas", Fork.CANCUN),
        ("parent_beacon_block_root", Fork.CANCUN),
        ("requests_hash", Fork.PRAGUE),
    ):
        value = getattr(header, field)
        if (value is not None) != (rules.fork >= first):
            raise HeaderMismatch(field, value, "a value" if rules.fork >= first else "no value")


def _check_blob_gas(header: Header, parent: Header, rules: Rules) -> None:
    assert rules.blobs is not None
    assert header.blob_gas_used is not None
    limit = rules.blobs.limit * GAS_PER_BLOB
    if header.blob_gas_used > limit or header.blob_gas_used % GAS_PER_BLOB:
        raise HeaderMismatch(
            "blob_gas_used", header.blob_gas_used, f"a multiple of {GAS_PER_BLOB} up to {limit}"
        )
    _expect("excess_blob_gas", header.excess_blob_gas, excess_blob_gas(parent, rules))


def _expect(field: str, got: object, expected: object) -> None:
    if got != expected:
        raise HeaderMismatch(field, got, expected)
