"""`config.zerog.plugins` of a genesis document."""

from typing import Any

import pytest
from eth_typing import Address

from chain.config import ChainConfig
from chain.errors import InvalidConfig
from chain.plugins import PLUGINS_MAX, Plugin

ADDRESS = "0x" + "00" * 18 + "7701"
ENTRY = {"package": "counter", "version": "1.0", "address": ADDRESS, "activationTime": 0}


def config_of(plugins: Any) -> ChainConfig:
    return ChainConfig.from_genesis({"chainId": 1, "zerog": {"plugins": plugins}})


def at(number: int) -> str:
    return f"0x{number:040x}"


def test_a_plugin_is_read_with_all_its_fields() -> None:
    entry = ENTRY | {"activationTime": "0x10", "parameters": {"step": 2, "names": ["a"]}}
    assert config_of([entry]).plugins == (
        Plugin(
            package="counter",
            version="1.0",
            address=Address(bytes.fromhex(ADDRESS[2:])),
            activation_time=16,
            parameters={"step": 2, "names": ["a"]},
        ),
    )


def test_a_chain_without_the_section_has_none() -> None:
    assert ChainConfig.from_genesis({"chainId": 1}).plugins == ()
    assert config_of([]).plugins == ()


def test_a_plugin_is_a_precompile_from_its_time_on() -> None:
    later = ENTRY | {"address": at(0x7702), "activationTime": 10}
    config = config_of([ENTRY, later])
    first, second = (plugin.address for plugin in config.plugins)
    assert config.rules(1, 9).plugins == (first,)
    assert config.rules(1, 10).plugins == (first, second)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "x"}, "zerog.plugins[0].name"),
        ({"package": None}, "zerog.plugins[0].package"),
        ({"package": "../x"}, "zerog.plugins[0].package"),
        ({"package": ""}, "zerog.plugins[0].package"),
        ({"version": 1.0}, "zerog.plugins[0].version"),
        ({"version": ">=1"}, "zerog.plugins[0].version"),
        ({"address": None}, "zerog.plugins[0].address"),
        ({"address": "0x77"}, "zerog.plugins[0].address"),
        ({"address": 7701}, "zerog.plugins[0].address"),
        ({"activationTime": None}, "zerog.plugins[0].activationTime"),
        ({"activationTime": -1}, "zerog.plugins[0].activationTime"),
        ({"activationTime": "soon"}, "zerog.plugins[0].activationTime"),
        ({"parameters": []}, "zerog.plugins[0].parameters"),
        ({"parameters": None}, "zerog.plugins[0].parameters"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        config_of([ENTRY | change])
    assert refused.value.field == field


@pytest.mark.parametrize(
    "plugins", [{}, "counter", 5, [5], ["counter"], [ENTRY] * (PLUGINS_MAX + 1)]
)
def test_what_is_no_list_of_plugins_is_refused(plugins: Any) -> None:
    with pytest.raises(InvalidConfig, match=r"zerog\.plugins"):
        config_of(plugins)


@pytest.mark.parametrize(
    "address",
    [
        *map(at, (0x00, 0x01, 0x0A, 0x0B, 0x11, 0x100, 0x1000, 0x1002, 0xDA01, 0xF10A)),
        "0x0000F90827F1C53a10cb7A02335B175320002935",
        "0x00000961Ef480Eb55e80D19ad83579A64c007002",
        "0xfffffffffffffffffffffffffffffffffffffffe",
    ],
)
def test_an_address_that_is_taken_is_refused(address: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        config_of([ENTRY | {"address": address}])
    assert refused.value.field == "zerog.plugins[0].address"


def test_two_plugins_have_two_addresses() -> None:
    other = ENTRY | {"package": "other", "address": ADDRESS.upper().replace("0X", "0x")}
    with pytest.raises(InvalidConfig, match="another address than that of counter") as refused:
        config_of([ENTRY, other])
    assert refused.value.field == "zerog.plugins[1].address"


def test_one_package_can_serve_several_addresses() -> None:
    both = [ENTRY, ENTRY | {"address": at(0x7702), "parameters": {"step": 2}}]
    assert len(config_of(both).plugins) == 2
