"""The transaction pool: geth's rules, errors and limits; 0G's minimum tip."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Address, Hash32
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.blocks import (
    EMPTY_BLOOM,
    EMPTY_OMMERS_HASH,
    EMPTY_TRIE_ROOT,
    NO_NONCE,
    ZERO_HASH,
    Header,
)
from chain.config import ChainConfig
from chain.engine import Account, AccountChange
from chain.forks.fork import Fork
from chain.pool_admission import PoolSettings
from chain.pool_refusals import (
    AccountLimitExceeded,
    AlreadyKnown,
    AuthorityReserved,
    AuthorizationListMissing,
    CannotPay,
    CannotPayForAll,
    CannotPayForReplacement,
    DelegatedAccountGapped,
    DelegatedAccountInFlight,
    ExceedsBlockGasLimit,
    FloorDataGasNotCovered,
    FutureReplacesPending,
    GasLimitAboveCap,
    InitCodeOversized,
    IntrinsicGasNotCovered,
    NonceAlreadyUsed,
    NonceExhausted,
    OtherChainId,
    OversizedTransaction,
    PoolFull,
    PoolRefusal,
    ReplacementUnderpriced,
    TipAboveFeeCap,
    TipBelowMinimum,
    TypeNotSupported,
    Underpriced,
    UnprotectedTransaction,
)
from chain.transaction_pool import TransactionPool
from chain.transactions import Authorization, Transaction

GWEI = 10**9
ETHER = 10**18
NO_CODE = Hash32(keccak(b""))
CONFIG = ChainConfig.from_genesis(
    {
        "chainId": 16601,
        "homesteadBlock": 0,
        "eip150Block": 0,
        "eip158Block": 0,
        "byzantiumBlock": 0,
        "constantinopleBlock": 0,
        "istanbulBlock": 0,
        "berlinBlock": 0,
        "londonBlock": 0,
        "terminalTotalDifficulty": 0,
        "shanghaiTime": 0,
        "cancunTime": 0,
        "pragueTime": 0,
    }
)
HEAD = Header(
    parent_hash=ZERO_HASH,
    ommers_hash=EMPTY_OMMERS_HASH,
    coinbase=Address(bytes(20)),
    state_root=EMPTY_TRIE_ROOT,
    transactions_root=EMPTY_TRIE_ROOT,
    receipts_root=EMPTY_TRIE_ROOT,
    bloom=EMPTY_BLOOM,
    difficulty=0,
    number=7,
    gas_limit=36_000_000,
    gas_used=18_000_000,
    timestamp=1_000,
    extra_data=b"",
    mix_hash=ZERO_HASH,
    nonce=NO_NONCE,
    base_fee=GWEI,
)


def address(name: int | str) -> Address:
    return Address(keccak(str(name).encode())[:20])


ALICE, BOB, CAROL = address("alice"), address("bob"), address("carol")


def transaction(
    nonce: int, tip: int = GWEI, size: int = 200, by: Address = ALICE, **fields: Any
) -> Transaction:
    """A fee-market transfer; its hash depends on all its fields and on its sender."""
    values: dict[str, Any] = {
        "type": 2,
        "chain_id": 16601,
        "nonce": nonce,
        "gas_limit": 21_000,
        "to": BOB,
        "value": 1,
        "data": b"",
        "y_parity": 0,
        "r": 1,
        "s": 1,
        "max_priority_fee_per_gas": tip,
        "max_fee_per_gas": tip + 2 * GWEI,
        "encoded": bytes(size),
    }
    values |= fields
    values.setdefault("gas_price", values["max_fee_per_gas"])
    values["hash"] = keccak(by + repr(sorted(values.items())).encode())
    return Transaction(**values)


def pool_of(
    balances: Mapping[Address, int] | None = None, nonce: int = 0, **limits: Any
) -> TransactionPool:
    balances = {ALICE: ETHER, BOB: ETHER, CAROL: ETHER} if balances is None else balances

    def account_of(who: Address) -> Account | None:
        return Account(nonce, balances[who], NO_CODE) if who in balances else None

    return TransactionPool(CONFIG, HEAD, account_of, PoolSettings(**limits))


def nonces(pool: TransactionPool, who: Address) -> tuple[list[int], list[int]]:
    content = pool.content_from(who)
    return (
        [pooled.nonce for pooled in content.pending.get(who, ())],
        [pooled.nonce for pooled in content.queued.get(who, ())],
    )


def test_from_osaka_on_a_transaction_may_ask_for_2_to_the_24_gas_at_most() -> None:
    """EIP-7825."""
    osaka = replace(CONFIG, fork_times={**CONFIG.fork_times, Fork.OSAKA: 0})
    pool = TransactionPool(osaka, HEAD, lambda _: Account(0, ETHER, NO_CODE))
    with pytest.raises(GasLimitAboveCap, match="transaction gas limit too high"):
        pool.add(transaction(0, gas_limit=2**24 + 1), ALICE, 0)
    assert len(pool.add(transaction(0, gas_limit=2**24), ALICE, 0)) == 1


def test_a_nonce_gap_queues_and_filling_it_promotes() -> None:
    pool = pool_of()
    assert pool.add(transaction(1), ALICE, 0) == ()
    assert nonces(pool, ALICE) == ([], [1])
    assert pool.pending_nonce(ALICE) == 0
    promoted = pool.add(transaction(0), ALICE, 0)
    assert [pooled.nonce for pooled in promoted] == [0, 1]
    assert nonces(pool, ALICE) == ([0, 1], [])
    assert pool.pending_nonce(ALICE) == 2
    assert (pool.pending_count, pool.queued_count, len(pool)) == (2, 0, 2)


def test_the_nonce_of_a_stranger_is_the_accounts() -> None:
    assert pool_of(nonce=5).pending_nonce(ALICE) == 5
    assert pool_of().pending_nonce(address("nobody")) == 0


@pytest.mark.parametrize(
    ("changed", "refusal", "text"),
    [
        (
            {"type": 3},
            TypeNotSupported,
            "transaction type not supported: this chain carries no blobs, 0G DA does",
        ),
        ({"type": 5}, TypeNotSupported, "transaction type not supported"),
        (
            {"size": 131_073},
            OversizedTransaction,
            "oversized data: transaction size 131073, limit 131072",
        ),
        (
            {"to": None, "data": bytes(49_153), "gas_limit": 10**6},
            InitCodeOversized,
            "max initcode size exceeded: code size 49153, limit 49152",
        ),
        ({"gas_limit": 36_000_001}, ExceedsBlockGasLimit, "exceeds block gas limit"),
        (
            {"max_fee_per_gas": GWEI - 1},
            TipAboveFeeCap,
            "max priority fee per gas higher than max fee per gas",
        ),
        ({"chain_id": 1}, OtherChainId, "invalid chain id for signer: have 1 want 16601"),
        ({"nonce": 2**64 - 1}, NonceExhausted, "nonce has max value"),
        (
            {"gas_limit": 20_000},
            IntrinsicGasNotCovered,
            "intrinsic gas too low: gas 20000, minimum needed 21000",
        ),
        (
            {"data": b"\x01", "gas_limit": 21_039},
            FloorDataGasNotCovered,
            "insufficient gas for floor data gas cost: gas 21039, minimum needed 21040",
        ),
        (
            {"tip": 999_999},
            TipBelowMinimum,
            "transaction gas price below minimum: gas tip cap 999999, minimum needed 1000000",
        ),
        (
            {"type": 4, "gas_limit": 100_000},
            AuthorizationListMissing,
            "set code tx must have at least one authorization tuple",
        ),
        ({"nonce": 4}, NonceAlreadyUsed, "nonce too low: next nonce 5, tx nonce 4"),
        (
            {"value": 10**18},
            CannotPay,
            "insufficient funds for gas * price + value: balance 1000000000000000000, "
            "tx cost 1000063000000000000, overshot 63000000000000",
        ),
    ],
)
def test_a_transaction_that_cannot_run_is_refused_with_geths_text(
    changed: dict[str, Any], refusal: type[PoolRefusal], text: str
) -> None:
    pool = pool_of(nonce=5)
    with pytest.raises(refusal) as caught:
        pool.add(transaction(**{"nonce": 5, **changed}), ALICE, 0)
    assert str(caught.value) == text
    assert len(pool) == 0


def test_the_least_tip_is_enough() -> None:
    pool = pool_of()
    pool.add(transaction(0, tip=1_000_000, max_fee_per_gas=GWEI + 1_000_000), ALICE, 0)
    assert len(pool) == 1


def test_who_leaves_too_little_tip_at_this_base_fee_waits_for_a_lower_one() -> None:
    """hardhat caps the fee at 1.27 times the base fee, tip and all."""
    pool = pool_of()
    pool.add(transaction(0, tip=2_000_000, max_fee_per_gas=GWEI + 999_999), ALICE, 0)
    assert pool.candidates(GWEI).best() is None
    assert pool.candidates(GWEI - 1).best() is not None


def test_the_same_transaction_again_is_known() -> None:
    pool = pool_of()
    pool.add(transaction(0), ALICE, 0)
    with pytest.raises(AlreadyKnown, match=r"^already known$"):
        pool.add(transaction(0), ALICE, 0)


def test_unprotected_transactions_are_submitted_only_where_allowed() -> None:
    unprotected = transaction(0, type=0, chain_id=None)
    with pytest.raises(UnprotectedTransaction, match="only replay-protected"):
        pool_of().submit(unprotected, ALICE, 0)
    allowing = pool_of(allows_unprotected=True)
    allowing.submit(unprotected, ALICE, 0)
    assert len(allowing) == 1


def test_a_replacement_must_raise_both_caps_by_a_tenth() -> None:
    pool = pool_of()
    old = transaction(0, tip=100 * GWEI, max_fee_per_gas=200 * GWEI)
    pool.add(old, ALICE, 0)
    for tip, cap in ((110, 219), (109, 220), (100, 300), (200, 200)):
        with pytest.raises(ReplacementUnderpriced, match=r"^replacement transaction underpriced$"):
            pool.add(transaction(0, tip=tip * GWEI, max_fee_per_gas=cap * GWEI), ALICE, 0)
    new = transaction(0, tip=110 * GWEI, max_fee_per_gas=220 * GWEI)
    assert [pooled.hash for pooled in pool.add(new, ALICE, 0)] == [new.hash]
    assert pool.get(old.hash) is None
    assert len(pool) == 1


def test_the_smallest_raise_of_a_tiny_price_is_one_wei() -> None:
    pool = pool_of(minimum_tip=0)
    pool.add(transaction(0, tip=5), ALICE, 0)
    with pytest.raises(ReplacementUnderpriced):
        pool.add(transaction(0, tip=5, max_fee_per_gas=9 * GWEI), ALICE, 0)
    pool.add(transaction(0, tip=6, max_fee_per_gas=9 * GWEI), ALICE, 0)
    assert len(pool) == 1


def test_a_queued_transaction_is_replaced_by_the_same_rule() -> None:
    pool = pool_of()
    pool.add(transaction(3), ALICE, 0)
    with pytest.raises(ReplacementUnderpriced):
        pool.add(transaction(3, value=2), ALICE, 0)
    pool.add(transaction(3, tip=2 * GWEI), ALICE, 0)
    assert nonces(pool, ALICE) == ([], [3])
    assert len(pool) == 1


def test_the_balance_must_cover_all_that_is_pending() -> None:
    cost = 21_000 * 3 * GWEI + 1
    pool = pool_of({ALICE: 2 * cost})
    pool.add(transaction(0), ALICE, 0)
    pool.add(transaction(1), ALICE, 0)
    with pytest.raises(CannotPayForAll) as all_of_them:
        pool.add(transaction(2), ALICE, 0)
    assert str(all_of_them.value) == (
        f"insufficient funds for gas * price + value: balance {2 * cost}, "
        f"queued cost {2 * cost}, tx cost {cost}, overshot {cost}"
    )
    with pytest.raises(CannotPayForReplacement, match="tx bumped 42000000000000, overshot"):
        pool.add(transaction(1, tip=3 * GWEI), ALICE, 0)


def test_a_replacement_counts_with_its_own_cost() -> None:
    pool = pool_of({ALICE: 21_000 * 12 * GWEI + 2})
    pool.add(transaction(0, tip=3 * GWEI), ALICE, 0)  # Up to 5 gwei a gas.
    pool.add(transaction(0, tip=7 * GWEI), ALICE, 0)  # Up to 9 gwei.
    with pytest.raises(CannotPayForAll):
        pool.add(transaction(1, tip=2 * GWEI), ALICE, 0)  # Up to 4 gwei.
    pool.add(transaction(1, tip=GWEI), ALICE, 0)


def test_a_block_removes_what_it_used_and_drops_what_became_unpayable() -> None:
    pool = pool_of()
    for nonce in range(5):
        pool.add(transaction(nonce, value=nonce), ALICE, 0)
    poor = 21_000 * 3 * GWEI + 3
    pool.on_new_head(replace(HEAD, number=8), [AccountChange(ALICE, Account(2, poor, NO_CODE))], 1)
    assert nonces(pool, ALICE) == ([2, 3], [])
    pool.on_new_head(
        replace(HEAD, number=9), [AccountChange(ALICE, Account(2, poor - 1, NO_CODE))], 1
    )
    assert nonces(pool, ALICE) == ([2], [])
    pool.on_new_head(replace(HEAD, number=10), [AccountChange(ALICE, None)], 1)
    assert len(pool) == 0, "an account that is gone pays for nothing"


def test_one_unpayable_in_the_middle_sends_those_behind_it_to_the_queue() -> None:
    pool = pool_of()
    for nonce, value in enumerate((1, 10**17, 1)):
        pool.add(transaction(nonce, value=value), ALICE, 0)
    pool.on_new_head(
        replace(HEAD, number=8), [AccountChange(ALICE, Account(0, 10**17, NO_CODE))], 1
    )
    assert nonces(pool, ALICE) == ([0], [2])


def test_a_lower_block_gas_limit_drops_what_no_longer_fits() -> None:
    pool = pool_of()
    pool.add(transaction(0, gas_limit=36_000_000), ALICE, 0)
    pool.add(transaction(1), ALICE, 0)
    pool.on_new_head(replace(HEAD, number=8, gas_limit=35_990_000), [], 1)
    assert nonces(pool, ALICE) == ([], [1])


def test_candidates_come_by_tip_then_arrival_and_each_senders_in_order() -> None:
    pool = pool_of()
    pool.add(transaction(0, tip=2 * GWEI), ALICE, 0)
    pool.add(transaction(1, tip=9 * GWEI), ALICE, 0)
    pool.add(transaction(0, tip=3 * GWEI, by=BOB), BOB, 0)
    pool.add(transaction(0, tip=2 * GWEI, by=CAROL), CAROL, 0)
    pool.add(transaction(2, tip=99 * GWEI, by=CAROL), CAROL, 0)
    candidates = pool.candidates(base_fee=GWEI)
    order = []
    while (best := candidates.best()) is not None:
        order.append((best.sender, best.nonce))
        candidates.advance()
    assert order == [(BOB, 0), (ALICE, 0), (ALICE, 1), (CAROL, 0)]


def test_a_sender_whose_best_cannot_pay_the_base_fee_waits_as_a_whole() -> None:
    pool = pool_of()
    pool.add(transaction(0, tip=GWEI, max_fee_per_gas=2 * GWEI), ALICE, 0)
    pool.add(transaction(1, tip=50 * GWEI), ALICE, 0)
    pool.add(transaction(0, by=BOB), BOB, 0)
    candidates = pool.candidates(base_fee=2 * GWEI)
    assert candidates.best() is not None
    assert candidates.best().sender == BOB  # type: ignore[union-attr]
    candidates.drop_sender()
    assert candidates.best() is None


def test_candidates_do_not_see_what_the_pool_does_later() -> None:
    pool = pool_of()
    first = transaction(0)
    pool.add(first, ALICE, 0)
    candidates = pool.candidates(GWEI)
    pool.on_new_head(replace(HEAD, number=8), [AccountChange(ALICE, Account(1, 0, NO_CODE))], 0)
    assert candidates.best().hash == first.hash  # type: ignore[union-attr]


def test_a_full_pool_evicts_the_cheapest_and_refuses_the_cheapest_newcomer() -> None:
    pool = pool_of(pending_max=2, queued_max=1)
    cheap = transaction(0, tip=2 * GWEI)
    pool.add(cheap, ALICE, 0)
    pool.add(transaction(0, tip=3 * GWEI, by=BOB), BOB, 0)
    pool.add(transaction(0, tip=4 * GWEI, by=CAROL), CAROL, 0)
    dave = address("dave")
    pool._account_of = lambda _: Account(0, ETHER, NO_CODE)
    with pytest.raises(Underpriced, match=r"^transaction underpriced$"):
        pool.add(transaction(0, tip=2 * GWEI, by=dave), dave, 0)
    pool.add(transaction(0, tip=5 * GWEI, by=dave), dave, 0)
    assert pool.get(cheap.hash) is None
    assert nonces(pool, dave) == ([0], [])


def test_of_equal_prices_the_later_nonce_is_evicted() -> None:
    pool = pool_of(pending_max=2, queued_max=1)
    for nonce in range(3):
        pool.add(transaction(nonce, tip=2 * GWEI), ALICE, 0)
    pool.add(transaction(0, tip=3 * GWEI, by=BOB), BOB, 0)
    assert nonces(pool, ALICE) == ([0, 1], [])


def test_a_future_transaction_never_pushes_out_one_that_can_run() -> None:
    pool = pool_of(pending_max=1, queued_max=1)
    pool.add(transaction(0), ALICE, 0)
    pool.add(transaction(0, by=BOB), BOB, 0)
    with pytest.raises(FutureReplacesPending, match="future transaction tries to replace pending"):
        pool.add(transaction(7, tip=90 * GWEI, by=CAROL), CAROL, 0)
    assert len(pool) == 2


def test_the_sender_with_most_pending_gives_way_beyond_the_limit() -> None:
    pool = pool_of(pending_max=4, sender_pending_kept=1, queued_max=10)
    for nonce in range(3):
        pool.add(transaction(nonce), ALICE, 0)
    pool.add(transaction(0, by=BOB), BOB, 0)
    pool.add(transaction(1, by=BOB), BOB, 0)
    assert nonces(pool, ALICE) == ([0, 1], [])
    assert nonces(pool, BOB) == ([0, 1], [])
    with pytest.raises(PoolFull, match=r"^txpool is full$"):
        pool.add(transaction(2, by=BOB), BOB, 0)


def test_one_sender_may_queue_only_so_many() -> None:
    pool = pool_of(sender_queued_max=3)
    for nonce in (5, 7, 9):
        pool.add(transaction(nonce), ALICE, 0)
    with pytest.raises(AccountLimitExceeded, match="account limit exceeded: pooled 3 txs"):
        pool.add(transaction(11), ALICE, 0)
    pool.add(transaction(3), ALICE, 0)
    assert nonces(pool, ALICE) == ([], [3, 5, 7])


def test_the_longest_idle_sender_loses_its_queue_first() -> None:
    pool = pool_of(queued_max=2, pending_max=10)
    pool.add(transaction(5), ALICE, 1)
    pool.add(transaction(5, by=BOB), BOB, 2)
    pool.add(transaction(5, by=CAROL), CAROL, 3)
    assert nonces(pool, ALICE) == ([], [])
    assert nonces(pool, CAROL) == ([], [5])


def test_what_waits_too_long_in_the_queue_is_dropped() -> None:
    pool = pool_of(queued_lifetime_s=60)
    pool.add(transaction(0), ALICE, 0)
    pool.add(transaction(5, by=BOB), BOB, 0)
    pool.on_new_head(replace(HEAD, number=8), [], 60)
    assert len(pool) == 2
    pool.on_new_head(replace(HEAD, number=9), [], 61)
    assert nonces(pool, BOB) == ([], [])
    assert nonces(pool, ALICE) == ([0], [])


def test_a_delegated_account_has_one_transaction_in_flight() -> None:
    pool = pool_of()
    pool._account_of = lambda _: Account(0, ETHER, Hash32(b"\x01" * 32))
    with pytest.raises(DelegatedAccountGapped, match="gapped-nonce tx from delegated accounts"):
        pool.add(transaction(1), ALICE, 0)
    pool.add(transaction(0), ALICE, 0)
    with pytest.raises(DelegatedAccountInFlight, match="in-flight transaction limit reached"):
        pool.add(transaction(1), ALICE, 0)
    pool.add(transaction(0, tip=2 * GWEI), ALICE, 0)
    assert nonces(pool, ALICE) == ([0], [])


def test_an_account_with_several_transactions_cannot_be_delegated_meanwhile() -> None:
    pool = pool_of()
    delegation = transaction(
        0,
        type=4,
        gas_limit=100_000,
        authorization_list=(Authorization(16601, CAROL, 0, 0, 1, 1),),
    )
    pool.add(transaction(0, by=BOB), BOB, 0)
    pool.add(transaction(1, by=BOB), BOB, 0)
    with pytest.raises(AuthorityReserved, match=r"^authority already reserved$"):
        pool.add(delegation, ALICE, 0, authorities=(BOB,))
    pool.add(delegation, ALICE, 0, authorities=(CAROL,))
    pool.add(transaction(0, by=CAROL), CAROL, 0)
    with pytest.raises(DelegatedAccountInFlight):
        pool.add(transaction(1, by=CAROL), CAROL, 0)
    pool.on_new_head(replace(HEAD, number=8), [AccountChange(ALICE, Account(1, ETHER, NO_CODE))], 0)
    pool.add(transaction(1, by=CAROL), CAROL, 0)


SENDERS = [address(number) for number in range(4)]
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("add"),
            st.sampled_from(SENDERS),
            st.integers(0, 4),  # Nonce.
            st.integers(1, 30),  # Tip, in gwei.
            st.sampled_from((100, 40_000, 130_000)),  # Size.
            st.sampled_from((1, 10**15, 10**17)),  # Value.
        ),
        st.tuples(
            st.just("block"),
            st.sampled_from(SENDERS),
            st.integers(0, 4),  # New nonce.
            st.sampled_from((0, 10**15, 10**17, ETHER)),  # New balance.
        ),
    ),
    max_size=60,
)


class Ledger:
    """The accounts as the pool's chain has them."""

    def __init__(self) -> None:
        self.accounts = {who: Account(0, ETHER, NO_CODE) for who in SENDERS}


def play(steps: list[tuple[Any, ...]]) -> tuple[TransactionPool, Ledger]:
    ledger = Ledger()
    limits = PoolSettings(pending_max=12, sender_pending_kept=2, queued_max=6, sender_queued_max=3)
    pool = TransactionPool(CONFIG, HEAD, ledger.accounts.get, limits)
    for now_s, step in enumerate(steps):
        if step[0] == "add":
            _, who, nonce, tip, size, value = step
            with contextlib.suppress(PoolRefusal):
                pool.add(transaction(nonce, tip * GWEI, size, value=value, by=who), who, now_s)
        else:
            _, who, nonce, balance = step
            ledger.accounts[who] = Account(max(nonce, ledger.accounts[who].nonce), balance, NO_CODE)
            change = AccountChange(who, ledger.accounts[who])
            pool.on_new_head(replace(HEAD, number=8 + now_s), [change], now_s)
        assert_sound(pool, ledger, limits)
    return pool, ledger


def assert_sound(pool: TransactionPool, ledger: Ledger, limits: PoolSettings) -> None:
    content = pool.content()
    pending = [pooled for offered in content.pending.values() for pooled in offered]
    queued = [pooled for waiting in content.queued.values() for pooled in waiting]
    assert (len(pending), len(queued)) == (pool.pending_count, pool.queued_count)
    assert sum(pooled.slots for pooled in pending + queued) <= limits.slots_max
    assert pool._slots == sum(pooled.slots for pooled in pending + queued)
    assert len(queued) <= limits.queued_max
    assert len(pending) <= max(
        limits.pending_max, limits.sender_pending_kept * len(content.pending)
    )
    for who, offered in content.pending.items():
        assert pool._senders[who].pending_cost == sum(pooled.cost for pooled in offered)
        first = ledger.accounts[who].nonce
        assert [pooled.nonce for pooled in offered] == list(range(first, first + len(offered)))
    for who, waiting in content.queued.items():
        assert len(waiting) <= limits.sender_queued_max or who in content.pending
        assert min(pooled.nonce for pooled in waiting) > pool.pending_nonce(who)
    for pooled in pending + queued:
        assert pool.get(pooled.hash) is pooled
        assert pooled.cost <= ledger.accounts[pooled.sender].balance
    assert len(pool) == len(pending) + len(queued)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_whatever_happens_pending_has_no_gap_and_the_limits_hold(
    steps: list[tuple[Any, ...]],
) -> None:
    pool, _ = play(steps)
    again, _ = play(steps)
    assert pool.content() == again.content(), "the same story ends in the same pool"


@settings(max_examples=60, deadline=None)
@given(STEPS, st.integers(0, 20 * GWEI))
def test_candidates_are_pending_transactions_in_nonce_order(
    steps: list[tuple[Any, ...]], base_fee: int
) -> None:
    pool, ledger = play(steps)
    candidates = pool.candidates(base_fee)
    expected = {who: account.nonce for who, account in ledger.accounts.items()}
    while (best := candidates.best()) is not None:
        assert best.nonce == expected[best.sender]
        assert best.effective_tip(base_fee) >= 1_000_000
        expected[best.sender] += 1
        candidates.advance()
