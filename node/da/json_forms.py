"""How points, hashes and addresses look in JSON and on a command line, and back.

A point of G1 is `["0x<32 bytes>", "0x<32 bytes>"]`, on a command line `0x…,0x…` or the 64 bytes at once.
"""

from collections.abc import Mapping
from typing import Any

from eth_typing import Address, Hash32
from eth_utils import to_checksum_address

from node.da.errors import InvalidInput
from precompiles.bn254 import is_on_curve
from precompiles.bn254_unchecked import P, Point

UINT64_MAX = 2**64 - 1
"""The precompile keeps 64 bits of an epoch and a quorum number (facts §1a)."""


def word_text(value: int) -> str:
    """32 bytes, big-endian, as 0x and 64 digits."""
    return f"0x{value:064x}"


def point_form(point: Point) -> list[str]:
    """A point as JSON has it."""
    return [word_text(coordinate) for coordinate in point]


def parse_point(name: str, value: object) -> Point:
    """A point on the curve, infinity (0, 0) included; raises `InvalidInput`."""
    expected = "a point on BN254: 0x<32 bytes>,0x<32 bytes>"
    point = _coordinates(value)
    if point is None or max(point) >= P or not is_on_curve(point):
        raise InvalidInput(name, expected, value)
    return point


def parse_hash(name: str, value: object) -> Hash32:
    """32 bytes from hex; raises `InvalidInput`."""
    return Hash32(_bytes(name, value, 32))


def parse_address(name: str, value: object) -> Address:
    """20 bytes from hex; raises `InvalidInput`. The checksum in the case of letters is not looked at."""
    return Address(_bytes(name, value, 20))


def parse_data(name: str, value: object, bytes_max: int) -> bytes:
    """Bytes from 0x…; raises `InvalidInput` if they are more than `bytes_max`."""
    data = _hex(value)
    if data is None or len(data) > bytes_max:
        raise InvalidInput(name, f"0x and at most {bytes_max} bytes", value)
    return data


def parse_number(name: str, value: object) -> int:
    """A number below 2^64, as JSON's or as a string, decimal or 0x…; raises `InvalidInput`."""
    number = -1
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str):
        try:
            number = int(value, 0)
        except ValueError:
            number = -1
    if not 0 <= number <= UINT64_MAX:
        raise InvalidInput(name, "a whole number, 0 to 2^64 - 1", value)
    return number


def parse_object(name: str, value: object) -> Mapping[str, Any]:
    """A JSON object; raises `InvalidInput`."""
    if not isinstance(value, dict):
        raise InvalidInput(name, "a JSON object", value)
    return value


def address_text(address: bytes) -> str:
    """With its checksum."""
    return to_checksum_address(address)


def _coordinates(value: object) -> Point | None:
    if isinstance(value, str):
        value = value.split(",") if "," in value else _halves(value)
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    words = [_hex(part.strip()) if isinstance(part, str) else None for part in value]
    if words[0] is None or words[1] is None or max(map(len, (words[0], words[1]))) > 32:
        return None
    return int.from_bytes(words[0], "big"), int.from_bytes(words[1], "big")


def _halves(text: str) -> list[str]:
    digits = text.removeprefix("0x")
    return ["0x" + digits[:64], "0x" + digits[64:]] if len(digits) == 128 else []


def _bytes(name: str, value: object, length: int) -> bytes:
    data = _hex(value)
    if data is None or len(data) != length:
        raise InvalidInput(name, f"0x and {2 * length} hex digits", value)
    return data


def _hex(value: object) -> bytes | None:
    if not isinstance(value, str) or not value.startswith("0x"):
        return None
    try:
        return bytes.fromhex(value[2:])
    except ValueError:
        return None
