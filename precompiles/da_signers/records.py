"""What DASigners keeps: keys of its storage, signers and quorums and their MessagePack (facts §1a-1)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from precompiles import message_pack
from precompiles.bn254 import G2Point
from precompiles.bn254_unchecked import P, Point
from precompiles.errors import CorruptStorage, DomainError
from precompiles.interface import Storage, StorageReader
from precompiles.message_pack import Reader
from precompiles.storage import load_blob, load_part, load_uint64, store_blob, uint64_bytes

_ZERO_ADDRESS = Address(bytes(20))

MaybeInteger = int | None
"""A big integer of Go's; None for a nil pointer, which only a record of a faulty genesis holds."""


def signer_key(signer: Address) -> Hash32:
    """The blob of a signer: tag 00."""
    return Hash32(keccak(b"\x00" + signer))


def quorum_key(epoch: int, quorum_id: int) -> Hash32:
    """The blob of a quorum: tag 01."""
    return Hash32(keccak(b"\x01" + uint64_bytes(epoch) + uint64_bytes(quorum_id)))


def registration_key(epoch: int, signer: Address) -> Hash32:
    """The hash of the signature of a registration: tag 02."""
    return Hash32(keccak(b"\x02" + uint64_bytes(epoch) + signer))


def votes_key(epoch: int, signer: Address) -> Hash32:
    """The votes of a registration: tag 03."""
    return Hash32(keccak(b"\x03" + uint64_bytes(epoch) + signer))


def quorum_count_key(epoch: int) -> Hash32:
    """How many quorums an epoch has: tag 04."""
    return Hash32(keccak(b"\x04" + uint64_bytes(epoch)))


def epoch_number_key() -> Hash32:
    """The current epoch: tag 05."""
    return Hash32(keccak(b"\x05"))


def epoch_block_key(epoch: int) -> Hash32:
    """The block in which an epoch began: tag 06."""
    return Hash32(keccak(b"\x06" + uint64_bytes(epoch)))


def registration_count_key(epoch: int) -> Hash32:
    """How many signers registered for an epoch: tag 07."""
    return Hash32(keccak(b"\x07" + uint64_bytes(epoch)))


def registered_signer_key(epoch: int, index: int) -> Hash32:
    """The signer that registered as number `index`: tag 08."""
    return Hash32(keccak(b"\x08" + uint64_bytes(epoch) + uint64_bytes(index)))


@dataclass(slots=True)
class G1Key:
    """A point as it was given: neither reduced nor on any curve."""

    x: MaybeInteger = None
    y: MaybeInteger = None


@dataclass(slots=True)
class G2Key:
    """As `G1Key`; real part first."""

    x: list[MaybeInteger] = field(default_factory=lambda: [None, None])
    y: list[MaybeInteger] = field(default_factory=lambda: [None, None])


@dataclass(slots=True)
class Signer:
    """A registered signer."""

    address: Address = _ZERO_ADDRESS
    socket: bytes = b""
    key_g1: G1Key = field(default_factory=G1Key)
    key_g2: G2Key = field(default_factory=G2Key)


def present(value: MaybeInteger) -> int:
    """The integer behind a pointer that 0g-geth follows without looking."""
    if value is None:
        raise CorruptStorage("a record without one of its integers")
    return value


def _field_elements(values: Sequence[MaybeInteger]) -> list[int]:
    """The values as 32-byte words reduced modulo P, with the word borders where 0g-geth has them.

    A magnitude of more than 32 bytes (a faulty genesis) shifts the words behind it.
    """
    serialized = b""
    for value in values:
        magnitude = abs(present(value))
        serialized += magnitude.to_bytes(max(32, -(-magnitude.bit_length() // 8)), "big")
    starts = range(0, 32 * len(values), 32)
    return [int.from_bytes(serialized[start : start + 32], "big") % P for start in starts]


def g1_point(key: G1Key) -> Point:
    """The point that the curve's arithmetic sees, reduced."""
    x, y = _field_elements((key.x, key.y))
    return x, y


def g2_point(key: G2Key) -> G2Point:
    """As `g1_point`."""
    a, b, c, d = _field_elements((*key.x, *key.y))
    return (a, b), (c, d)


_SIGNER_HEADER = message_pack.encode_map_header(4)
_POINT_HEADER = message_pack.encode_map_header(2)
_PAIR_HEADER = message_pack.encode_array_header(2)
_NAMES = {
    name: message_pack.encode_string(name.encode())
    for name in ("Signer", "Socket", "PkG1", "PkG2", "X", "Y")
}


def encode_signer(signer: Signer) -> bytes:
    """The record of a signer, field by field in the order of Go's struct."""
    pack = message_pack.encode_integer
    return b"".join(
        (
            _SIGNER_HEADER,
            *(_NAMES["Signer"], message_pack.encode_address(signer.address)),
            *(_NAMES["Socket"], message_pack.encode_string(signer.socket)),
            *(_NAMES["PkG1"], _POINT_HEADER),
            *(_NAMES["X"], pack(signer.key_g1.x), _NAMES["Y"], pack(signer.key_g1.y)),
            *(_NAMES["PkG2"], _POINT_HEADER),
            *(_NAMES["X"], _PAIR_HEADER, *map(pack, signer.key_g2.x)),
            *(_NAMES["Y"], _PAIR_HEADER, *map(pack, signer.key_g2.y)),
        )
    )


def decode_signer(blob: bytes) -> Signer:
    """Raises `BadMessagePack`."""
    return _decode_canonical_signer(blob) or _SignerReader(blob).read()


_SIGNER_START = _SIGNER_HEADER + _NAMES["Signer"] + b"\xc4\x2a0x"
_SOCKET_START = len(_SIGNER_START) + 40
_ADDRESS_DIGITS = re.compile(rb"[0-9a-f]{40}")
_INTEGER = rb"\xc4(.)(0|[1-9][0-9]*)"
_KEYS = re.compile(
    rb"\xa4PkG1\x82\xa1X%b\xa1Y%b\xa4PkG2\x82\xa1X\x92%b%b\xa1Y\x92%b%b" % ((_INTEGER,) * 6),
    re.DOTALL,
)


def _decode_canonical_signer(blob: bytes) -> Signer | None:
    """A record as we write it with a short socket, five times faster; None where it is anything else."""
    code_at = _SOCKET_START + len(_NAMES["Socket"])
    socket_length = blob[code_at] - 0xA0 if len(blob) > code_at else -1
    if not (0 <= socket_length < 32 and blob.startswith(_SIGNER_START)):
        return None
    if not blob.startswith(_NAMES["Socket"], _SOCKET_START):
        return None
    keys = _KEYS.fullmatch(blob, code_at + 1 + socket_length)
    address = _ADDRESS_DIGITS.match(blob, len(_SIGNER_START))
    if not keys or not address:
        return None
    lengths, digits = keys.groups()[::2], keys.groups()[1::2]
    if [code[0] for code in lengths] != [len(text) for text in digits]:
        return None
    x, y, *rest = map(int, digits)
    return Signer(
        Address(bytes.fromhex(address[0].decode())),
        blob[code_at + 1 : code_at + 1 + socket_length],
        G1Key(x, y),
        G2Key([rest[0], rest[1]], [rest[2], rest[3]]),
    )


class _SignerReader:
    """Reads one signer, field by field, in whatever order the record has them."""

    def __init__(self, blob: bytes) -> None:
        self._reader = Reader(blob)
        self._signer = Signer()

    def read(self) -> Signer:
        fields = {
            b"Signer": self._read_address,
            b"Socket": self._read_socket,
            b"PkG1": self._read_key_g1,
            b"PkG2": self._read_key_g2,
        }
        return Signer() if self._reader.read_struct(fields) else self._signer

    def _read_address(self) -> None:
        self._signer.address = Address(self._reader.read_address())

    def _read_socket(self) -> None:
        self._signer.socket = self._reader.read_string()

    def _read_key_g1(self) -> None:
        key = self._signer.key_g1
        read = partial(_read_coordinate, self._reader, key)
        if self._reader.read_struct({b"X": partial(read, "x"), b"Y": partial(read, "y")}):
            self._signer.key_g1 = G1Key()

    def _read_key_g2(self) -> None:
        key = self._signer.key_g2
        read = partial(_read_pair, self._reader)
        if self._reader.read_struct({b"X": partial(read, key.x), b"Y": partial(read, key.y)}):
            self._signer.key_g2 = G2Key()


def _read_coordinate(reader: Reader, key: G1Key, name: str) -> None:
    setattr(key, name, reader.read_integer(getattr(key, name)))


def _read_pair(reader: Reader, pair: list[MaybeInteger]) -> None:
    """A `[2]*big.Int`: nil and fewer than two items leave the rest as it is."""
    length = reader.read_array_length()
    if length > len(pair):
        raise message_pack.BadMessagePack(
            f"[2]*big.Int len is 2, but msgpack has {length} elements"
        )
    for index in range(length):
        pair[index] = reader.read_integer(pair[index])


def load_signer(storage: Storage, address: Address) -> Signer | None:
    """Raises `BadMessagePack`."""
    blob = load_blob(storage, signer_key(address))
    return decode_signer(blob) if blob else None


_SOCKET_NAME_AT = _SOCKET_START - 32
_SOCKET_HEADER_AT = _SOCKET_NAME_AT + len(_NAMES["Socket"])
"""In the record's second chunk."""
_KEY_BYTES_MAX = 6 + 2 * (2 + 2 + 78) + 5
"""Name, map header, two named integers of 78 digits at most, and the name of what comes next."""
_G1_KEY = re.compile(rb"\xa4PkG1\x82\xa1X%b\xa1Y%b\xa4PkG2" % ((_INTEGER,) * 2), re.DOTALL)


def load_key_g1(storage: StorageReader, address: Address) -> Point:
    """The G1 key of a signer, reduced, out of the part of its record that has it.

    Raises `DomainError` of an unknown signer, and `CorruptStorage` where the record is not as we write it.
    """
    base = keccak(signer_key(address))
    # The name of the socket and the header of its text lie in the same chunk.
    names = load_part(storage, base, 32, 32)
    if names[_SOCKET_NAME_AT:_SOCKET_HEADER_AT] != _NAMES["Socket"]:
        raise _no_socket(storage, Hash32(base))
    key_at = 32 + _SOCKET_HEADER_AT + _text_bytes(names[_SOCKET_HEADER_AT:])
    found = _G1_KEY.match(load_part(storage, base, key_at, _KEY_BYTES_MAX))
    if not found or (found[1][0], found[3][0]) != (len(found[2]), len(found[4])):
        raise CorruptStorage("a signer's record without a key in its place")
    return int(found[2]) % P, int(found[4]) % P


def _no_socket(storage: StorageReader, base: Hash32) -> Exception:
    if not load_uint64(storage, base):
        return DomainError("signer not found")
    return CorruptStorage("a signer's record without a socket in its place")


def _text_bytes(header: bytes) -> int:
    """Length of a MessagePack string, header included. Raises `CorruptStorage`."""
    code = header[0]
    if 0xA0 <= code < 0xC0:
        return 1 + code - 0xA0
    if not 0xD9 <= code <= 0xDB:
        raise CorruptStorage("a signer's socket that is no text")
    size = 1 << (code - 0xD9)
    return 1 + size + int.from_bytes(header[1 : 1 + size], "big")


def store_signer(storage: Storage, signer: Signer) -> None:
    """Write the record under the address that it names."""
    store_blob(storage, signer_key(signer.address), encode_signer(signer))


def encode_quorum(rows: Sequence[Address]) -> bytes:
    """The record of a quorum: an array of addresses."""
    encoded = {address: message_pack.encode_address(address) for address in set(rows)}
    return message_pack.encode_array_header(len(rows)) + b"".join(map(encoded.__getitem__, rows))


def decode_quorum(blob: bytes) -> list[Address]:
    """Raises `BadMessagePack`."""
    return _decode_canonical_quorum(blob) or _decode_any_quorum(blob)


ROW_BYTES = len(message_pack.encode_address(bytes(20)))
"""Of a quorum's record, which has a header besides."""
_ROW_START = message_pack.encode_address(bytes(20))[:4]


def _decode_canonical_quorum(blob: bytes) -> list[Address]:
    """A quorum as we write it, all rows at once; empty where it is anything else."""
    rows, rest = divmod(len(blob), ROW_BYTES)
    header = message_pack.encode_array_header(rows)
    if rest != len(header) or blob[:rest] != header:
        return []
    starts = range(rest, len(blob), ROW_BYTES)
    if b"".join(blob[start : start + 4] for start in starts) != _ROW_START * rows:
        return []
    digits = b"".join(blob[start + 4 : start + ROW_BYTES] for start in starts)
    try:
        addresses = bytes.fromhex(digits.decode())
    except ValueError:
        return []
    # Capital digits and spaces do not come back as they were.
    if addresses.hex().encode() != digits:
        return []
    return [Address(addresses[start : start + 20]) for start in range(0, 20 * rows, 20)]


def decode_row(row: bytes) -> Address:
    """One row of a quorum's record. Raises `BadMessagePack`."""
    return Address(Reader(row).read_address())


def _decode_any_quorum(blob: bytes) -> list[Address]:
    reader = Reader(blob)
    return [Address(reader.read_address()) for _ in range(reader.read_array_length())]


def store_quorums(storage: Storage, epoch: int, quorums: Iterable[Sequence[Address]]) -> None:
    """Write the quorums of an epoch under their numbers."""
    for quorum_id, rows in enumerate(quorums):
        store_blob(storage, quorum_key(epoch, quorum_id), encode_quorum(rows))
