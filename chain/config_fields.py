"""Reading one value of a chain's configuration: parsed, or an error that names the field."""

from collections.abc import Mapping
from typing import Any

from eth_typing import Address

from chain.errors import InvalidConfig


def read_optional_number(name: str, section: Mapping[str, Any]) -> int | None:
    """The number under `name`, None where there is none; raises `InvalidConfig`."""
    value = section.get(name)
    return None if value is None else read_number(name, value)


def read_number(name: str, value: object) -> int:
    """A JSON number, or a hex or decimal string of one, as geth takes them; raises `InvalidConfig`."""
    if isinstance(value, str):
        try:
            value = int(value, 0)
        except ValueError:
            raise InvalidConfig(name, value, "a number") from None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidConfig(name, value, "a number of zero or more")
    return value


def read_optional_object(name: str, value: object) -> Mapping[str, Any]:
    """A JSON object, empty where there is none; raises `InvalidConfig`."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidConfig(name, value, "an object")
    return value


def read_optional_address(name: str, value: object) -> Address | None:
    """20 bytes in hex, with or without 0x, None where there is none; raises `InvalidConfig`."""
    if value is None:
        return None
    try:
        address = bytes.fromhex(str(value).removeprefix("0x"))
    except ValueError:
        raise InvalidConfig(name, value, "a 20-byte hex address") from None
    if len(address) != 20:
        raise InvalidConfig(name, value, "a 20-byte hex address")
    return Address(address)
