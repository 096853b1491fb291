"""The state of accounts: read at any block, changed once a block.

The latest state is flat (one row an account, one a slot), beside it the trie that proves it, and
for every block what each row held before. So a read is one lookup, a read of the past one seek.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.account_records import EMPTY_CODE_HASH, decode_record, storage_root_of
from chain.engine import Account, AccountChange, StateReader
from chain.key_value import Snapshot, Table
from chain.state_update import StateUpdate, prepare_update, state_root, write_update
from chain.trie_nodes import EMPTY_ROOT

__all__ = [
    "Overlay",
    "StateAt",
    "StateUpdate",
    "merged_changes",
    "prepare_update",
    "state_root",
    "write_update",
]

_NO_HASHES: Final[Mapping[int, Hash32]] = {}


class StateAt:
    """The state after a block; an `engine.StateReader`, valid as long as its snapshot."""

    __slots__ = ("_after", "_get", "_number", "_snapshot")

    def __init__(self, snapshot: Snapshot, number: int | None = None) -> None:
        """`number`: a block that the snapshot holds; None is the latest."""
        self._snapshot = snapshot
        self._get = snapshot.get
        self._number = number
        self._after = b"" if number is None else (number + 1).to_bytes(8, "big")
        """The first block whose "value before" may be ours, as it stands in keys; empty: none."""

    def account(self, address: Address) -> Account | None:
        """See `StateReader`."""
        record = self.account_record(address)
        return decode_record(record) if record else None

    def has_storage(self, address: Address) -> bool:
        """See `StateReader`."""
        return storage_root_of(self.account_record(address)) != EMPTY_ROOT

    def slot(self, address: Address, slot: int) -> int:
        """See `StateReader`."""
        key = address + slot.to_bytes(32, "big")
        value = self._get(Table.SLOTS, key)
        if self._after:
            value = self._before(Table.SLOT_HISTORY, key, value)
        return int.from_bytes(value, "big") if value else 0

    def code(self, code_hash: Hash32) -> bytes:
        """See `StateReader`."""
        if code_hash == EMPTY_CODE_HASH:
            return b""
        code = self._get(Table.CODES, code_hash)
        assert code is not None, f"no code for hash {code_hash.hex()}, which an account names"
        return code

    def block_hash(self, number: int) -> Hash32 | None:
        """See `StateReader`."""
        if number < 0 or (self._number is not None and number > self._number):
            return None
        header = self._get(Table.HEADERS, number.to_bytes(8, "big"))
        return None if header is None else Hash32(keccak(header))

    def account_record(self, address: Address) -> bytes | None:
        """The flat record, which holds the storage root too; empty or None: no such account."""
        record = self._get(Table.ACCOUNTS, address)
        return self._before(Table.ACCOUNT_HISTORY, address, record) if self._after else record

    def _before(self, history: Table, key: bytes, latest: bytes | None) -> bytes | None:
        """What the row held before the first later block that changed it; empty where nothing."""
        found = self._snapshot.seek(history, key + self._after)
        return found[1] if found is not None and found[0].startswith(key) else latest


class Overlay:
    """The state that `changes` make of another: a pending block's, or an uncommitted parent's."""

    def __init__(
        self,
        below: StateReader,
        changes: Sequence[AccountChange],
        block_hashes: Mapping[int, Hash32] = _NO_HASHES,
    ) -> None:
        """`block_hashes`: of blocks that `below` does not have yet, by number."""
        self._below = below
        self._changes = {change.address: change for change in changes}
        self._slots = {change.address: dict(change.slots) for change in changes if change.slots}
        self._codes = {
            change.account.code_hash: change.code
            for change in changes
            if change.account is not None and change.code is not None
        }
        self._block_hashes = block_hashes

    def account(self, address: Address) -> Account | None:
        """See `StateReader`."""
        change = self._changes.get(address)
        return self._below.account(address) if change is None else change.account

    def slot(self, address: Address, slot: int) -> int:
        """See `StateReader`."""
        change = self._changes.get(address)
        if change is None:
            return self._below.slot(address, slot)
        if change.account is None:
            return 0
        value = self._slots.get(address, {}).get(slot)
        if value is not None:
            return value
        return 0 if change.wipes_storage else self._below.slot(address, slot)

    def has_storage(self, address: Address) -> bool:
        """See `StateReader`."""
        change = self._changes.get(address)
        if change is None:
            return self._below.has_storage(address)
        if change.account is None:
            return False
        if any(value for _, value in change.slots):
            return True
        return not change.wipes_storage and self._below.has_storage(address)

    def code(self, code_hash: Hash32) -> bytes:
        """See `StateReader`."""
        code = self._codes.get(code_hash)
        return self._below.code(code_hash) if code is None else code

    def block_hash(self, number: int) -> Hash32 | None:
        """See `StateReader`."""
        return self._block_hashes.get(number) or self._below.block_hash(number)


def merged_changes(
    earlier: Sequence[AccountChange], later: Sequence[AccountChange]
) -> tuple[AccountChange, ...]:
    """Two blocks' changes as those of one, for the state root on top of an uncommitted parent.

    `prepare_update` of them gives the right root; what is written remains one block at a time.
    """
    merged = {change.address: change for change in earlier}
    for change in later:
        before = merged.get(change.address)
        merged[change.address] = change if before is None else _merged(before, change)
    return tuple(merged[address] for address in sorted(merged))


def _merged(earlier: AccountChange, later: AccountChange) -> AccountChange:
    if later.account is None:
        return later
    code = later.code
    if code is None and earlier.account is not None:
        is_same = earlier.account.code_hash == later.account.code_hash
        code = earlier.code if is_same else None
    if later.wipes_storage:
        return replace(later, code=code)
    slots = dict(later.slots)
    if earlier.account is not None:
        slots = dict(earlier.slots) | slots
    return AccountChange(
        later.address,
        later.account,
        wipes_storage=earlier.wipes_storage or earlier.account is None,
        slots=tuple(sorted(slots.items())),
        code=code,
    )
