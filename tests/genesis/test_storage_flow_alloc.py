"""The storage Flow's accounts in a genesis document."""

from typing import Any

import pytest
from coincurve import PrivateKey

from genesis.document import load_document
from genesis.errors import InvalidGenesis
from genesis.networks import devnet_document
from precompiles.storage_flow.activation import initial_storages
from precompiles.storage_flow.addresses import FLOW, MARKET, PRECOMPILES, ROOT_HISTORY

VALIDATORS = [(PrivateKey(bytes(31) + b"\1").public_key.format(), "one")]


def document() -> dict[str, Any]:
    return devnet_document(VALIDATORS)


def test_a_devnets_flow_is_there_in_block_zero_with_its_admin_and_0gs_price() -> None:
    loaded = load_document(document())
    assert loaded.config.owner is not None
    storages = initial_storages(loaded.config.owner, 30_733_644_962, 1_200, 0)
    found = {change.address: change for change in loaded.alloc if change.address in PRECOMPILES}
    assert {address: dict(change.slots) for address, change in found.items()} == storages
    assert {change.code for change in found.values()} == {b"\x01"}


@pytest.mark.parametrize("address", PRECOMPILES, ids=["flow", "market", "history"])
def test_another_contract_at_an_address_is_an_error(address: bytes) -> None:
    wrong = document()
    wrong["alloc"][f"0x{address.hex()}"]["code"] = "0x6000"
    with pytest.raises(InvalidGenesis, match=rf"alloc\.0x{address.hex()}\.code"):
        load_document(wrong)


@pytest.mark.parametrize(
    ("key", "value", "address"),
    [
        ("admin", "0x" + "11" * 20, FLOW), ("blocksPerEpoch", 5, FLOW), ("firstBlock", 5, FLOW),
        ("pricePerSector", "0x1", MARKET),
    ],
)  # fmt: skip
def test_a_section_that_the_storage_contradicts_is_an_error(
    key: str, value: object, address: bytes
) -> None:
    wrong = document()
    wrong["config"]["zerog"]["storageFlow"][key] = value
    with pytest.raises(InvalidGenesis, match=rf"alloc\.0x{address.hex()}\.storage"):
        load_document(wrong)


def test_a_document_may_leave_the_accounts_to_the_first_block() -> None:
    short = document()
    for address in (FLOW, MARKET, ROOT_HISTORY):
        del short["alloc"][f"0x{address.hex()}"]
    assert load_document(short).config.storage_flow is not None
