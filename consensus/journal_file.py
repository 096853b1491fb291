"""The consensus journal on disk: what one height's machine was told, to be told again after a crash.

    file  = start record ‖ batch record ‖ batch record ‖ …
    record = magic (4) ‖ length (4) ‖ checksum (4) ‖ payload        integers big-endian
    start payload = RLP [format version, chain identity, height, salt]
    batch payload = RLP list of entries: what was appended since the batch before, or a first part of it

One batch is written before one sync, and the next only after that sync came back. So after a
crash at most the last record is incomplete, and it is cut off; a bad record with a good one
behind it is damage, and is refused. The checksum covers a salt drawn for each file, so nobody who
gets bytes into an entry can make a torn tail look like a good record.
"""

import logging
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from consensus.durable_files import DurableFiles
from consensus.recursive_length_prefix import decode, decode_integer, encode, encode_integer

JOURNAL_NAME = "journal"
FORMAT_VERSION = 3
BATCH_BYTES_MAX = 64 * 1024 * 1024
"""A longer length field is damage."""
BATCH_ENTRY_BYTES_MAX = BATCH_BYTES_MAX // 2
"""Of the entries in one batch, unless a single one is larger; more go into a batch behind it. Nobody
bounds how many blocks of faulty proposers come between two syncs."""
_MAGIC = b"ZGJ\x01"
_HEAD_BYTES = 12
_SALT_BYTES = 8
_log = logging.getLogger("zerog.journal")


class DamagedJournal(Exception):
    """The journal was changed after it had been synced; replaying it could make us vote twice."""

    def __init__(self, offset: int, why: str) -> None:
        super().__init__(
            f"{JOURNAL_NAME}: damaged at byte {offset}: {why}; restore the file, or remove it; "
            "without it this validator signs nothing until the network has passed the height it was at"
        )
        self.offset, self.why = offset, why


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the file held: the height and its entries, oldest first."""

    height: int
    entries: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """A whole record: where it begins, in bytes, and its entries."""

    offset: int
    entries: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Inspected:
    """A journal's bytes, as far as they can be read."""

    chain_identity: bytes
    height: int
    batches: tuple[Batch, ...]
    end: int
    """Where the whole records end: behind it a torn tail, or damage."""
    whole_again_at: int | None
    """Where a whole record follows what is not whole: damage, which a replay refuses."""

    def check(self, chain_identity: bytes) -> None:
        """Raises `DamagedJournal` where a replay would."""
        _check_chain(self.chain_identity, chain_identity)
        if self.whole_again_at is not None:
            raise DamagedJournal(self.end, f"a whole record follows at byte {self.whole_again_at}")


class Journal:
    """Entries of the current height. `append` remembers, `sync` makes durable, `begin` starts anew."""

    def __init__(
        self,
        files: DurableFiles,
        chain_identity: bytes,
        salt: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """`chain_identity` (32 bytes): another chain's journal is refused."""
        self._files = files
        self._chain = chain_identity
        self._make_salt = salt
        self._salt = b""
        self._pending: list[bytes] = []

    def replay(self) -> Replayed | None:
        """Read the file before anything is appended; None if there is none.

        A torn last record is cut off with a warning. Raises `DamagedJournal`.
        """
        data = self._files.read(JOURNAL_NAME)
        if data is None:
            return None
        start, offset = _start_of(data)
        _check_chain(start.chain_identity, self._chain)
        self._salt = start.salt
        entries: list[bytes] = []
        for batch, end in _batches_of(data, offset, start.salt):
            entries += batch.entries
            offset = end
        if offset < len(data):
            self._cut_tail(data, offset)
        return Replayed(start.height, tuple(entries))

    def begin(self, height: int) -> None:
        """Forget everything and start the file of `height`, durably."""
        self._pending.clear()
        self._salt = self._make_salt(_SALT_BYTES)
        version = encode_integer(FORMAT_VERSION)
        payload = encode([version, self._chain, encode_integer(height), self._salt])
        self._files.replace(JOURNAL_NAME, _record(payload, b""))

    def append(self, entry: bytes) -> None:
        """Remember `entry` for the next `sync`."""
        self._pending.append(entry)

    def sync(self) -> None:
        """Everything appended is on disk when this returns; costs nothing if nothing was."""
        pending, self._pending = self._pending, []
        for batch in _batches(pending):
            record = _record(encode(batch), self._salt)
            assert len(record) <= BATCH_BYTES_MAX + _HEAD_BYTES, "an entry longer than a batch"
            self._files.append(JOURNAL_NAME, record)
            self._files.sync(JOURNAL_NAME)

    def _cut_tail(self, data: bytes, offset: int) -> None:
        later = _whole_again(data, offset, self._salt)
        if later is not None:
            raise DamagedJournal(offset, f"a whole record follows at byte {later}")
        _log.warning(
            "%s: the last record was not written whole; cut %d bytes at byte %d",
            JOURNAL_NAME,
            len(data) - offset,
            offset,
        )
        self._files.replace(JOURNAL_NAME, data[:offset])


def inspect(data: bytes) -> Inspected:
    """What a journal file's bytes hold; changes nothing. Raises `DamagedJournal` without a start."""
    start, begin = _start_of(data)
    found = list(_batches_of(data, begin, start.salt))
    batches = [batch for batch, _ in found]
    end = found[-1][1] if found else begin
    later = _whole_again(data, end, start.salt) if end < len(data) else None
    return Inspected(start.chain_identity, start.height, tuple(batches), end, later)


def _batches(entries: list[bytes]) -> Iterator[list[bytes]]:
    """The entries in order, none left out, in parts that replay accepts."""
    batch: list[bytes] = []
    size = 0
    for entry in entries:
        if batch and size + len(entry) > BATCH_ENTRY_BYTES_MAX:
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += len(entry)
    if batch:
        yield batch


def _record(payload: bytes, salt: bytes) -> bytes:
    length = len(payload).to_bytes(4, "big")
    checksum = zlib.crc32(payload, zlib.crc32(salt + length))
    return _MAGIC + length + checksum.to_bytes(4, "big") + payload


def _record_at(data: bytes, offset: int, salt: bytes) -> tuple[bytes, int] | None:
    """(payload, offset behind it), None if no whole record lies at `offset`."""
    head = data[offset : offset + _HEAD_BYTES]
    if len(head) < _HEAD_BYTES or head[:4] != _MAGIC:
        return None
    length = int.from_bytes(head[4:8], "big")
    end = offset + _HEAD_BYTES + length
    if length > BATCH_BYTES_MAX or end > len(data):
        return None
    payload = data[offset + _HEAD_BYTES : end]
    if zlib.crc32(payload, zlib.crc32(salt + head[4:8])) != int.from_bytes(head[8:], "big"):
        return None
    return payload, end


@dataclass(frozen=True, slots=True)
class _Start:
    chain_identity: bytes
    height: int
    salt: bytes


def _start_of(data: bytes) -> tuple[_Start, int]:
    """The start record, and the offset behind it. Raises `DamagedJournal`."""
    record = _record_at(data, 0, b"")
    if record is None:
        raise DamagedJournal(0, "the start record is not whole")
    match decode(record[0]):
        case [bytes(version), *_] if decode_integer(version) != FORMAT_VERSION:
            found = decode_integer(version)
            raise DamagedJournal(0, f"format {found}, this version reads {FORMAT_VERSION}")
        case [_, bytes(chain_identity), bytes(height), bytes(salt)]:
            return _Start(chain_identity, decode_integer(height), salt), record[1]
        case _:
            raise DamagedJournal(0, "no start record looks like this")


def _check_chain(found: bytes, expected: bytes) -> None:
    if found != expected:
        why = f"of chain 0x{found.hex()}, this node's is 0x{expected.hex()}"
        raise DamagedJournal(0, why)


def _batches_of(data: bytes, offset: int, salt: bytes) -> Iterator[tuple[Batch, int]]:
    """Each whole record from `offset` on, with the offset behind it; ends where one is not whole."""
    while (record := _record_at(data, offset, salt)) is not None:
        payload, end = record
        yield Batch(offset, tuple(cast(list[bytes], decode(payload)))), end
        offset = end


def _whole_again(data: bytes, offset: int, salt: bytes) -> int | None:
    """Where a whole record lies behind `offset`, if anywhere."""
    later = data.find(_MAGIC, offset + 1)
    while later != -1:
        if _record_at(data, later, salt) is not None:
            return later
        later = data.find(_MAGIC, later + 1)
    return None
