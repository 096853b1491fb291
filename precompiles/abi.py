"""Contract ABI as go-ethereum 1.15.11 reads and writes it: lenient where Solidity is strict.

Address words keep their low 20 bytes, padding is not looked at, strings are bytes, words behind the
arguments are ignored (facts §1a). An offset or a length that leaves the data is an error, and so is
a number too large for its type.

`parse_types(…, is_strict=True)` gives types that refuse what code compiled by Solidity refuses: dirty
bytes beside an address or a `bytesN`, and lengths for which it finds no memory.

Python values: an address is 20 bytes, `string`, `bytes` and `bytesN` are bytes, arrays and tuples are tuples.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from precompiles.errors import UnallocatableInput, UndecodableInput

WORD_BYTES = 32
_WORD_VALUES = 1 << 256
_ADDRESS_PADDING = bytes(12)
_ALLOCATION_BYTES_MAX = (1 << 64) - (1 << 16)
"""Where Solidity panics instead of allocating; its own limit is a few words nearer to 2^64."""


Spend = Callable[[int], None]
"""Told how many words are about to be read; may raise."""


class AbiType(Protocol):
    """One type of the ABI. Data are a view that starts where the enclosing tuple's offsets count from."""

    @property
    def is_dynamic(self) -> bool: ...

    @property
    def head_bytes(self) -> int:
        """Bytes in the head of the enclosing tuple: 32 for a dynamic type, which is there by its offset."""

    def decode(self, data: memoryview, position: int, spend: Spend) -> Any:
        """The value whose head is at `position`. Raises `UndecodableInput`, and what `spend` does."""

    def encode(self, value: Any) -> bytes: ...


def _word(data: memoryview, position: int) -> memoryview:
    if position + WORD_BYTES > len(data):
        raise UndecodableInput(f"{len(data)} bytes, needs {position + WORD_BYTES}")
    return data[position : position + WORD_BYTES]


def _number(data: memoryview, position: int) -> int:
    return int.from_bytes(_word(data, position), "big")


def _prefixed_length(data: memoryview, position: int) -> tuple[int, int]:
    """Where the content behind an offset and a length word starts, and the length.

    go-ethereum counts the length in bytes here, whatever the items are.
    """
    start = _number(data, position) + WORD_BYTES
    if start > len(data):
        raise UndecodableInput(f"offset {start - WORD_BYTES} in {len(data)} bytes")
    length = _number(data, start - WORD_BYTES)
    if start + length > len(data):
        raise UndecodableInput(f"length {length} at {start} in {len(data)} bytes")
    return start, length


def _check_allocation(data: memoryview, position: int, item_bytes: int) -> None:
    """Raises `UnallocatableInput` where Solidity, with the length word at hand, panics."""
    at = _number(data, position)
    if at + WORD_BYTES <= len(data) and _number(data, at) * item_bytes > _ALLOCATION_BYTES_MAX:
        raise UnallocatableInput(f"a length of {_number(data, at)}")


@dataclass(frozen=True, slots=True)
class AddressType:
    """`address`."""

    is_strict: bool = False
    is_dynamic = False
    head_bytes = WORD_BYTES

    def decode(self, data: memoryview, position: int, spend: Spend) -> bytes:
        word = bytes(_word(data, position))
        if self.is_strict and not word.startswith(_ADDRESS_PADDING):
            raise UndecodableInput(f"0x{word.hex()} is no address")
        return word[12:]

    def encode(self, value: bytes) -> bytes:
        return _ADDRESS_PADDING + value


@dataclass(frozen=True, slots=True)
class UintType:
    """`uint8` to `uint256`; encoding keeps the low 256 bits, as go-ethereum's does (facts [O12])."""

    bits: int
    is_dynamic = False
    head_bytes = WORD_BYTES

    def decode(self, data: memoryview, position: int, spend: Spend) -> int:
        value = _number(data, position)
        if value >> self.bits:
            raise UndecodableInput(f"{value} is too large for uint{self.bits}")
        return value

    def encode(self, value: int) -> bytes:
        return (value % _WORD_VALUES).to_bytes(WORD_BYTES, "big")


@dataclass(frozen=True, slots=True)
class BoolType:
    """`bool`."""

    is_dynamic = False
    head_bytes = WORD_BYTES

    def decode(self, data: memoryview, position: int, spend: Spend) -> bool:
        value = _number(data, position)
        if value > 1:
            raise UndecodableInput(f"{value} is no bool")
        return value == 1

    def encode(self, value: bool) -> bytes:
        return int(value).to_bytes(WORD_BYTES, "big")


@dataclass(frozen=True, slots=True)
class FixedBytesType:
    """`bytes1` to `bytes32`: the first bytes of the word."""

    size: int
    is_strict: bool = False
    is_dynamic = False
    head_bytes = WORD_BYTES

    def decode(self, data: memoryview, position: int, spend: Spend) -> bytes:
        word = bytes(_word(data, position))
        if self.is_strict and any(word[self.size :]):
            raise UndecodableInput(f"0x{word.hex()} is no bytes{self.size}")
        return word[: self.size]

    def encode(self, value: bytes) -> bytes:
        return value.ljust(WORD_BYTES, b"\0")


@dataclass(frozen=True, slots=True)
class BytesType:
    """`bytes` and `string`; a string may be any bytes."""

    is_strict: bool = False
    is_dynamic = True
    head_bytes = WORD_BYTES

    def decode(self, data: memoryview, position: int, spend: Spend) -> bytes:
        if self.is_strict:
            _check_allocation(data, position, 1)
        start, length = _prefixed_length(data, position)
        spend(1 + -(-length // WORD_BYTES))
        return bytes(data[start : start + length])

    def encode(self, value: bytes) -> bytes:
        padding = bytes(-len(value) % WORD_BYTES)
        return len(value).to_bytes(WORD_BYTES, "big") + value + padding


@dataclass(frozen=True, slots=True)
class TupleType:
    """`(T1,T2,…)`."""

    elements: tuple[AbiType, ...]
    is_dynamic: bool
    head_bytes: int

    def decode(self, data: memoryview, position: int, spend: Spend) -> tuple[Any, ...]:
        if not self.is_dynamic:
            return _decode_heads(self.elements, data, position, spend)
        offset = _number(data, position)
        if offset > len(data):
            raise UndecodableInput(f"offset {offset} in {len(data)} bytes")
        spend(_head_words(self.elements))
        return _decode_heads(self.elements, data[offset:], 0, spend)

    def encode(self, value: Sequence[Any]) -> bytes:
        return encode(self.elements, value)


@dataclass(frozen=True, slots=True)
class FixedArrayType:
    """`T[n]` of a static type."""

    element: AbiType
    length: int
    is_dynamic: bool
    head_bytes: int

    def decode(self, data: memoryview, position: int, spend: Spend) -> tuple[Any, ...]:
        return _decode_heads((self.element,) * self.length, data, position, spend)

    def encode(self, value: Sequence[Any]) -> bytes:
        return b"".join(map(self.element.encode, value))


@dataclass(frozen=True, slots=True)
class ArrayType:
    """`T[]`."""

    element: AbiType
    is_strict: bool = False
    is_dynamic = True
    head_bytes = WORD_BYTES

    def decode(self, data: memoryview, position: int, spend: Spend) -> tuple[Any, ...]:
        if self.is_strict:
            _check_allocation(data, position, WORD_BYTES)
        start, length = _prefixed_length(data, position)
        items = data[start:]
        # go-ethereum asks for a word per item before it reads the first one.
        if WORD_BYTES * length > len(items):
            raise UndecodableInput(f"{length} items in {len(items)} bytes")
        step, decode_item = self.element.head_bytes, self.element.decode
        spend(1 + length * step // WORD_BYTES)
        return tuple(decode_item(items, index * step, spend) for index in range(length))

    def encode(self, value: Sequence[Any]) -> bytes:
        length = len(value).to_bytes(WORD_BYTES, "big")
        if self.element.is_dynamic:
            return length + encode((self.element,) * len(value), value)
        return length + b"".join(map(self.element.encode, value))


def _head_words(types: Iterable[AbiType]) -> int:
    return sum(abi_type.head_bytes for abi_type in types) // WORD_BYTES


def _decode_heads(
    types: Iterable[AbiType], data: memoryview, position: int, spend: Spend
) -> tuple[Any, ...]:
    values = []
    for abi_type in types:
        values.append(abi_type.decode(data, position, spend))
        position += abi_type.head_bytes
    return tuple(values)


def _unmetered(words: int) -> None:
    """Where nobody counts."""


def decode(types: Sequence[AbiType], data: bytes, spend: Spend = _unmetered) -> tuple[Any, ...]:
    """The arguments in `data` (selector taken off). Raises `UndecodableInput`, nothing else of its own.

    `spend` is told the words to be read before they are. Offsets may lead many values to the same
    place, so a few words of data can be many to read.
    """
    spend(_head_words(types))
    return _decode_heads(types, memoryview(data), 0, spend)


def encode(types: Sequence[AbiType], values: Sequence[Any]) -> bytes:
    """Heads, then tails; `values` must fit `types`."""
    heads, tails = [], []
    tail_position = sum(abi_type.head_bytes for abi_type in types)
    for abi_type, value in zip(types, values, strict=True):
        encoded = abi_type.encode(value)
        if abi_type.is_dynamic:
            heads.append(tail_position.to_bytes(WORD_BYTES, "big"))
            tails.append(encoded)
            tail_position += len(encoded)
        else:
            heads.append(encoded)
    return b"".join(heads + tails)


def parse_types(text: str, *, is_strict: bool = False) -> tuple[AbiType, ...]:
    """The types in a parenthesised list, such as `(address,(uint256,uint256)[])`."""
    assert text.startswith("(")
    assert text.endswith(")")
    return tuple(_parse_type(part, is_strict) for part in _split(text[1:-1]))


def _split(text: str) -> list[str]:
    """Parts between the commas that no parenthesis encloses."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]] if text else []


def _parse_type(text: str, is_strict: bool) -> AbiType:
    if text.endswith("]"):
        element_text, _, length_text = text[:-1].rpartition("[")
        element = _parse_type(element_text, is_strict)
        if not length_text:
            return ArrayType(element, is_strict)
        assert not element.is_dynamic, text
        length = int(length_text)
        return FixedArrayType(element, length, False, length * element.head_bytes)
    if text.startswith("("):
        elements = parse_types(text, is_strict=is_strict)
        is_dynamic = any(element.is_dynamic for element in elements)
        size = WORD_BYTES if is_dynamic else sum(element.head_bytes for element in elements)
        return TupleType(elements, is_dynamic, size)
    if text.startswith("uint"):
        return UintType(int(text[4:]))
    if text.startswith("bytes") and text != "bytes":
        return FixedBytesType(int(text[5:]), is_strict)
    by_name: dict[str, AbiType] = {
        "address": AddressType(is_strict),
        "bool": BoolType(),
        "bytes": BytesType(is_strict),
        "string": BytesType(is_strict),
    }
    return by_name[text]
