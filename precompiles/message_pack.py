"""MessagePack as Go's vmihailenco/msgpack v5.4.1 writes it and, tolerantly, reads it (facts §1a-1).

0g-geth keeps its records in it: structs are maps by field name, addresses are `bin` of their text,
big integers are `bin` of their decimals. Reading takes any `str` for a `bin` and the other way round,
nil for anything, structs as arrays, unknown fields; what follows the value is not looked at.
"""

import re
from collections.abc import Mapping
from typing import Protocol

from precompiles.errors import DomainError

_NIL = 0xC0
_PAYLOAD_BYTES = {
    0xC0: 0,
    0xC2: 0,
    0xC3: 0,
    0xCA: 4,
    0xCB: 8,
    0xCC: 1,
    0xCD: 2,
    0xCE: 4,
    0xCF: 8,
    0xD0: 1,
    0xD1: 2,
    0xD2: 4,
    0xD3: 8,
    0xD4: 2,
    0xD5: 3,
    0xD6: 5,
    0xD7: 9,
    0xD8: 17,
}
"""Bytes behind a code of fixed size, an extension's type byte included."""
_EXT_LENGTH_BYTES = {0xC7: 1, 0xC8: 2, 0xC9: 4}
_BYTES_LENGTH_BYTES = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
_ARRAY_LENGTH_BYTES = {0xDC: 2, 0xDD: 4}
_MAP_LENGTH_BYTES = {0xDE: 2, 0xDF: 4}

INTEGER_TEXT_BYTES_MAX = 3_500
"""Python turns no more than 4,300 decimals into a number; only a faulty genesis holds so many."""

_GO_INTEGER = re.compile(
    rb"[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*)"
)
"""What Go's math/big accepts where the base follows from the text."""
_ADDRESS_TEXT = re.compile(rb"0[xX]([0-9a-fA-F]{40})")


class BadMessagePack(DomainError):
    """A stored record that the library refuses: an ordinary error of the call (facts [O14])."""


def encode_map_header(length: int) -> bytes:
    """Header of a map of fewer than 16 entries, as every struct here is."""
    return bytes([0x80 | length])


def encode_array_header(length: int) -> bytes:
    if length < 16:
        return bytes([0x90 | length])
    if length < 1 << 16:
        return b"\xdc" + length.to_bytes(2, "big")
    return b"\xdd" + length.to_bytes(4, "big")


def encode_string(value: bytes) -> bytes:
    """`str` in its shortest form."""
    length = len(value)
    if length < 32:
        return bytes([0xA0 | length]) + value
    if length < 1 << 8:
        return b"\xd9" + length.to_bytes(1, "big") + value
    if length < 1 << 16:
        return b"\xda" + length.to_bytes(2, "big") + value
    return b"\xdb" + length.to_bytes(4, "big") + value


def encode_binary(value: bytes) -> bytes:
    """`bin` in its shortest form."""
    length = len(value)
    if length < 1 << 8:
        return b"\xc4" + length.to_bytes(1, "big") + value
    if length < 1 << 16:
        return b"\xc5" + length.to_bytes(2, "big") + value
    return b"\xc6" + length.to_bytes(4, "big") + value


def encode_integer(value: int | None) -> bytes:
    """A `*big.Int`: its decimals as `bin`, nil where the pointer is nil."""
    return bytes([_NIL]) if value is None else encode_binary(b"%d" % value)


def encode_address(value: bytes) -> bytes:
    """`0x` and 40 lower-case hex digits as `bin`."""
    return encode_binary(b"0x" + value.hex().encode())


class _ReadField(Protocol):
    def __call__(self) -> None: ...


class Reader:
    """Reads values off the front of some bytes. Every method raises `BadMessagePack`, nothing else."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, length: int) -> bytes:
        taken = self._data[self._position : self._position + length]
        if len(taken) < length:
            raise BadMessagePack("unexpected EOF" if taken else "EOF")
        self._position += length
        return taken

    def _number(self, length: int) -> int:
        return int.from_bytes(self.take(length), "big")

    def take_nil(self) -> bool:
        """Whether nil was next; takes it if so."""
        is_nil = self._data[self._position : self._position + 1] == b"\xc0"
        self._position += is_nil
        return is_nil

    def _bytes_length(self, code: int) -> int:
        """-1 for nil."""
        if code == _NIL:
            return -1
        if 0xA0 <= code <= 0xBF:
            return code & 0x1F
        if code not in _BYTES_LENGTH_BYTES:
            raise BadMessagePack(f"msgpack: invalid code={code:x} decoding string/bytes length")
        return self._number(_BYTES_LENGTH_BYTES[code])

    def _array_length(self, code: int) -> int:
        """-1 for nil."""
        if code == _NIL:
            return -1
        if 0x90 <= code <= 0x9F:
            return code & 0x0F
        if code not in _ARRAY_LENGTH_BYTES:
            raise BadMessagePack(f"msgpack: invalid code={code:x} decoding array length")
        return self._number(_ARRAY_LENGTH_BYTES[code])

    def read_array_length(self) -> int:
        """-1 for nil."""
        return self._array_length(self._number(1))

    def read_string(self) -> bytes:
        """`str` or `bin`; nil is empty."""
        return self.take(max(0, self._bytes_length(self._number(1))))

    def read_integer(self, old: int | None = None) -> int | None:
        """A `*big.Int` from its text. Nil leaves a nil pointer nil and makes another one's number 0."""
        if self.take_nil():
            return None if old is None else 0
        text = self.read_string()
        if len(text) > INTEGER_TEXT_BYTES_MAX or not _GO_INTEGER.fullmatch(text):
            raise BadMessagePack(f"math/big: cannot unmarshal {text!r:.100} into a *big.Int")
        digits = text.lower().replace(b"_", b"")
        unsigned = digits.lstrip(b"+-")
        # Go reads a leading zero as octal, as `0o` is.
        is_octal = unsigned[:1] == b"0" and len(unsigned) > 1 and unsigned[1:2].isdigit()
        return int(digits, 8) if is_octal else _integer_of(digits, unsigned)

    def read_address(self) -> bytes:
        """An address from its text in hex of either case; nil is the zero address."""
        if self.take_nil():
            return bytes(20)
        match = _ADDRESS_TEXT.fullmatch(self.read_string())
        if not match:
            raise BadMessagePack(
                "cannot unmarshal invalid hex string into Go value of type Address"
            )
        return bytes.fromhex(match[1].decode())

    def read_struct(self, fields: Mapping[bytes, _ReadField]) -> bool:
        """Read a struct by its field readers, in declaration order; True when it is all zero values.

        A map may leave fields out, repeat them and bring unknown ones; an array must hold them all.
        """
        code = self._number(1)
        if code == _NIL:
            return True
        if 0x80 <= code <= 0x8F or code in _MAP_LENGTH_BYTES:
            self._read_map(code, fields)
            return False
        try:
            length = self._array_length(code)
        except BadMessagePack:
            raise BadMessagePack(f"msgpack: unexpected code={code:x} decoding map length") from None
        if length == 0:
            return True
        if length != len(fields):
            raise BadMessagePack("msgpack: number of fields in array-encoded struct has changed")
        for read_field in fields.values():
            read_field()
        return False

    def _read_map(self, code: int, fields: Mapping[bytes, _ReadField]) -> None:
        fixed = code & 0x0F
        length = self._number(_MAP_LENGTH_BYTES[code]) if code in _MAP_LENGTH_BYTES else fixed
        for _ in range(length):
            read_field = fields.get(self.read_string(), self.skip)
            read_field()

    def skip(self) -> None:
        """Pass over one value, whatever it holds; without recursion, however deep it nests."""
        pending = 1
        while pending:
            pending += self._skip_head() - 1

    def _skip_head(self) -> int:
        """Pass over one value's own bytes; the number of values inside it."""
        code = self._number(1)
        if code <= 0x7F or code >= 0xE0:
            return 0
        if code in _PAYLOAD_BYTES:
            self.take(_PAYLOAD_BYTES[code])
            return 0
        if code in _EXT_LENGTH_BYTES:
            self.take(self._number(_EXT_LENGTH_BYTES[code]) + 1)
            return 0
        if code <= 0x8F:
            return 2 * (code & 0x0F)
        if code in _MAP_LENGTH_BYTES:
            return 2 * self._number(_MAP_LENGTH_BYTES[code])
        if code <= 0x9F or code in _ARRAY_LENGTH_BYTES:
            return self._array_length(code)
        if code == 0xC1:
            raise BadMessagePack("msgpack: unknown code c1")
        self.take(self._bytes_length(code))
        return 0


def _integer_of(digits: bytes, unsigned: bytes) -> int:
    base = {b"0x": 16, b"0b": 2, b"0o": 8}.get(unsigned[:2], 10)
    sign = -1 if digits[:1] == b"-" else 1
    return sign * int(unsigned[2:] if base != 10 else unsigned, base)
