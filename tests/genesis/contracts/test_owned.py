"""Ownership of registry and agency: named at genesis, then handed on or given up by the owner alone."""

from typing import Any

import pytest
from eth_abi.abi import decode
from eth_utils import to_hex

from genesis.predeploys import AGENCY_ADDRESS, DA_REGISTRY_ADDRESS

NOBODY = to_hex(bytes(20))
PLACES = [("DARegistry", DA_REGISTRY_ADDRESS), ("WrappedA0GIBaseAgency", AGENCY_ADDRESS)]
UNAUTHORIZED, INVALID_OWNER, INITIALIZED = "118cdaa7", "1e4fbdf7", "f92ee8a9"


@pytest.fixture(params=PLACES, ids=lambda place: place[0])
def owned(request: Any, at: Any) -> Any:
    return at(*request.param)


def test_the_genesis_names_the_owner(owned: Any) -> None:
    assert owned.read("owner") == to_hex(owned.world.address(0))


def test_what_the_genesis_has_initialized_cannot_be_initialized_again(
    owned: Any, refused: Any
) -> None:
    with pytest.raises(refused) as refusal:
        owned.send("initialize", sender=1)
    assert refusal.value.reason == INITIALIZED


def test_the_owner_hands_on_and_then_has_no_say(owned: Any, refused: Any) -> None:
    first, second = (to_hex(owned.world.address(index)) for index in (0, 1))
    receipt = owned.send("transferOwnership", second)
    assert owned.events(receipt) == [
        ("OwnershipTransferred", {"previousOwner": first, "newOwner": second})
    ]
    with pytest.raises(refused) as refusal:
        owned.send("transferOwnership", first)
    assert refusal.value.reason == UNAUTHORIZED
    assert decode(["address"], refusal.value.data[4:]) == (first,)
    owned.send("renounceOwnership", sender=1)
    assert owned.read("owner") == NOBODY


def test_nobody_cannot_be_made_owner(owned: Any, refused: Any) -> None:
    with pytest.raises(refused) as refusal:
        owned.send("transferOwnership", NOBODY)
    assert refusal.value.reason == INVALID_OWNER


def test_a_stranger_can_do_neither(owned: Any, refused: Any) -> None:
    for function, arguments in (("transferOwnership", [NOBODY]), ("renounceOwnership", [])):
        with pytest.raises(refused) as refusal:
            owned.send(function, *arguments, sender=1)
        assert refusal.value.reason == UNAUTHORIZED


@pytest.mark.parametrize("name", [name for name, _ in PLACES])
def test_a_fresh_contract_is_initialized_once_and_belongs_to_the_caller(
    world: Any, refused: Any, name: str
) -> None:
    contract = world.deploy(name)
    assert contract.read("owner") == NOBODY
    receipt = contract.send("initialize", sender=1)
    assert contract.events(receipt) == [
        (
            "OwnershipTransferred",
            {"previousOwner": NOBODY, "newOwner": to_hex(world.address(1))},
        ),
        ("Initialized", {"version": 1}),
    ]
    with pytest.raises(refused):
        contract.send("initialize", sender=1)
