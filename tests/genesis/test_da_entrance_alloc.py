"""The DA entrance's account in a genesis document."""

from typing import Any

import pytest
from coincurve import PrivateKey

from genesis.document import load_document
from genesis.errors import InvalidGenesis
from genesis.networks import devnet_document
from precompiles.da_entrance.activation import initial_storage
from precompiles.da_entrance.entrance import ADDRESS

VALIDATORS = [(PrivateKey(bytes(31) + b"\1").public_key.format(), "one")]
KEY = f"0x{ADDRESS.hex()}"


def document() -> dict[str, Any]:
    return devnet_document(VALIDATORS)


def test_a_devnets_entrance_is_there_in_block_zero_with_its_admin() -> None:
    loaded = load_document(document())
    [change] = [change for change in loaded.alloc if change.address == ADDRESS]
    assert change.code == b"\x01"
    assert loaded.config.owner is not None
    assert dict(change.slots) == initial_storage(loaded.config.owner, 0, 0)


def test_another_contract_at_its_address_is_an_error() -> None:
    wrong = document()
    wrong["alloc"][KEY]["code"] = "0x6000"
    with pytest.raises(InvalidGenesis, match=rf"alloc\.{KEY}\.code"):
        load_document(wrong)


def test_another_admin_in_storage_than_in_the_configuration_is_an_error() -> None:
    wrong = document()
    wrong["config"]["zerog"]["daEntrance"]["admin"] = "0x" + "11" * 20
    with pytest.raises(InvalidGenesis, match=r"daEntrance\.admin"):
        load_document(wrong)


def test_a_document_may_leave_the_account_to_the_first_block() -> None:
    short = document()
    del short["alloc"][KEY]
    assert load_document(short).config.da_entrance is not None
