"""The staking contract in a genesis document: what it must say, and what is refused."""

import copy
from typing import Any

import pytest
from coincurve import PrivateKey

from chain.staking import STAKING_CONTRACT, WEI_PER_POWER
from consensus.validators import ValidatorSet, address_of
from genesis.document import load_document
from genesis.errors import InvalidGenesis
from genesis.networks import FIRST_STAKE, devnet_document

KEYS = [PrivateKey(number.to_bytes(32, "big")).public_key.format() for number in range(1, 5)]
DOCUMENT = devnet_document([(key, f"validator-{place}") for place, key in enumerate(KEYS)])
ACCOUNT = f"0x{STAKING_CONTRACT.hex()}"
SLOT_OF_RANKING = f"0x{5:064x}"


def changed(path: str, value: object) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    *parents, key = path.split("/")
    place: Any = document
    for name in parents:
        place = place[int(name) if isinstance(place, list) else name]
    place[key] = value
    return document


def test_each_validator_has_its_power_in_whole_0g_behind_it() -> None:
    loaded = load_document(DOCUMENT)
    [account] = [change for change in loaded.alloc if change.address == STAKING_CONTRACT]
    assert account.account is not None
    assert account.account.balance == 4 * FIRST_STAKE * WEI_PER_POWER
    assert [v.power for v in loaded.validators.validators] == [FIRST_STAKE] * 4


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("config/zerog/staking/minStake", hex(2_000 * 10**18), r"validators\[0\].power"),
        ("config/zerog/staking/maxActive", 3, "validators"),
        ("config/zerog/staking/maxActive", 50, "storage"),
        ("config/zerog/staking/unbondingBlocks", 2, "storage"),
        ("config/StakingActivationTime", 10**12, "config.StakingActivationTime"),
        (f"alloc/{ACCOUNT}/balance", "0x1", "balance"),
        (f"alloc/{ACCOUNT}/code", "0x01", "code"),
        (f"alloc/{ACCOUNT}/storage/{SLOT_OF_RANKING}", "0x03", "storage"),
        ("validators/0/power", 2_000, "balance"),
        ("validators/0/owner", "0x" + "11" * 20, "storage"),
        ("validators/0/owner", "0x11", r"validators\[0\].owner"),
        ("config/zerog/staking/rewardPerBlock", 1, "config.zerog.staking.rewardPerBlock"),
        ("config/zerog/staking/missedBlocksLimit", 0, "config.zerog.staking.missedBlocksLimit"),
        ("config/zerog/staking/minStake", 10**18 - 1, "config.zerog.staking.minStake"),
        ("config/zerog/staking/maxActive", 1_001, "config.zerog.staking.maxActive"),
        ("config/zerog/staking/jailing", 1, "config.zerog.staking.jailing"),
    ],
)
def test_a_document_whose_parts_do_not_agree_is_refused(
    path: str, value: object, field: str
) -> None:
    with pytest.raises(InvalidGenesis, match=field):
        load_document(changed(path, value))


def test_without_a_section_the_contract_may_be_absent_and_the_set_is_fixed() -> None:
    document = devnet_document([(key, "") for key in KEYS], staking=None)
    loaded = load_document(document)
    assert loaded.config.staking is None
    assert [v.power for v in loaded.validators.validators] == [1] * 4


def test_outside_a_devnet_a_validator_belongs_to_its_own_key() -> None:
    document = devnet_document([(key, "") for key in KEYS], is_devnet=False)
    owners = [entry["owner"] for entry in document["validators"]]
    assert owners == [f"0x{address_of(key).hex()}" for key in KEYS]
    assert isinstance(load_document(document).validators, ValidatorSet)
