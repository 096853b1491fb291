"""What goes into a block that is built, and in which order."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from chain.chain import Valid

GWEI = 10**9
MakeSetting = Callable[..., Any]


def included(executed: Any) -> list[bytes]:
    return [transaction.hash for transaction in executed.block.transactions]


def test_an_empty_block_is_a_block(make_setting: MakeSetting) -> None:
    setting = make_setting()
    header = setting.extend().block.header
    assert header.number == 1
    assert header.gas_used == 0
    assert header.extra_data == b"zerog"
    assert header.base_fee == 875_000_000
    assert header.difficulty == 0


def test_better_tips_come_first_and_each_senders_in_order(
    make_setting: MakeSetting, keys: Sequence[Any]
) -> None:
    low, behind = keys[0].sign(0, tip=GWEI), keys[0].sign(1, tip=9 * GWEI)
    high = keys[1].sign(0, tip=2 * GWEI)
    assert included(make_setting().build(low, behind, high)) == [high.hash, low.hash, behind.hash]


def test_what_cannot_run_is_left_out_with_those_behind_it(
    make_setting: MakeSetting, keys: Sequence[Any]
) -> None:
    setting = make_setting()
    gapped = keys[0].sign(1)
    behind = keys[0].sign(2)
    poor = keys[1].sign(0, value=10**30)
    fine = keys[2].sign(0)
    assert included(setting.build(gapped, behind, poor, fine)) == [fine.hash]


def test_a_used_nonce_is_passed_over(make_setting: MakeSetting, keys: Sequence[Any]) -> None:
    setting = make_setting()
    setting.extend(keys[0].sign(0))
    following = keys[0].sign(1)
    assert included(setting.build(keys[0].sign(0), following)) == [following.hash]


def test_the_gas_limit_of_a_block_is_kept(make_setting: MakeSetting, keys: Sequence[Any]) -> None:
    setting = make_setting(gas_limit=5_000_000)
    large = keys[0].sign(0, gas_limit=4_970_000, tip=3 * GWEI)
    second = keys[1].sign(0, gas_limit=4_970_000, tip=2 * GWEI)
    small = keys[2].sign(0, tip=GWEI)
    assert included(setting.build(large, second, small)) == [large.hash, second.hash, small.hash]
    config = setting.config
    zero_g = make_setting(
        type(config).from_genesis({"chainId": 16601, **_forks(), "RestakingActivationTime": 0}),
        gas_limit=5_000_000,
    )
    executed = zero_g.build(large, second, small)
    assert included(executed) == [large.hash, small.hash], "80 % of the limit counts as used"
    assert executed.block.header.gas_used == 4_970_000 * 8 // 10 + 21_000


def _forks() -> dict[str, int]:
    blocks = [
        "homestead",
        "eip150",
        "eip158",
        "byzantium",
        "constantinople",
        "istanbul",
        "berlin",
        "london",
    ]
    times = ["shanghai", "cancun", "prague"]
    return (
        {f"{name}Block": 0 for name in blocks}
        | {f"{name}Time": 0 for name in times}
        | {"terminalTotalDifficulty": 0}
    )


def test_the_budget_ends_the_block_between_two_transactions(
    make_setting: MakeSetting, keys: Sequence[Any]
) -> None:
    setting = make_setting()
    transactions = [keys[0].sign(nonce) for nonce in range(5)]

    def after(count: int) -> Callable[[], bool]:
        answers: Iterator[bool] = iter([False] * count + [True])
        return lambda: next(answers)

    for count in (0, 2):
        executed = setting.chain.build_payload(
            setting.attributes(), setting.offer(*transactions), after(count)
        )
        assert len(executed.block.transactions) == count
        assert isinstance(setting.open().execute_payload(executed.payload), Valid)


def test_the_gas_limit_moves_towards_the_target_within_bounds(make_setting: MakeSetting) -> None:
    setting = make_setting()
    assert setting.build().block.header.gas_limit == 36_000_000
    setting.gas_limit = 60_000_000
    header = setting.extend().block.header
    assert header.gas_limit == 36_000_000 + 36_000_000 // 1024 - 1


def test_senders_and_results_come_with_the_block(
    make_setting: MakeSetting, keys: Sequence[Any]
) -> None:
    executed = make_setting().build(keys[0].sign(0), keys[1].sign(0))
    assert executed.senders == (keys[0].address, keys[1].address)
    assert [receipt.gas_used for receipt in executed.result.receipts] == [21_000, 21_000]
    assert {change.address for change in executed.result.changes} >= {
        keys[0].address,
        keys[1].address,
    }
