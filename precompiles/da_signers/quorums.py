"""Reading quorums, and the sum of the keys of those of its signers that took part (facts §1a-1)."""

from eth_typing import Address

from precompiles.bn254_unchecked import Point, sum_points
from precompiles.da_signers import records
from precompiles.da_signers.epochs import current_epoch
from precompiles.errors import DomainError
from precompiles.interface import Storage
from precompiles.storage import load_blob, load_uint64


def load_quorum(storage: Storage, epoch: int, quorum_id: int) -> list[Address]:
    """Raises `DomainError`: the quorum id is looked at before the epoch."""
    if quorum_count(storage, epoch) <= quorum_id:
        raise DomainError("quorum id out of bound")
    if current_epoch(storage) < epoch:
        raise DomainError("epoch out of bound")
    return records.decode_quorum(load_blob(storage, records.quorum_key(epoch, quorum_id)))


def quorum_count(storage: Storage, epoch: int) -> int:
    return load_uint64(storage, records.quorum_count_key(epoch))


def aggregate(storage: Storage, rows: list[Address], bitmap: bytes) -> tuple[Point, int]:
    """The sum of the G1 keys of the signers that the bitmap names, and the rows that they hold.

    Bit i of the bitmap, lowest bit of each byte first, is row i. A signer that is in counts with each
    of its later rows, whatever their bits. Raises `DomainError`.
    """
    if len(bitmap) != (len(rows) + 7) // 8:
        raise DomainError("quorum bitmap length mismatch")
    counted: set[Address] = set()
    points = []
    hits = 0
    for index, row in enumerate(rows):
        if row not in counted:
            if not bitmap[index >> 3] >> (index & 7) & 1:
                continue
            counted.add(row)
            points.append(records.g1_point(_signer(storage, row).key_g1))
        hits += 1
    return sum_points(points), hits


def _signer(storage: Storage, address: Address) -> records.Signer:
    signer = records.load_signer(storage, address)
    if signer is None:
        raise DomainError("signer not found")
    return signer
