"""The wrapped token: WETH9's functions, and minting and burning against caps that the agency sets."""

from typing import Any

import pytest
from eth_utils import to_hex

from genesis.predeploys import AGENCY_ADDRESS, WRAPPED_A0GI_ADDRESS

MINT_FAILED, BURN_FAILED = "wrapped a0gi base mint failed", "wrapped a0gi base burn failed"
OWNER, MINTER, HOLDER, OTHER = 0, 1, 2, 3


@pytest.fixture
def token(at: Any) -> Any:
    return at("WrappedA0GI", WRAPPED_A0GI_ADDRESS)


@pytest.fixture
def agency(at: Any) -> Any:
    return at("WrappedA0GIBaseAgency", AGENCY_ADDRESS)


def address(contract: Any, account: int) -> str:
    return to_hex(contract.world.address(account))


def balances(token: Any, *accounts: int) -> list[int]:
    return [token.read("balanceOf", address(token, account)) for account in accounts]


def test_it_has_the_deployed_tokens_names(token: Any) -> None:
    assert token.read("name") == "Wrapped A0GI"
    assert token.read("symbol") == "WA0GI"
    assert token.read("decimals") == 18
    assert token.read("WRAPPED_A0GI_BASE") == "0x0000000000000000000000000000000000001002"


def test_deposit_and_withdrawal_keep_supply_and_native_balance_equal(token: Any) -> None:
    receipt = token.send("deposit", sender=HOLDER, value=10)
    assert token.events(receipt) == [("Deposit", {"dst": address(token, HOLDER), "wad": 10})]
    assert token.world.transact(WRAPPED_A0GI_ADDRESS, value=5, sender=HOLDER).succeeded
    assert balances(token, HOLDER) == [15]
    receipt = token.send("withdraw", 6, sender=HOLDER)
    assert token.events(receipt) == [("Withdrawal", {"src": address(token, HOLDER), "wad": 6})]
    assert token.read("totalSupply") == token.world.balance(WRAPPED_A0GI_ADDRESS) == 9


def test_more_than_the_balance_cannot_be_withdrawn(token: Any, refused: Any) -> None:
    with pytest.raises(refused) as refusal:
        token.send("withdraw", 1, sender=HOLDER)
    assert refusal.value.reason == "Panic(17)"


def test_transfers_move_tokens_and_need_balance_and_allowance(token: Any, refused: Any) -> None:
    holder, other = address(token, HOLDER), address(token, OTHER)
    token.send("deposit", sender=HOLDER, value=10)
    receipt = token.send("transfer", other, 4, sender=HOLDER)
    assert token.events(receipt) == [("Transfer", {"src": holder, "dst": other, "wad": 4})]
    with pytest.raises(refused) as refusal:
        token.send("transfer", other, 7, sender=HOLDER)
    assert refusal.value.reason == "src insufficient balance"
    with pytest.raises(refused) as refusal:
        token.send("transferFrom", holder, other, 1, sender=OTHER)
    assert refusal.value.reason == "insufficient allowance"
    token.send("approve", other, 5, sender=HOLDER)
    token.send("transferFrom", holder, other, 2, sender=OTHER)
    assert token.read("allowance", holder, other) == 3
    assert balances(token, HOLDER, OTHER) == [4, 6]


def test_the_largest_allowance_is_never_spent(token: Any) -> None:
    holder, other = address(token, HOLDER), address(token, OTHER)
    token.send("deposit", sender=HOLDER, value=10)
    token.send("approve", other, 2**256 - 1, sender=HOLDER)
    token.send("transferFrom", holder, other, 2, sender=OTHER)
    assert token.read("allowance", holder, other) == 2**256 - 1


def test_a_minter_mints_up_to_its_cap_and_native_coin_backs_it(
    token: Any, agency: Any, refused: Any
) -> None:
    agency.send("setMinterCap", address(token, MINTER), 100, 0, sender=OWNER)
    receipt = token.send("mint", address(token, HOLDER), 60, sender=MINTER)
    assert token.events(receipt) == [
        ("Mint", {"minter": address(token, MINTER), "dst": address(token, HOLDER), "wad": 60})
    ]
    assert token.read("totalSupply") == token.world.balance(WRAPPED_A0GI_ADDRESS) == 60
    with pytest.raises(refused) as refusal:
        token.send("mint", address(token, HOLDER), 41, sender=MINTER)
    assert refusal.value.reason == MINT_FAILED
    token.send("withdraw", 60, sender=HOLDER)
    assert token.world.balance(WRAPPED_A0GI_ADDRESS) == 0


def test_who_has_no_cap_mints_nothing(token: Any, refused: Any) -> None:
    with pytest.raises(refused) as refusal:
        token.send("mint", address(token, HOLDER), 1, sender=HOLDER)
    assert refusal.value.reason == MINT_FAILED


def test_a_minter_burns_its_own_and_with_allowance_others_tokens(token: Any, agency: Any) -> None:
    minter, holder = address(token, MINTER), address(token, HOLDER)
    agency.send("setMinterCap", minter, 100, 0, sender=OWNER)
    token.send("mint", minter, 30, sender=MINTER)
    token.send("mint", holder, 30, sender=MINTER)
    token.send("approve", minter, 30, sender=HOLDER)
    receipt = token.send("burn(uint256)", 10, sender=MINTER)
    assert token.events(receipt) == [("Burn", {"minter": minter, "src": minter, "wad": 10})]
    token.send("burn(address,uint256)", holder, 5, sender=MINTER)
    receipt = token.send("burnFrom", holder, 5, sender=MINTER)
    assert token.events(receipt) == [("Burn", {"minter": minter, "src": holder, "wad": 5})]
    assert balances(token, MINTER, HOLDER) == [20, 20]
    assert token.read("allowance", holder, minter) == 20
    assert token.read("totalSupply") == 40


def test_burning_asks_the_precompile_before_the_allowance(
    token: Any, agency: Any, refused: Any
) -> None:
    minter, holder = address(token, MINTER), address(token, HOLDER)
    agency.send("setMinterCap", minter, 100, 0, sender=OWNER)
    token.send("mint", holder, 30, sender=MINTER)
    for amount, reason in ((31, BURN_FAILED), (30, "insufficient allowance")):
        with pytest.raises(refused) as refusal:
            token.send("burnFrom", holder, amount, sender=MINTER)
        assert refusal.value.reason == reason
    assert token.read("totalSupply") == 30


def test_only_the_agencys_owner_sets_caps(agency: Any, refused: Any) -> None:
    with pytest.raises(refused) as refusal:
        agency.send("setMinterCap", address(agency, MINTER), 100, 0, sender=MINTER)
    assert refusal.value.reason == "118cdaa7"


def test_an_agency_that_is_not_the_one_the_precompile_knows_says_that_it_failed(
    world: Any, refused: Any
) -> None:
    stranger = world.deploy("WrappedA0GIBaseAgency")
    stranger.send("initialize")
    with pytest.raises(refused) as refusal:
        stranger.send("setMinterCap", to_hex(world.address(1)), 1, 0)
    assert refusal.value.reason == "wrapped a0gi base setMinterCap failed"
