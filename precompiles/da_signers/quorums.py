"""Reading quorums, and the sum of the keys of those of its signers that took part (facts §1a-1)."""

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from precompiles.bn254_unchecked import Point, sum_points
from precompiles.da_signers import records
from precompiles.da_signers.epochs import current_epoch
from precompiles.errors import DomainError
from precompiles.interface import Storage, StorageReader
from precompiles.storage import load_blob, load_part, load_uint64


def load_quorum(storage: StorageReader, epoch: int, quorum_id: int) -> list[Address]:
    """Raises `DomainError`."""
    check_quorum(storage, epoch, quorum_id)
    return records.decode_quorum(load_blob(storage, records.quorum_key(epoch, quorum_id)))


def check_quorum(storage: StorageReader, epoch: int, quorum_id: int) -> None:
    """Raises `DomainError`: the quorum id is looked at before the epoch."""
    if quorum_count(storage, epoch) <= quorum_id:
        raise DomainError("quorum id out of bound")
    if current_epoch(storage) < epoch:
        raise DomainError("epoch out of bound")


def quorum_count(storage: StorageReader, epoch: int) -> int:
    return load_uint64(storage, records.quorum_count_key(epoch))


def count_rows(storage: StorageReader, epoch: int, quorum_id: int) -> int:
    """How many rows `load_quorum` would read, 0 where it would raise or nothing is stored."""
    if quorum_id >= quorum_count(storage, epoch):
        return 0
    base = Hash32(keccak(records.quorum_key(epoch, quorum_id)))
    return load_uint64(storage, base) // records.ROW_BYTES


def load_row(storage: StorageReader, epoch: int, quorum_id: int, row: int) -> Address:
    """One row of a quorum, read by itself. Raises `DomainError`, the row is looked at last."""
    check_quorum(storage, epoch, quorum_id)
    base = Hash32(keccak(records.quorum_key(epoch, quorum_id)))
    size = load_uint64(storage, base)
    rows = size // records.ROW_BYTES
    if row >= rows:
        raise DomainError("row id out of bound")
    start = size % records.ROW_BYTES + row * records.ROW_BYTES
    return records.decode_row(load_part(storage, base, start, records.ROW_BYTES))


def aggregate(storage: Storage, rows: list[Address], bitmap: bytes) -> tuple[Point, int]:
    """The sum of the G1 keys of the signers that the bitmap names, and the rows that they hold.

    Raises `DomainError`.
    """
    signers, hits = participants(rows, bitmap)
    return sum_points(records.g1_point(_signer(storage, one).key_g1) for one in signers), hits


def participants(rows: list[Address], bitmap: bytes) -> tuple[list[Address], int]:
    """The distinct signers that the bitmap names, by their first rows, and the number of their rows.

    Bit i of the bitmap, lowest bit of each byte first, is row i. A signer that is in counts with each
    of its later rows, whatever their bits. Raises `DomainError`.
    """
    if len(bitmap) != (len(rows) + 7) // 8:
        raise DomainError("quorum bitmap length mismatch")
    counted: dict[Address, None] = {}
    hits = 0
    for index, row in enumerate(rows):
        if row not in counted:
            if not bitmap[index >> 3] >> (index & 7) & 1:
                continue
            counted[row] = None
        hits += 1
    return list(counted), hits


def _signer(storage: Storage, address: Address) -> records.Signer:
    signer = records.load_signer(storage, address)
    if signer is None:
        raise DomainError("signer not found")
    return signer
