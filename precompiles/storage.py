"""Byte strings over 32-byte slots, as 0g-geth lays them out (facts §1a, "Storage primitive").

A blob under a 32-byte key K has its length at slot keccak(K), and chunk i, padded with zeros on the
right, at slot keccak(keccak(K) ‖ i as uint64 big-endian).
"""

from eth_hash.auto import keccak
from eth_typing import Hash32

from precompiles.errors import CorruptStorage
from precompiles.interface import Storage, StorageReader

CHUNK_BYTES = 32
BLOB_BYTES_MAX = 1 << 26
"""More than any transaction can bring; 0g-geth would read on for ever (a corrupt genesis only)."""
UINT64_MASK = (1 << 64) - 1


def slot_of(key: bytes) -> int:
    """The slot with a 32-byte key as its number."""
    return int.from_bytes(key, "big")


def uint64_bytes(value: int) -> bytes:
    """Eight bytes, big-endian."""
    return value.to_bytes(8, "big")


def load_uint64(storage: StorageReader, key: Hash32) -> int:
    """The low 64 bits of the word at `key`."""
    return storage.load(slot_of(key)) & UINT64_MASK


def as_int64(value: int) -> int:
    """Go's conversion of a 64-bit pattern to int64."""
    value &= UINT64_MASK
    return value - (1 << 64) if value >> 63 else value


def store_uint64(storage: Storage, key: Hash32, value: int) -> None:
    """Write a uint64 the way 0g-geth does: through int64 and its magnitude, which alters 2^63 and more."""
    storage.store(slot_of(key), abs(as_int64(value)))


def store_blob(storage: Storage, key: Hash32, blob: bytes) -> None:
    """Write length and chunks; chunks of a longer blob that was there before stay where they are."""
    base = keccak(key)
    storage.store(slot_of(base), len(blob))
    store = storage.store
    padded = blob + bytes(-len(blob) % CHUNK_BYTES)
    for index in range(len(padded) // CHUNK_BYTES):
        slot = int.from_bytes(keccak(base + index.to_bytes(8, "big")), "big")
        start = index * CHUNK_BYTES
        store(slot, int.from_bytes(padded[start : start + CHUNK_BYTES], "big"))


def load_blob(storage: StorageReader, key: Hash32) -> bytes:
    """The blob under `key`, empty where nothing was stored. Raises `CorruptStorage` on an absurd length."""
    base = Hash32(keccak(key))
    length = load_uint64(storage, base)
    if length > BLOB_BYTES_MAX:
        raise CorruptStorage(f"blob of {length} bytes, at most {BLOB_BYTES_MAX}")
    return load_part(storage, base, 0, length)


def load_part(storage: StorageReader, base: bytes, start: int, size: int) -> bytes:
    """`size` bytes from `start` of the blob with the base keccak(key), whatever its length is."""
    # Past the layers that eth_hash puts around it: a quorum's keys are 20,000 slots.
    load, digest = storage.load, keccak.hasher
    first, end = start // CHUNK_BYTES, -(-(start + size) // CHUNK_BYTES)
    chunks = [
        load(int.from_bytes(digest(base + index.to_bytes(8, "big")), "big")).to_bytes(32, "big")
        for index in range(first, end)
    ]
    offset = start - first * CHUNK_BYTES
    return b"".join(chunks)[offset : offset + size]
