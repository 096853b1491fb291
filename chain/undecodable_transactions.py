"""What go-ethereum says of bytes that are no transaction.

`decode_transaction` judges; this reads what it refused once more in the order of go-ethereum's stream
(package rlp) and gives the text of the first fault that its users would see, with the Go names of types
and fields.
"""

from collections.abc import Callable, Sequence
from typing import Final

TOO_SHORT: Final = "typed transaction too short"
UNKNOWN_TYPE: Final = "transaction type not supported"
_SHORT_SIZE_MAX: Final = 55
_BYTE, _STRING, _LIST = range(3)


class _Fault(Exception):
    """go-ethereum's decodeError: what is wrong, with which Go type, and where in the transaction."""

    def __init__(self, text: str, go_type: str) -> None:
        super().__init__(text)
        self.text, self.go_type = text, go_type
        self.path = ""


class _Broken(Exception):
    """The encoding itself ends too early: such faults name no place."""


class _EndOfList(Exception):
    """No item is left in the list."""


def why_undecodable(encoded: bytes) -> str | None:
    """The text; None where go-ethereum would read these bytes."""
    if not encoded or (encoded[0] < 0x80 and len(encoded) == 1):
        return TOO_SHORT
    if encoded[0] >= 0x80:
        return _why("types.LegacyTx", _LEGACY, encoded)
    if encoded[0] not in _TYPED:
        return UNKNOWN_TYPE
    return _why(*_TYPED[encoded[0]], encoded[1:])


def _why(go_type: str, fields: Sequence["_Field"], encoded: bytes) -> str | None:
    stream = _Stream(encoded)
    try:
        _struct(go_type, fields)(stream)
    except _Fault as fault:
        context = f", decoding into ({go_type}){fault.path}" if fault.path else ""
        return f"rlp: {fault.text} for {fault.go_type}{context}"
    except _Broken as broken:
        return f"rlp: {broken}"
    return "rlp: input contains more than one value" if stream.remaining else None


class _Stream:
    """Items one after the other, with the room that open lists leave."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0
        self._rooms: list[int] = []

    @property
    def remaining(self) -> int:
        return len(self._data) - self._at

    def next(self) -> tuple[int, int]:
        """Kind and size of the next item, whose prefix is read; of a single byte the byte itself."""
        room = self._rooms[-1] if self._rooms else None
        if room == 0:
            raise _EndOfList
        first = self.read(1)[0]
        if first < 0x80:
            return _BYTE, first
        kind, short = (_STRING, first - 0x80) if first < 0xC0 else (_LIST, first - 0xC0)
        size = short if short <= _SHORT_SIZE_MAX else self._long_size(short - _SHORT_SIZE_MAX)
        if room is not None and size > room:
            raise _Broken("element is larger than containing list")
        if size > self.remaining:
            raise _Broken("value size exceeds available input length")
        return kind, size

    def _long_size(self, length: int) -> int:
        digits = self.read(length)
        size = int.from_bytes(digits, "big")
        if digits[0] == 0 or size <= _SHORT_SIZE_MAX:
            raise _Fault("non-canonical size information", "")
        return size

    def read(self, size: int) -> bytes:
        if self._rooms:
            if size > self._rooms[-1]:
                raise _Broken("element is larger than containing list")
            self._rooms[-1] -= size
        if size > self.remaining:
            raise _Broken("value size exceeds available input length")
        self._at += size
        return self._data[self._at - size : self._at]

    def enter(self, size: int) -> None:
        if self._rooms:
            self._rooms[-1] -= size
        self._rooms.append(size)

    def leave(self) -> int:
        """The bytes of the list that were not read."""
        return self._rooms.pop()


_Reader = Callable[[_Stream], None]
_Field = tuple[str, _Reader]


def _next(stream: _Stream, go_type: str) -> tuple[int, int]:
    """As `next`, with the type that a fault of the size names."""
    try:
        return stream.next()
    except _Fault as fault:
        fault.go_type = go_type
        raise


def _within(path: str, reader: _Reader, stream: _Stream) -> None:
    try:
        reader(stream)
    except _Fault as fault:
        fault.path = path + fault.path
        raise


def _struct(go_type: str, fields: Sequence[_Field]) -> _Reader:
    def read(stream: _Stream) -> None:
        kind, size = _next(stream, go_type)
        if kind != _LIST:
            raise _Fault("expected input list", go_type)
        stream.enter(size)
        for name, reader in fields:
            try:
                _within(f".{name}", reader, stream)
            except _EndOfList:
                raise _Fault("too few elements", go_type) from None
        if stream.leave():
            raise _Fault("input list has too many elements", go_type)

    return read


def _list_of(go_type: str, element: _Reader) -> _Reader:
    def read(stream: _Stream) -> None:
        kind, size = _next(stream, go_type)
        if kind != _LIST:
            raise _Fault("expected input list", go_type)
        stream.enter(size)
        index = 0
        while True:
            try:
                _within(f"[{index}]", element, stream)
            except _EndOfList:
                break
            index += 1
        stream.leave()

    return read


def _string(stream: _Stream, go_type: str) -> bytes:
    """The bytes of an item that is none of the kinds Go refuses everywhere."""
    kind, size = _next(stream, go_type)
    if kind == _BYTE:
        return bytes((size,))
    if kind == _LIST:
        raise _Fault("expected input string or byte", go_type)
    content = stream.read(size)
    if size == 1 and content[0] < 0x80:
        raise _Fault("non-canonical size information", go_type)
    return content


def _number(go_type: str, bits: int | None) -> _Reader:
    def read(stream: _Stream) -> None:
        digits = _string(stream, go_type)
        if bits is not None and len(digits) * 8 > bits:
            raise _Fault("input string too long", go_type)
        if digits[:1] == b"\0":
            raise _Fault("non-canonical integer (leading zero bytes)", go_type)

    return read


def _bytes(stream: _Stream) -> None:
    _string(stream, "[]uint8")


def _array(go_type: str, length: int, is_optional: bool = False) -> _Reader:
    def read(stream: _Stream) -> None:
        kind, size = _next(stream, go_type)
        if is_optional and kind != _BYTE and size == 0:
            if kind == _LIST:
                text = "wrong kind of empty value (got List, want String)"
                raise _Fault(text, f"*{go_type}")
            return
        if kind == _LIST:
            raise _Fault("expected input string or byte", go_type)
        got = 1 if kind == _BYTE else size
        if got != length:
            problem = "long" if got > length else "short"
            raise _Fault(f"input string too {problem}", go_type)
        if kind == _STRING:
            stream.read(size)

    return read


_UINT64: Final = _number("uint64", 64)
_BIG: Final = _number("*big.Int", None)
_UINT256: Final = _number("*uint256.Int", 256)
_HASH: Final = _array("common.Hash", 32)
_ADDRESS: Final = _array("common.Address", 20)
_RECIPIENT: Final = _array("common.Address", 20, is_optional=True)
_ACCESS_LIST: Final = _list_of(
    "types.AccessList",
    _struct(
        "types.AccessTuple",
        (("Address", _ADDRESS), ("StorageKeys", _list_of("[]common.Hash", _HASH))),
    ),
)
_AUTHORIZATIONS: Final = _list_of(
    "[]types.SetCodeAuthorization",
    _struct(
        "types.SetCodeAuthorization",
        (
            ("ChainID", _number("uint256.Int", 256)),
            ("Address", _ADDRESS),
            ("Nonce", _UINT64),
            ("V", _number("uint8", 8)),
            ("R", _number("uint256.Int", 256)),
            ("S", _number("uint256.Int", 256)),
        ),
    ),
)


def _signature(number: _Reader) -> tuple[_Field, ...]:
    return tuple((name, number) for name in "VRS")


def _fee_market(number: _Reader, recipient: _Reader) -> tuple[_Field, ...]:
    """The fields that types 2, 3 and 4 begin with."""
    return (
        ("ChainID", number),
        ("Nonce", _UINT64),
        ("GasTipCap", number),
        ("GasFeeCap", number),
        ("Gas", _UINT64),
        ("To", recipient),
        ("Value", number),
        ("Data", _bytes),
        ("AccessList", _ACCESS_LIST),
    )


_LEGACY: Final[tuple[_Field, ...]] = (
    ("Nonce", _UINT64),
    ("GasPrice", _BIG),
    ("Gas", _UINT64),
    ("To", _RECIPIENT),
    ("Value", _BIG),
    ("Data", _bytes),
    *_signature(_BIG),
)
_TYPED: Final[dict[int, tuple[str, tuple[_Field, ...]]]] = {
    1: (
        "types.AccessListTx",
        (("ChainID", _BIG), *_LEGACY[:6], ("AccessList", _ACCESS_LIST), *_signature(_BIG)),
    ),
    2: ("types.DynamicFeeTx", (*_fee_market(_BIG, _RECIPIENT), *_signature(_BIG))),
    3: (
        "types.BlobTx",
        (
            *_fee_market(_UINT256, _ADDRESS),
            ("BlobFeeCap", _UINT256),
            ("BlobHashes", _list_of("[]common.Hash", _HASH)),
            *_signature(_UINT256),
        ),
    ),
    4: (
        "types.SetCodeTx",
        (
            *_fee_market(_UINT256, _ADDRESS),
            ("AuthList", _AUTHORIZATIONS),
            *_signature(_UINT256),
        ),
    ),
}
