"""Which precompiles of other people a chain has: `config.zerog.plugins` of the genesis document."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from eth_typing import Address
from eth_utils.address import to_canonical_address

from chain.config_fields import read_number, read_optional_address
from chain.errors import InvalidConfig

PLUGINS_MAX: Final = 64
PLUGIN_KEYS: Final = ("package", "version", "address", "activationTime", "parameters")
_PACKAGE: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?")
"""A distribution's name (PyPA, "Names and normalization")."""
_VERSION: Final = re.compile(r"[A-Za-z0-9.!+_-]{1,64}")

_SYSTEM_ADDRESSES: Final = tuple(
    Address(to_canonical_address(address))
    for address in (
        "0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02",  # EIP-4788
        "0x0000F90827F1C53a10cb7A02335B175320002935",  # EIP-2935
        "0x00000961Ef480Eb55e80D19ad83579A64c007002",  # EIP-7002
        "0x0000BBdDc7CE488642fb579F8B00f3a590007251",  # EIP-7251
        "0xfffffffffffffffffffffffffffffffffffffffe",  # the system's own
        "0xea224dBB52F57752044c0C86aD50930091F561B9",  # 0G's staking contract
    )
)
_RESERVED_RANGES: Final = (
    (0x00, 0x11, "Ethereum's precompiles"),
    (0x100, 0x100, "Ethereum's precompiles"),
    (0x1000, 0x1000, "0G's precompiles"),
    (0x1002, 0x1002, "0G's precompiles"),
    (0xDA00, 0xDAFF, "this node's own precompiles"),
    (0xF100, 0xF1FF, "this node's own precompiles"),
)
"""First and last address of each; 0x0b to 0x11 and 0x100 come with Prague and Osaka."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """One precompile that is not part of this node, as the genesis document names it."""

    package: str
    """The distribution that brings it."""
    version: str
    """Exactly this one: another might compute something else."""
    address: Address
    activation_time: int
    """Seconds; a precompile in the blocks from there on, an ordinary account before."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Any JSON object; what it means is the plug-in's affair."""


def read_plugins(value: object) -> tuple[Plugin, ...]:
    """In the document's order; raises `InvalidConfig` naming the field."""
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > PLUGINS_MAX:
        raise InvalidConfig("zerog.plugins", value, f"a list of at most {PLUGINS_MAX} plug-ins")
    plugins: list[Plugin] = []
    for index, entry in enumerate(value):
        name = f"zerog.plugins[{index}]"
        plugin = _read_plugin(name, entry)
        _check_address(f"{name}.address", plugin.address, plugins)
        plugins.append(plugin)
    return tuple(plugins)


def _read_plugin(name: str, entry: object) -> Plugin:
    if not isinstance(entry, Mapping):
        raise InvalidConfig(name, entry, "an object")
    for key in entry:
        if key not in PLUGIN_KEYS:
            expected = "one of " + ", ".join(PLUGIN_KEYS)
            raise InvalidConfig(f"{name}.{key}", entry[key], expected)
    address = read_optional_address(f"{name}.address", entry.get("address"))
    if address is None:
        raise InvalidConfig(f"{name}.address", None, "a 20-byte hex address")
    parameters = entry.get("parameters", {})
    if not isinstance(parameters, Mapping):
        raise InvalidConfig(f"{name}.parameters", parameters, "an object")
    return Plugin(
        package=_text(f"{name}.package", entry.get("package"), _PACKAGE, "a package's name"),
        version=_text(f"{name}.version", entry.get("version"), _VERSION, "a version, as a string"),
        address=address,
        activation_time=read_number(f"{name}.activationTime", entry.get("activationTime")),
        parameters=parameters,
    )


def _text(name: str, value: object, pattern: re.Pattern[str], expected: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InvalidConfig(name, value, expected)
    return value


def _check_address(name: str, address: Address, others: Sequence[Plugin]) -> None:
    shown = f"0x{address.hex()}"
    as_number = int.from_bytes(address, "big")
    for first, last, owner in _RESERVED_RANGES:
        if first <= as_number <= last:
            raise InvalidConfig(name, shown, f"an address that is not reserved for {owner}")
    if address in _SYSTEM_ADDRESSES:
        raise InvalidConfig(name, shown, "an address that the protocol itself does not call")
    for other in others:
        if address == other.address:
            expected = f"another address than that of {other.package}"
            raise InvalidConfig(name, shown, expected)
