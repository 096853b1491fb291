"""The chain's configuration out of a genesis document."""

from typing import Any

import pytest

from chain.config import ChainConfig
from chain.errors import InvalidConfig
from chain.forks.fork import Fork
from chain.forks.table import BlobSchedule

PRAGUE = {
    "chainId": 16601,
    "londonBlock": 0,
    "terminalTotalDifficulty": 0,
    "shanghaiTime": 0,
    "cancunTime": 0,
    "pragueTime": 0,
}


def test_forks_begin_by_number_and_then_by_time() -> None:
    config = ChainConfig.from_genesis(
        {
            "chainId": 1,
            "homesteadBlock": 2,
            "londonBlock": 5,
            "mergeNetsplitBlock": 8,
            "terminalTotalDifficulty": 1_000,
            "shanghaiTime": 100,
            "pragueTime": "0x96",
        }
    )
    assert [config.fork_at(number, 0) for number in (0, 2, 5, 7, 8)] == [
        Fork.FRONTIER,
        Fork.HOMESTEAD,
        Fork.LONDON,
        Fork.LONDON,
        Fork.PARIS,
    ]
    # A timestamp counts only once the merge is reached.
    assert config.fork_at(7, 150) is Fork.LONDON
    assert [config.fork_at(9, time) for time in (99, 100, 150)] == [
        Fork.PARIS,
        Fork.SHANGHAI,
        Fork.PRAGUE,
    ]


def test_petersburg_comes_with_constantinople_where_it_is_not_named() -> None:
    config = ChainConfig.from_genesis({"chainId": 1, "constantinopleBlock": 3})
    assert config.fork_at(3, 0) is Fork.PETERSBURG


def test_0gs_rules_need_prague_and_their_time() -> None:
    section = PRAGUE | {"StakingActivationTime": 10, "RestakingActivationTime": 20}
    config = ChainConfig.from_genesis(section)
    active = [
        (config.rules(1, time).staking_active, config.rules(1, time).restaking_active)
        for time in (9, 10, 20)
    ]
    assert active == [(False, False), (True, False), (True, True)]
    before_prague = ChainConfig.from_genesis(section | {"pragueTime": 1_000})
    assert not before_prague.rules(1, 20).restaking_active


def test_the_spelling_of_0gs_keys_is_exact() -> None:
    config = ChainConfig.from_genesis(PRAGUE | {"restakingActivationTime": 0})
    assert not config.rules(1, 1).restaking_active


def test_our_section_switches_the_precompiles() -> None:
    assert not ChainConfig.from_genesis(PRAGUE).rules(1, 1).has_zero_g_precompiles
    config = ChainConfig.from_genesis(
        PRAGUE
        | {
            "zerog": {
                "devnet": True,
                "precompiles": "0g",
                "owner": "0x" + "11" * 20,
                "daSigners": {"epochBlocks": 50},
            }
        }
    )
    rules = config.rules(1, 1)
    assert rules.has_zero_g_precompiles
    assert rules.da_epoch_blocks == 50
    assert config.is_devnet
    assert config.owner == b"\x11" * 20


def test_the_da_entrance_is_there_from_its_time_on() -> None:
    section = {"time": 20, "admin": "0x" + "22" * 20}
    config = ChainConfig.from_genesis(
        PRAGUE | {"zerog": {"precompiles": "0g", "daEntrance": section}}
    )
    assert config.rules(5, 19).da_entrance_admin is None
    assert config.rules(5, 20).da_entrance_admin == b"\x22" * 20


def test_the_blob_schedule_may_be_the_genesis_documents() -> None:
    assert ChainConfig.from_genesis(PRAGUE).rules(1, 1).blobs == BlobSchedule(6, 9, 5_007_716)
    schedule = {"prague": {"target": 1, "max": 2, "baseFeeUpdateFraction": 3}}
    config = ChainConfig.from_genesis(PRAGUE | {"blobSchedule": schedule})
    assert config.rules(1, 1).blobs == BlobSchedule(1, 2, 3)


def test_osaka_goes_on_with_pragues_blobs_and_later_forks_change_them_alone() -> None:
    """EIP-7892."""
    later = PRAGUE | {"pragueTime": 1, "osakaTime": 2, "bpo1Time": 3, "bpo2Time": 4}
    schedule = {
        "prague": {"target": 1, "max": 2, "baseFeeUpdateFraction": 3},
        "bpo2": {"target": 7, "max": 8, "baseFeeUpdateFraction": 9},
    }
    config = ChainConfig.from_genesis(later | {"blobSchedule": schedule})
    rules = [config.rules(1, time) for time in (1, 2, 3, 4)]
    assert [item.fork for item in rules] == [Fork.PRAGUE, Fork.OSAKA, Fork.BPO1, Fork.BPO2]
    assert [item.blobs for item in rules] == [
        BlobSchedule(1, 2, 3),
        BlobSchedule(1, 2, 3),
        BlobSchedule(10, 15, 8_346_193),
        BlobSchedule(7, 8, 9),
    ]
    assert [item.row.transaction_gas_limit for item in rules] == [None, *[2**24] * 3]


@pytest.mark.parametrize(
    ("section", "field"),
    [
        ({"chainId": None}, "chainId"),
        ({"chainId": True}, "chainId"),
        ({"chainId": "zero"}, "chainId"),
        ({"chainId": -1}, "chainId"),
        ({"amsterdamTime": 5}, "amsterdamTime"),
        ({"daoForkSupport": True, "daoForkBlock": 5}, "daoForkBlock"),
        ({"osakaTime": 5, "zerog": {"precompiles": "0g"}}, "osakaTime"),
        ({"pragueTime": 6, "osakaTime": 5}, "osakaTime"),
        ({"bpo1Time": 5}, "bpo1Time"),
        ({"osakaTime": 5, "bpo1Time": 4}, "bpo1Time"),
        ({"osakaTime": 5, "bpo3Time": 6}, "blobSchedule.bpo3"),
        ({"shanghaiTime": "soon"}, "shanghaiTime"),
        ({"StakingActivationTime": 1.5}, "StakingActivationTime"),
        ({"blobSchedule": {"prague": {"target": 1}}}, "blobSchedule.prague.max"),
        ({"zerog": []}, "zerog"),
        ({"zerog": {"unknown": 1}}, "zerog.unknown"),
        ({"zerog": {"precompiles": "1g"}}, "zerog.precompiles"),
        ({"zerog": {"devnet": 1}}, "zerog.devnet"),
        ({"zerog": {"owner": "0x12"}}, "zerog.owner"),
        ({"zerog": {"owner": "not hex"}}, "zerog.owner"),
        ({"zerog": {"daSigners": {"epochBlocks": 0}}}, "zerog.daSigners.epochBlocks"),
        ({"zerog": {"daSigners": {"other": 1}}}, "zerog.daSigners"),
        ({"zerog": {"daEntrance": {"time": 0, "admin": "0x" + "11" * 20}}}, "zerog.daEntrance"),
        ({"zerog": {"precompiles": "0g", "daEntrance": {"time": 0}}}, "zerog.daEntrance.admin"),
        (
            {"zerog": {"precompiles": "0g", "daEntrance": {"admin": "0x" + "11" * 20}}},
            "zerog.daEntrance.time",
        ),
        ({"zerog": {"precompiles": "0g", "daEntrance": {"at": 1}}}, "zerog.daEntrance.at"),
    ],
)
def test_a_wrong_field_is_named(section: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        ChainConfig.from_genesis(PRAGUE | section)
    assert caught.value.field == field
    assert f"config.{field}" in str(caught.value)
