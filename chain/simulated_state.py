"""The state under a simulation: a block's, with what simulated blocks made of it on top, and its root."""

from collections.abc import Mapping, Sequence

from eth_typing import Address, Hash32

from chain.account_records import encode_record, storage_root_of
from chain.engine import AccountChange
from chain.key_value import Snapshot, Table
from chain.merkle_trie import Change
from chain.past_tries import PastTries
from chain.state import Overlay, merged_changes
from chain.state_update import ACCOUNT_TRIE_NAME, account_trie_change, slot_trie_change
from chain.trie_nodes import EMPTY_ROOT

_FRESH_STORAGE = b"#"
"""Behind an address: the name of a storage trie that replaced the stored one. No digit of a path."""


class SimulatedState:
    """Grows block by block; nothing of it is ever written."""

    def __init__(self, snapshot: Snapshot, number: int) -> None:
        """On the state after block `number`, whose history the snapshot holds."""
        self._tries = PastTries(snapshot, number)
        self._changes: tuple[AccountChange, ...] = ()
        self._hashes: dict[int, Hash32] = {}
        self._storage: dict[Address, tuple[bytes, Hash32]] = {}
        """By account: name and root of its storage trie on the overlay, where that is not the base's."""
        self.reader = self._reader()
        """An `engine.StateReader` of the state as it is now; a new one after each change."""

    def apply(self, changes: Sequence[AccountChange]) -> Hash32:
        """The state root after these changes, each account once."""
        if changes:
            self._changes = merged_changes(self._changes, changes)
            self.reader = self._reader()
        entries = [self._account_entry(change) for change in changes]
        return self._tries.nodes.apply(Table.ACCOUNT_TRIE, ACCOUNT_TRIE_NAME, sorted(entries))

    def add_block_hash(self, number: int, block_hash: Hash32) -> None:
        """What BLOCKHASH answers for a simulated block."""
        self._hashes[number] = block_hash

    def _reader(self) -> Overlay:
        hashes: Mapping[int, Hash32] = self._hashes
        return Overlay(self._tries.state, self._changes, hashes)

    def _account_entry(self, change: AccountChange) -> Change:
        root = self._storage_root_after(change)
        record = b"" if change.account is None else encode_record(change.account, root)
        return account_trie_change(change.address, record)

    def _storage_root_after(self, change: AccountChange) -> Hash32:
        address = change.address
        name, root = self._storage.get(address) or self._base_storage(address)
        if change.account is None or change.wipes_storage:
            name, root = name + _FRESH_STORAGE, EMPTY_ROOT
        entries = [_slot_entry(name, slot, value) for slot, value in change.slots]
        if change.account is not None and entries:
            root = self._tries.nodes.apply(Table.STORAGE_TRIES, name, sorted(entries))
        self._storage[address] = name, root
        return root

    def _base_storage(self, address: Address) -> tuple[bytes, Hash32]:
        self._tries.set_storage_back(address)
        return address, storage_root_of(self._tries.state.account_record(address))


def _slot_entry(name: bytes, slot: int, value: int) -> Change:
    digits = value.to_bytes((value.bit_length() + 7) >> 3, "big")
    return slot_trie_change(name, slot.to_bytes(32, "big"), digits)
