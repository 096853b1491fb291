"""`config.zerog.storageFlow`: the storage Flow at 0x…f10a, and with what it begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from eth_typing import Address

from chain.config_fields import read_number, read_optional_address, read_optional_object
from chain.errors import InvalidConfig

KEYS: Final = ("time", "admin", "pricePerSector", "blocksPerEpoch", "firstBlock")
_WORD_VALUES: Final = 1 << 256
_NUMBER_MAX: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class StorageFlow:
    """When it is there, and what its contracts' `initialize` are given."""

    time: int
    """First timestamp (seconds) at which it is there."""
    admin: Address
    """Has every role of Flow and market from the beginning."""
    price_per_sector: int
    """Wei for 256 bytes."""
    blocks_per_epoch: int
    first_block: int
    """From which submissions are taken, and epochs counted."""


def read_storage_flow(section: object) -> StorageFlow | None:
    """None where there is no section; raises `InvalidConfig`."""
    name = "zerog.storageFlow"
    if section is None:
        return None
    values = read_optional_object(name, section)
    for key in values:
        if key not in KEYS:
            raise InvalidConfig(f"{name}.{key}", values[key], "one of " + ", ".join(KEYS))
    admin = read_optional_address(f"{name}.admin", values.get("admin"))
    if admin is None:
        raise InvalidConfig(f"{name}.admin", None, "a 20-byte hex address")
    return StorageFlow(
        time=_number(values, "time"),
        admin=admin,
        price_per_sector=_number(values, "pricePerSector", most=_WORD_VALUES - 1),
        blocks_per_epoch=_number(values, "blocksPerEpoch", least=1),
        first_block=_number(values, "firstBlock"),
    )


def _number(values: Mapping[str, Any], key: str, least: int = 0, most: int = _NUMBER_MAX) -> int:
    name = f"zerog.storageFlow.{key}"
    number = read_number(name, values.get(key))
    if not least <= number <= most:
        raise InvalidConfig(name, number, f"a number from {least} to {most}")
    return number
