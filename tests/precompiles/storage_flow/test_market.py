"""The market: who sets the price, who takes the fees out."""

from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Address

from precompiles.solidity.roles import DEFAULT_ADMIN_ROLE, PARAMS_ADMIN_ROLE
from precompiles.storage_flow.addresses import FLOW, MARKET, REWARD
from precompiles.storage_flow.market import REWARD_WITHDRAWN

STRANGER, HELPER = Address(b"\xa2" * 20), Address(b"\xa3" * 20)
UNAUTHORIZED = "^" + keccak(b"AccessControlUnauthorizedAccount(address,bytes32)")[:4].hex()


def test_the_params_admin_sets_the_price_of_the_next_submission(
    flow: Any, refused: type[Exception]
) -> None:
    with pytest.raises(refused, match=UNAUTHORIZED):
        flow.call("setPricePerSector", 5, to=MARKET, caller=STRANGER)
    flow.call("grantRole", PARAMS_ADMIN_ROLE, STRANGER, to=MARKET)
    flow.call("setPricePerSector", 5, to=MARKET, caller=STRANGER)
    assert flow.call("pricePerSector", to=MARKET) == 5
    flow.submit(1, value=10)
    assert flow.wei.get(REWARD) == 10


def test_the_admin_alone_takes_fees_out(flow: Any, refused: type[Exception]) -> None:
    flow.submit(2)
    for role in (PARAMS_ADMIN_ROLE,):
        flow.call("grantRole", role, STRANGER, to=MARKET)
    with pytest.raises(refused, match=UNAUTHORIZED):
        flow.call("withdrawReward", STRANGER, 1, to=MARKET, caller=STRANGER)
    flow.call("withdrawReward", HELPER, 3, to=MARKET)
    assert (flow.wei.get(REWARD), flow.wei.get(HELPER)) == (1, 3)
    topics, data = flow.logs[-1]
    assert topics == (REWARD_WITHDRAWN, HELPER.rjust(32, b"\0"))
    assert int.from_bytes(data, "big") == 3
    empty = keccak(b"AddressInsufficientBalance(address)")[:4] + REWARD.rjust(32, b"\0")
    with pytest.raises(refused, match=empty.hex()):
        flow.call("withdrawReward", HELPER, 2, to=MARKET)


def test_flow_and_market_know_each_other(flow: Any) -> None:
    assert flow.call("market") == MARKET
    assert flow.call("flow", to=MARKET) == FLOW
    assert flow.call("reward()", to=MARKET) == REWARD


def test_nobody_charges_fees_but_the_flow(flow: Any, refused: type[Exception]) -> None:
    with pytest.raises(refused, match=r"^Sender does not have permission$"):
        flow.call("chargeFee", 1, 1, 0, to=MARKET)


def test_the_roles_of_flow_and_market_are_not_each_others(
    flow: Any, refused: type[Exception]
) -> None:
    flow.call("grantRole", DEFAULT_ADMIN_ROLE, STRANGER, to=FLOW)
    with pytest.raises(refused, match=UNAUTHORIZED):
        flow.call("grantRole", PARAMS_ADMIN_ROLE, STRANGER, to=MARKET, caller=STRANGER)


def test_the_flow_takes_no_wei_for_nothing(flow: Any) -> None:
    assert flow.run(b"", value=1) == flow.run(b"", to=FLOW, value=0)
    assert flow.wei.get(FLOW) == 0
