"""A contract's storage in the order of its trie, a part at a time, as debuggers page through it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.engine import StateReader
from chain.key_value import Snapshot, Table
from chain.query_errors import QueryError

SLOTS_MAX: Final = 100_000
"""Slots of one contract that are put into order for one answer."""
_SLOT_BYTES: Final = 32
_ADDRESS_BYTES: Final = 20
_BEHIND_BLOCKS: Final = b"\xff" * 9
"""Behind every block number in a key of the history."""


class TooManySlots(QueryError):
    """The contract has more slots than one question may put into order."""

    def __init__(self) -> None:
        super().__init__(f"contract has more than {SLOTS_MAX} slots")


@dataclass(frozen=True, slots=True)
class StorageRange:
    """Some slots, ascending by the hash of the slot."""

    slots: tuple[tuple[Hash32, int, int], ...]
    """Hash of the slot, the slot, its value."""
    next_hash: Hash32 | None
    """Where the next part begins; None behind the last."""


def storage_range(
    snapshot: Snapshot,
    state: StateReader,
    address: Address,
    first: bytes,
    count: int,
    more_slots: Iterator[int],
) -> StorageRange:
    """At most `count` slots of the account in `state`, from hash `first` on.

    `more_slots`: those that a block under way may have written. Raises `TooManySlots`.
    """
    candidates = _known_slots(snapshot, address) | set(more_slots)
    if len(candidates) > SLOTS_MAX:
        raise TooManySlots
    hashed = sorted((Hash32(keccak(slot.to_bytes(32, "big"))), slot) for slot in candidates)
    found: list[tuple[Hash32, int, int]] = []
    for slot_hash, slot in hashed:
        value = state.slot(address, slot) if slot_hash >= first else 0
        if value and len(found) == count:
            return StorageRange(tuple(found), slot_hash)
        if value:
            found.append((slot_hash, slot, value))
    return StorageRange(tuple(found), None)


def _known_slots(snapshot: Snapshot, address: Address) -> set[int]:
    """Slots that the account has, or had at some block that is kept; `SLOTS_MAX` and one more at most."""
    found: set[int] = set()
    for table in (Table.SLOTS, Table.SLOT_HISTORY):
        row = snapshot.seek(table, address)
        while row is not None and row[0].startswith(address) and len(found) <= SLOTS_MAX:
            slot = row[0][_ADDRESS_BYTES : _ADDRESS_BYTES + _SLOT_BYTES]
            found.add(int.from_bytes(slot, "big"))
            row = snapshot.seek(table, address + slot + _BEHIND_BLOCKS)
    return found
