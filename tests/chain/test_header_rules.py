"""What a child header must say, and what the next block's numbers are."""

from dataclasses import replace
from typing import Any

import pytest
from eth_typing import Address, Hash32

from chain.blocks import (
    EMPTY_BLOOM,
    EMPTY_OMMERS_HASH,
    EMPTY_TRIE_ROOT,
    NO_NONCE,
    ZERO_HASH,
    Header,
)
from chain.config import ChainConfig, Rules
from chain.errors import HeaderMismatch
from chain.forks.fork import Fork
from chain.forks.table import BlobSchedule
from chain.header_rules import (
    INITIAL_BASE_FEE,
    blob_base_fee,
    check_header,
    excess_blob_gas,
    gas_limit_minimum,
    next_base_fee,
    next_difficulty,
    next_gas_limit,
)
from chain.transactions import GAS_PER_BLOB

GWEI = 10**9
CONFIG = ChainConfig.from_genesis(
    {
        "chainId": 16601,
        "londonBlock": 0,
        "terminalTotalDifficulty": 0,
        "shanghaiTime": 0,
        "cancunTime": 0,
        "pragueTime": 0,
        "zerog": {"precompiles": "0g"},
    }
)
PARENT = Header(
    parent_hash=ZERO_HASH,
    ommers_hash=EMPTY_OMMERS_HASH,
    coinbase=Address(bytes(20)),
    state_root=EMPTY_TRIE_ROOT,
    transactions_root=EMPTY_TRIE_ROOT,
    receipts_root=EMPTY_TRIE_ROOT,
    bloom=EMPTY_BLOOM,
    difficulty=0,
    number=9,
    gas_limit=36_000_000,
    gas_used=18_000_000,
    timestamp=100,
    extra_data=b"",
    mix_hash=ZERO_HASH,
    nonce=NO_NONCE,
    base_fee=GWEI,
    withdrawals_root=EMPTY_TRIE_ROOT,
    blob_gas_used=0,
    excess_blob_gas=0,
    parent_beacon_block_root=ZERO_HASH,
    requests_hash=ZERO_HASH,
)
CHILD = replace(PARENT, parent_hash=PARENT.hash, number=10, gas_used=0)


def test_a_child_of_the_same_second_is_valid() -> None:
    """Facts §1b: time ≥ parent; py-evm refuses it."""
    check_header(CHILD, PARENT, CONFIG)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", 11),
        ("parent_hash", ZERO_HASH),
        ("timestamp", 99),
        ("difficulty", 1),
        ("nonce", b"\x01" * 8),
        ("ommers_hash", ZERO_HASH),
        ("gas_used", 36_000_001),
        ("gas_limit", 36_000_000 + 36_000_000 // 1024),
        ("gas_limit", 36_000_000 - 36_000_000 // 1024),
        ("base_fee", GWEI + 1),
        ("base_fee", None),
        ("withdrawals_root", None),
        ("requests_hash", None),
        ("blob_gas_used", 1),
        ("blob_gas_used", 10 * GAS_PER_BLOB),
        ("excess_blob_gas", 1),
    ],
)
def test_a_wrong_field_is_named_with_got_and_expected(field: str, value: Any) -> None:
    with pytest.raises(HeaderMismatch) as caught:
        check_header(replace(CHILD, **{field: value}), PARENT, CONFIG)
    assert (caught.value.field, caught.value.got) == (field, value)


def test_extra_data_has_at_most_32_bytes() -> None:
    check_header(replace(CHILD, extra_data=bytes(32)), PARENT, CONFIG)
    with pytest.raises(HeaderMismatch, match="extra_data length: got 33, expected at most 32"):
        check_header(replace(CHILD, extra_data=bytes(33)), PARENT, CONFIG)


@pytest.mark.parametrize(
    ("chain_id", "timestamp", "minimum"),
    [
        (16601, 0, 20_000_000),
        (16602, 1_777_852_799, 5_000),
        (16602, 1_777_852_800, 20_000_000),
        (16661, 1_782_431_999, 5_000),
        (16661, 1_782_432_000, 20_000_000),
        (1, 0, 20_000_000),
    ],
)
def test_the_gas_limit_floor_goes_by_chain_id_and_time(
    chain_id: int, timestamp: int, minimum: int
) -> None:
    """Facts §1b "Gas limit floor": an unknown chain has it from the start."""
    rules = Rules(chain_id=chain_id, fork=Fork.PRAGUE, has_zero_g_precompiles=True)
    assert gas_limit_minimum(rules, timestamp) == minimum
    plain = replace(rules, has_zero_g_precompiles=False)
    assert gas_limit_minimum(plain, timestamp) == 5_000


def test_a_limit_below_the_floor_is_refused() -> None:
    parent = replace(PARENT, gas_limit=20_000_000, gas_used=10_000_000)
    child = replace(CHILD, parent_hash=parent.hash, gas_limit=19_999_999)
    with pytest.raises(HeaderMismatch, match="gas_limit: got 19999999, expected at least 20000000"):
        check_header(child, parent, CONFIG)


@pytest.mark.parametrize(
    ("base_fee", "gas_used", "expected"),
    [
        (GWEI, 18_000_000, GWEI),
        (GWEI, 36_000_000, 1_125_000_000),
        (GWEI, 0, 875_000_000),
        (7, 18_000_001, 8),
        (7, 0, 7),
        (0, 36_000_000, 1),
    ],
)
def test_the_base_fee_moves_by_up_to_an_eighth(base_fee: int, gas_used: int, expected: int) -> None:
    """EIP-1559: at least one wei up, never below zero."""
    assert next_base_fee(replace(PARENT, base_fee=base_fee, gas_used=gas_used)) == expected


def test_londons_first_block_has_the_initial_base_fee_and_twice_the_gas() -> None:
    config = ChainConfig.from_genesis({"chainId": 1, "londonBlock": 10})
    parent = replace(
        PARENT,
        base_fee=None,
        withdrawals_root=None,
        blob_gas_used=None,
        excess_blob_gas=None,
        parent_beacon_block_root=None,
        requests_hash=None,
        difficulty=131_072,
    )
    child = replace(
        parent,
        parent_hash=parent.hash,
        number=10,
        timestamp=115,
        gas_limit=72_000_000,
        gas_used=0,
        base_fee=INITIAL_BASE_FEE,
    )
    check_header(child, parent, config)
    with pytest.raises(HeaderMismatch, match="timestamp: got 100, expected above 100"):
        check_header(replace(child, timestamp=100), parent, config)


@pytest.mark.parametrize(
    ("parent", "target", "expected"),
    [
        (36_000_000, 36_000_000, 36_000_000),
        (36_000_000, 50_000_000, 36_000_000 + 36_000_000 // 1024 - 1),
        (36_000_000, 30_000_000, 36_000_000 - 36_000_000 // 1024 + 1),
        (36_000_000, 36_000_010, 36_000_010),
        (5_000, 0, 5_000),
    ],
)
def test_the_next_gas_limit_steps_towards_its_target(
    parent: int, target: int, expected: int
) -> None:
    assert next_gas_limit(parent, target) == expected


def test_excess_blob_gas_is_what_is_above_the_target() -> None:
    rules = Rules(chain_id=1, fork=Fork.PRAGUE, blobs=BlobSchedule(6, 9, 5_007_716))
    full = replace(PARENT, blob_gas_used=9 * GAS_PER_BLOB, excess_blob_gas=GAS_PER_BLOB)
    assert excess_blob_gas(full, rules) == 4 * GAS_PER_BLOB
    assert excess_blob_gas(PARENT, rules) == 0


@pytest.mark.parametrize(
    ("used", "base_fee", "excess", "expected"),
    [
        # Below the target nothing is left over, whatever the prices.
        (5, 10**9, 0, 0),
        # Execution is the dearer part: the excess grows by a third of what was used (max 9, target 6).
        (9, 10**9, 0, 3 * GAS_PER_BLOB),
        (6, 10**9, GAS_PER_BLOB, GAS_PER_BLOB + 2 * GAS_PER_BLOB),
        # 2¹³ · 16 wei is what 2¹⁷ gas at one wei costs: no longer dearer, so as before Osaka.
        (6, 16, GAS_PER_BLOB, GAS_PER_BLOB),
        (6, 17, GAS_PER_BLOB, GAS_PER_BLOB + 2 * GAS_PER_BLOB),
    ],
)
def test_the_blob_price_falls_no_lower_than_execution_makes_sensible(
    used: int, base_fee: int, excess: int, expected: int
) -> None:
    """EIP-7918."""
    rules = Rules(chain_id=1, fork=Fork.OSAKA, blobs=BlobSchedule(6, 9, 5_007_716))
    parent = replace(
        PARENT, blob_gas_used=used * GAS_PER_BLOB, excess_blob_gas=excess, base_fee=base_fee
    )
    assert excess_blob_gas(parent, rules) == expected


def test_the_blob_base_fee_is_one_wei_at_no_excess_and_e_after_one_fraction() -> None:
    """EIP-4844's fake exponential."""
    rules = Rules(chain_id=1, fork=Fork.CANCUN, blobs=BlobSchedule(3, 6, 3_338_477))
    assert blob_base_fee(0, rules) == 1
    assert blob_base_fee(3_338_477, rules) == 2
    assert blob_base_fee(3_338_477 * 10, rules) == 22_026


@pytest.mark.parametrize(
    ("fork", "elapsed", "ommers", "expected"),
    [
        (Fork.FRONTIER, 12, EMPTY_OMMERS_HASH, 2_097_152 + 1_024),
        (Fork.FRONTIER, 13, EMPTY_OMMERS_HASH, 2_097_152 - 1_024),
        (Fork.HOMESTEAD, 9, EMPTY_OMMERS_HASH, 2_097_152 + 1_024),
        (Fork.HOMESTEAD, 25, EMPTY_OMMERS_HASH, 2_097_152 - 1_024),
        (Fork.HOMESTEAD, 10_000, EMPTY_OMMERS_HASH, 2_097_152 - 99 * 1_024),
        (Fork.BYZANTIUM, 8, EMPTY_OMMERS_HASH, 2_097_152 + 1_024),
        (Fork.BYZANTIUM, 8, Hash32(b"\x01" * 32), 2_097_152 + 2_048),
        (Fork.LONDON, 20, EMPTY_OMMERS_HASH, 2_097_152 - 1_024),
        (Fork.PARIS, 20, EMPTY_OMMERS_HASH, 0),
    ],
)
def test_difficulty_goes_by_the_time_since_the_parent(
    fork: Fork, elapsed: int, ommers: Hash32, expected: int
) -> None:
    """Yellow Paper, EIPs 2 and 100, for a parent of difficulty 2²¹ (a step is 1,024)."""
    parent = replace(PARENT, difficulty=2**21, ommers_hash=ommers)
    rules = Rules(chain_id=1, fork=fork)
    assert next_difficulty(parent, parent.timestamp + elapsed, rules) == expected


def test_the_ice_age_doubles_and_is_put_off_by_later_forks() -> None:
    parent = replace(PARENT, difficulty=2**21, number=999_999)
    frontier = Rules(chain_id=1, fork=Fork.HOMESTEAD)
    assert next_difficulty(parent, 109, frontier) == 2**21 + 1_024 + 2**8
    byzantium = Rules(chain_id=1, fork=Fork.BYZANTIUM)
    assert next_difficulty(parent, 108, byzantium) == 2**21 + 1_024
