"""JSON values become Python values, once, at the border; texts of refusals are geth's.

Every parser takes one JSON value and raises `ParameterError`. The Go type names in the texts are
what geth's users see.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chain.answers import BlockReference, BlockTag
from node.json_rpc.errors import ParameterError, invalid_params
from node.json_rpc.settings import PROOF_SLOTS_MAX

UINT64_MAX = 2**64 - 1
UINT256_MAX = 2**256 - 1
BLOCK_NUMBER_MAX = 2**63 - 1
STORAGE_KEY_DIGITS_MAX = 64
QUANTITY_DIGITS_MAX = 128
"""Leading zeros are accepted, but not without end."""
HASH_DIGITS = 64
ADDRESS_DIGITS = 40

_HEX = re.compile(r"[0-9a-fA-F]*\Z")


_TAGS = {tag.value: tag for tag in BlockTag}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One position of a method's parameter list."""

    parse: Callable[[Any], Any]
    optional: bool = False
    default: Any = None
    """Where the argument is absent or null."""


def parse_arguments(parameters: Sequence[Parameter], given: Any) -> list[Any]:
    """The arguments of one call, defaults filled in.

    `given` is the request's `params`, None where absent. Raises -32602 `RpcError` naming the position.
    """
    if given is None:
        given = ()
    elif not isinstance(given, list):
        raise invalid_params("non-array args")
    if len(given) > len(parameters):
        raise invalid_params(f"too many arguments, want at most {len(parameters)}")
    arguments = []
    for position, parameter in enumerate(parameters):
        value = given[position] if position < len(given) else None
        if value is None:
            if not parameter.optional:
                raise invalid_params(f"missing value for required argument {position}")
            arguments.append(parameter.default)
            continue
        try:
            arguments.append(parameter.parse(value))
        except ParameterError as error:
            raise invalid_params(f"invalid argument {position}: {error}") from None
    return arguments


def digits(value: Any, go_type: str) -> str:
    """The digits behind `0x` of a hex string of any length."""
    if not isinstance(value, str):
        raise ParameterError(f"json: cannot unmarshal non-string into Go value of type {go_type}")
    if value[:2] not in ("0x", "0X"):
        problem = "hex string without 0x prefix" if value else "empty hex string"
        raise ParameterError(f"json: cannot unmarshal {problem} into Go value of type {go_type}")
    found = value[2:]
    if not _HEX.match(found):
        raise ParameterError(
            f"json: cannot unmarshal invalid hex string into Go value of type {go_type}"
        )
    return found


def data(value: Any, go_type: str = "hexutil.Bytes") -> bytes:
    """Bytes of any length: `0x` and an even number of digits."""
    found = digits(value, go_type)
    if len(found) % 2:
        raise ParameterError(
            f"json: cannot unmarshal hex string of odd length into Go value of type {go_type}"
        )
    return bytes.fromhex(found)


def _fixed(value: Any, length_digits: int, go_type: str) -> bytes:
    found = digits(value, go_type)
    if len(found) % 2:
        raise ParameterError(
            f"json: cannot unmarshal hex string of odd length into Go value of type {go_type}"
        )
    if len(found) != length_digits:
        raise ParameterError(
            f"hex string has length {len(found)}, want {length_digits} for {go_type}"
        )
    return bytes.fromhex(found)


def address(value: Any) -> bytes:
    """20 bytes, whatever the case of its letters."""
    return _fixed(value, ADDRESS_DIGITS, "common.Address")


def hash32(value: Any) -> bytes:
    """32 bytes."""
    return _fixed(value, HASH_DIGITS, "common.Hash")


def _quantity(value: Any, most: int, go_type: str, too_large: str) -> int:
    found = digits(value, go_type)
    if not found or len(found) > QUANTITY_DIGITS_MAX:
        problem = too_large if found else 'hex string "0x"'
        raise ParameterError(f"json: cannot unmarshal {problem} into Go value of type {go_type}")
    number = int(found, 16)
    if number > most:
        raise ParameterError(f"json: cannot unmarshal {too_large} into Go value of type {go_type}")
    return number


def uint64(value: Any) -> int:
    """A hex quantity below 2**64."""
    return _quantity(value, UINT64_MAX, "hexutil.Uint64", "hex number > 64 bits")


def uint256(value: Any) -> int:
    """A hex quantity below 2**256."""
    return _quantity(value, UINT256_MAX, "*hexutil.Big", "hex number > 256 bits")


def count(value: Any) -> int:
    """A hex quantity or a plain JSON number, as fee histories are asked for."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= UINT64_MAX:
        return value
    if isinstance(value, str) and value.isdecimal() and len(value) <= 20:
        return int(value)
    return _quantity(value, UINT64_MAX, "math.HexOrDecimal64", "hex number > 64 bits")


def text(value: Any) -> str:
    """A string of any length."""
    if not isinstance(value, str):
        raise ParameterError(
            f"json: cannot unmarshal {json_kind(value)} into Go value of type string"
        )
    return value


def anything(value: Any) -> Any:
    """Left to the method, which knows by another argument what it must be."""
    return value


def boolean(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ParameterError(
            f"json: cannot unmarshal {json_kind(value)} into Go value of type bool"
        )
    return value


def storage_key(value: Any) -> int:
    """A slot: 0 to 64 digits, odd lengths accepted, as geth's DecodeStorageKey."""
    if not isinstance(value, str):
        raise ParameterError(
            f"json: cannot unmarshal {json_kind(value)} into Go value of type string"
        )
    found = value[2:] if value[:2] in ("0x", "0X") else value
    if len(found) > STORAGE_KEY_DIGITS_MAX:
        raise invalid_params(f"storage key too long (want at most 32 bytes): {quoted(value)}")
    if not _HEX.match(found):
        raise invalid_params(f"invalid hex in storage key: {quoted(value)}")
    return int(found or "0", 16)


def storage_keys(value: Any) -> list[tuple[int, str]]:
    """Slots, each with the key that stands in the answer.

    geth answers a key of 32 bytes as it is, any shorter one as a quantity.
    """
    if not isinstance(value, list):
        raise ParameterError(
            f"json: cannot unmarshal {json_kind(value)} into Go value of type []string"
        )
    if len(value) > PROOF_SLOTS_MAX:
        raise invalid_params(f"too many slots (max {PROOF_SLOTS_MAX})")
    found = []
    for item in value:
        slot = storage_key(item)
        is_whole = len(item.removeprefix("0x").removeprefix("0X")) >= STORAGE_KEY_DIGITS_MAX - 1
        found.append((slot, f"0x{slot:064x}" if is_whole else hex(slot)))
    return found


def percentiles(value: Any) -> list[float]:
    """Reward percentiles, integers or floats; their range is the oracle's business."""
    if not isinstance(value, list):
        raise ParameterError(
            f"json: cannot unmarshal {json_kind(value)} into Go value of type []float64"
        )
    for item in value:
        if isinstance(item, bool) or not isinstance(item, int | float):
            raise ParameterError(
                f"json: cannot unmarshal {json_kind(item)} into Go value of type float64"
            )
    return [float(item) for item in value]


def block_number(value: Any) -> BlockTag | int:
    """A tag or a number, for methods that take no hash."""
    if not isinstance(value, str):
        raise ParameterError("hex string without 0x prefix")
    tag = _TAGS.get(value)
    if tag is not None:
        return tag
    number = _plain_uint64(value)
    if number > BLOCK_NUMBER_MAX:
        raise ParameterError("block number larger than int64")
    return number


def block_reference(value: Any) -> BlockReference:
    """A tag, a number, a hash, or EIP-1898's object."""
    if isinstance(value, dict):
        return _eip_1898(value)
    if not isinstance(value, str):
        raise ParameterError(
            f"json: cannot unmarshal {json_kind(value)} into Go value of type string"
        )
    if len(value) == HASH_DIGITS + 2:
        return hash32(value)
    tag = _TAGS.get(value)
    if tag is not None:
        return tag
    number = _plain_uint64(value)
    if number > BLOCK_NUMBER_MAX:
        raise ParameterError("blocknumber too high")
    return number


def _eip_1898(value: dict[str, Any]) -> BlockReference:
    block_hash, number = value.get("blockHash"), value.get("blockNumber")
    if block_hash is not None and number is not None:
        raise ParameterError(
            "cannot specify both BlockHash and BlockNumber, choose one or the other"
        )
    if block_hash is not None:
        # Every block that we have is canonical, so `requireCanonical` asks for nothing.
        return hash32(block_hash)
    if number is not None:
        return block_number(number)
    raise ParameterError("invalid arguments; neither block nor hash specified")


def _plain_uint64(value: str) -> int:
    """As go-ethereum's hexutil.DecodeUint64, whose errors name no type."""
    if value[:2] not in ("0x", "0X"):
        raise ParameterError("hex string without 0x prefix" if value else "empty hex string")
    found = value[2:]
    if not found:
        raise ParameterError('hex string "0x"')
    if not _HEX.match(found):
        raise ParameterError("invalid hex string")
    if len(found) > QUANTITY_DIGITS_MAX or int(found, 16) > UINT64_MAX:
        raise ParameterError("hex number > 64 bits")
    return int(found, 16)


def json_kind(value: Any) -> str:
    """What Go calls this kind of JSON value."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int | float):
        return "number"
    return "array" if isinstance(value, list) else "object"


def quoted(value: str) -> str:
    """In double quotes, cut where a client sent a book."""
    return '"' + (value if len(value) <= QUANTITY_DIGITS_MAX else value[:125] + "...") + '"'
