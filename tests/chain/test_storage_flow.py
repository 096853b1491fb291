"""The section `config.zerog.storageFlow`."""

from typing import Any

import pytest
from eth_typing import Address

from chain.config import ChainConfig
from chain.errors import InvalidConfig
from chain.storage_flow import StorageFlow

SECTION: dict[str, Any] = {
    "time": 20, "admin": "0x" + "22" * 20, "pricePerSector": "0x7", "blocksPerEpoch": 1_200,
    "firstBlock": 3,
}  # fmt: skip
ADMIN = Address(b"\x22" * 20)


def config(section: object) -> ChainConfig:
    return ChainConfig.from_genesis({"chainId": 5, "zerog": {"storageFlow": section}})


def test_it_is_there_from_its_time_on_on_any_chain() -> None:
    read = config(SECTION)
    assert read.rules(5, 19).storage_flow is None
    assert read.rules(5, 20).storage_flow == StorageFlow(20, ADMIN, 7, 1_200, 3)


def test_without_a_section_there_is_none() -> None:
    assert ChainConfig.from_genesis({"chainId": 5}).rules(5, 2**40).storage_flow is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"at": 1}, "at"), ({"admin": None}, "admin"), ({"admin": "0x1"}, "admin"),
        ({"time": None}, "time"), ({"pricePerSector": -1}, "pricePerSector"),
        ({"pricePerSector": hex(2**256)}, "pricePerSector"),
        ({"blocksPerEpoch": 0}, "blocksPerEpoch"), ({"firstBlock": "soon"}, "firstBlock"),
        ({"firstBlock": 2**64}, "firstBlock"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidConfig) as error:
        config(SECTION | change)
    assert error.value.field == f"zerog.storageFlow.{field}"


@pytest.mark.parametrize("section", [7, "yes", [], {}])
def test_a_section_is_an_object_with_every_value(section: object) -> None:
    with pytest.raises(InvalidConfig):
        config(section)
