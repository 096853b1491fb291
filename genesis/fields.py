"""Reading one object of a JSON document field by field: parsed values or an error that names the field."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from eth_typing import Address, Hash32

from genesis.errors import InvalidGenesis, shown

WORD_MAX = 2**256 - 1
UINT64_MAX = 2**64 - 1

_HEX_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+")
_DECIMAL_NUMBER = re.compile(r"[0-9]{1,78}")
_HEX_DIGITS = re.compile(r"(?:0[xX])?((?:[0-9a-fA-F]{2})*)")


@dataclass(frozen=True, slots=True)
class Section:
    """An object of the document and the path to it, e.g. `config.zerog`."""

    path: str
    values: Mapping[str, object]

    @classmethod
    def of(cls, path: str, value: object) -> "Section":
        """Raises InvalidGenesis where `value` is not a JSON object."""
        if not isinstance(value, Mapping):
            raise InvalidGenesis(path or "document", "a JSON object", shown(value))
        return cls(path, value)

    def name_of(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def has(self, key: str) -> bool:
        """Whether the field is there; null counts as absent, as in Go."""
        return self.values.get(key) is not None

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Raises InvalidGenesis naming the first key that is not one of `known`."""
        for key in self.values:
            if key not in known:
                expected = f"one of the keys {', '.join(sorted(known))}"
                raise InvalidGenesis(self.name_of(key), expected, "an unknown key")

    def integer(
        self, key: str, default: int | None = None, least: int = 0, most: int = UINT64_MAX
    ) -> int:
        """A number, or a string of one in hex or decimal; required where there is no default."""
        if not self.has(key) and default is not None:
            return default
        return integer_of(self.name_of(key), self.values.get(key), least, most)

    def data(self, key: str, default: bytes | None = None, length: int | None = None) -> bytes:
        """Hex digits, with or without 0x."""
        if not self.has(key) and default is not None:
            return default
        return data_of(self.name_of(key), self.values.get(key), length)

    def hash32(self, key: str) -> Hash32:
        """32 bytes; zero where the field is absent."""
        return Hash32(self.data(key, bytes(32), 32))

    def address(self, key: str) -> Address:
        """20 bytes; required."""
        return Address(self.data(key, None, 20))

    def flag(self, key: str) -> bool:
        """True or false; false where the field is absent."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            raise InvalidGenesis(self.name_of(key), "true or false", shown(value))
        return value or False

    def text(self, key: str, default: str | None = None, length_max: int = 64) -> str:
        """A string of at most `length_max` characters; required where there is no default."""
        value = self.values.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or len(value) > length_max:
            expected = f"a string of at most {length_max} characters"
            raise InvalidGenesis(self.name_of(key), expected, shown(value))
        return value

    def section(self, key: str) -> "Section":
        """An object below this one; required."""
        return Section.of(self.name_of(key), self.values.get(key))

    def sections(self, key: str) -> Iterator["Section"]:
        """The objects of a list below this one; required."""
        value = self.values.get(key)
        if not isinstance(value, list | tuple):
            raise InvalidGenesis(self.name_of(key), "a list", shown(value))
        for index, item in enumerate(value):
            yield Section.of(f"{self.name_of(key)}[{index}]", item)


def integer_of(field: str, value: object, least: int = 0, most: int = UINT64_MAX) -> int:
    """The number that a JSON value means; raises InvalidGenesis where it means none in the range."""
    number: int | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str):
        if _HEX_NUMBER.fullmatch(value):
            number = int(value, 16)
        elif _DECIMAL_NUMBER.fullmatch(value):
            number = int(value)
    if number is None or not least <= number <= most:
        expected = f"a number from {least} to {_power_of_two(most)}, plain or as a hex string"
        raise InvalidGenesis(field, expected, shown(value))
    return number


def data_of(field: str, value: object, length: int | None = None) -> bytes:
    """The bytes that a string of hex digits means; raises InvalidGenesis."""
    found = _HEX_DIGITS.fullmatch(value) if isinstance(value, str) else None
    parsed = bytes.fromhex(found[1]) if found else None
    if parsed is None or (length is not None and len(parsed) != length):
        digits = "hex digits" if length is None else f"{2 * length} hex digits"
        raise InvalidGenesis(field, f"{digits}, with or without 0x", shown(value))
    return parsed


def word_of(field: str, value: object) -> int:
    """A storage key or value: up to 32 bytes in hex, with or without 0x, short ones padded left."""
    digits = value.removeprefix("0x") if isinstance(value, str) else None
    if digits is None or not re.fullmatch(r"[0-9a-fA-F]{1,64}", digits):
        expected = "up to 64 hex digits, with or without 0x"
        raise InvalidGenesis(field, expected, shown(value))
    return int(digits, 16)


def _power_of_two(number: int) -> str:
    bits = (number + 1).bit_length() - 1
    return f"2**{bits} - 1" if bits >= 32 and number + 1 == 1 << bits else str(number)
