"""Fee history with geth's numbers, and 0G's price oracle (facts §1b "Gas price")."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chain.answers import BlockTag
from chain.query_errors import InvalidPercentile, RequestBeyondHead, TooManyPercentiles

GWEI = 10**9
MINIMUM, DEFAULT = 1_000_000, 2_000_000
MakeSetting = Callable[..., Any]


def test_fee_history_tells_base_fees_fullness_and_tips(
    make_setting: MakeSetting, keys: Sequence[Any]
) -> None:
    setting = make_setting(gas_limit=5_000_000)
    setting.extend(
        keys[0].sign(0, tip=GWEI),
        keys[1].sign(0, tip=3 * GWEI),
        keys[2].sign(0, tip=2 * GWEI, data=b"\x01" * 500, gas_limit=100_000),
    )
    setting.extend()
    with setting.queries.view() as view:
        history = view.fee_history(2, BlockTag.LATEST, (0, 25.0, 50, 100))
        headers = [view.header(1), view.header(2)]
    gas_used = headers[0].gas_used
    assert history.oldest_block == 1
    assert history.base_fees[:2] == tuple(header.base_fee for header in headers)
    assert history.base_fees[2] == view.next_base_fee()
    assert history.gas_used_ratios == (gas_used / headers[0].gas_limit, 0.0)
    assert history.blob_base_fees == (1, 1, 1)
    assert history.blob_gas_used_ratios == (0.0, 0.0)
    # 21,000 at 1 gwei, 41,000 at 2 gwei, 21,000 at 3 gwei: a quarter is 20,750 gas.
    assert gas_used == 83_000
    assert history.rewards == ((GWEI, GWEI, 2 * GWEI, 3 * GWEI), (0, 0, 0, 0))


def test_a_percentile_that_is_just_reached_is_the_cheaper_transactions(
    make_setting: MakeSetting, keys: Sequence[Any]
) -> None:
    setting = make_setting()
    setting.extend(keys[0].sign(0, tip=GWEI), keys[1].sign(0, tip=2 * GWEI))
    with setting.queries.view() as view:
        assert view.fee_history(1, 1, (50, 50.01)).rewards == ((GWEI, 2 * GWEI),)


def test_fee_history_is_cut_at_genesis_and_refused_beyond_the_head(
    make_setting: MakeSetting,
) -> None:
    setting = make_setting()
    setting.extend()
    with setting.queries.view() as view:
        history = view.fee_history(10, 1)
        assert (history.oldest_block, len(history.gas_used_ratios)) == (0, 2)
        assert history.rewards is None
        assert view.fee_history(0, 1).base_fees == ()
        with pytest.raises(RequestBeyondHead) as caught:
            view.fee_history(1, 2)
    assert str(caught.value) == "request beyond head block: requested 2, head 1"


@pytest.mark.parametrize(
    ("percentiles", "text"),
    [
        ((101,), "invalid reward percentile: 101.000000"),
        ((-1.5,), "invalid reward percentile: -1.500000"),
        ((20, 10), "invalid reward percentile: #0:20.000000 >= #1:10.000000"),
        ((1, 1), "invalid reward percentile: #0:1.000000 >= #1:1.000000"),
    ],
)
def test_percentiles_ascend_between_0_and_100(
    make_setting: MakeSetting, percentiles: tuple[float, ...], text: str
) -> None:
    with make_setting().queries.view() as view, pytest.raises(InvalidPercentile) as caught:
        view.fee_history(1, 0, percentiles)
    assert str(caught.value) == text


def test_too_many_percentiles_are_refused(make_setting: MakeSetting) -> None:
    with make_setting().queries.view() as view, pytest.raises(TooManyPercentiles):
        view.fee_history(1, 0, [place / 2 for place in range(101)])


def test_before_the_first_block_the_minimum_is_suggested(make_setting: MakeSetting) -> None:
    with make_setting().queries.view() as view:
        assert view.priority_fee() == MINIMUM
        assert view.gas_price() == GWEI + MINIMUM


def test_empty_blocks_suggest_the_default(make_setting: MakeSetting) -> None:
    setting = make_setting()
    for _ in range(3):
        setting.extend()
    with setting.queries.view() as view:
        assert view.priority_fee() == DEFAULT
        assert view.gas_price() == view.head.base_fee + DEFAULT


def test_a_block_that_is_not_full_cannot_raise_the_suggestion(
    make_setting: MakeSetting, keys: Sequence[Any]
) -> None:
    setting = make_setting()
    setting.extend(keys[0].sign(0, tip=5 * GWEI))
    with setting.queries.view() as view:
        assert view.priority_fee() == DEFAULT
    cheap = make_setting()
    cheap.extend(keys[0].sign(0, tip=MINIMUM))
    with cheap.queries.view() as view:
        assert view.priority_fee() == MINIMUM


def test_full_blocks_raise_it_to_the_60th_percentile_of_their_lowest_tips(
    make_setting: MakeSetting, make_config: Callable[..., Any], keys: Sequence[Any]
) -> None:
    # With the 80 % rule a large gas limit fills a block without work.
    setting = make_setting(make_config(RestakingActivationTime=0), gas_limit=5_000_000)
    for nonce in range(4):
        executed = setting.extend(
            *(
                key.sign(nonce, tip=tip * GWEI, gas_limit=1_000_000, cap=100 * GWEI)
                for key, tip in zip(keys, (2, 3, 4, 9), strict=False)
            )
        )
        assert executed.block.header.gas_used * 10 // executed.block.header.gas_limit >= 6
    with setting.queries.view() as view:
        # Three lowest of four blocks: 2 2 2 2 3 3 3 3 4 4 4 4; place 11 · 60 / 100 = 6.
        assert view.priority_fee() == 3 * GWEI
