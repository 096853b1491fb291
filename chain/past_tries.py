"""The tries as they were after a block, over the nodes that are kept of the latest.

Every account that changed since is set back on an overlay of the account trie; the slots of an
account are set back once somebody asks for its storage. Other accounts' storage roots stand in their
records.
"""

from eth_typing import Address

from chain.account_records import storage_root_of
from chain.block_store import head_number, read_header
from chain.history import changed_accounts
from chain.key_value import Snapshot, Table
from chain.merkle_trie import Change
from chain.state import StateAt
from chain.state_update import ACCOUNT_TRIE_NAME, account_trie_change, slot_trie_change
from chain.trie_overlay import TrieOverlay


class PastTries:
    """The tries after block `number`, whose history the snapshot still holds."""

    def __init__(self, snapshot: Snapshot, number: int) -> None:
        is_latest = number == head_number(snapshot)
        self.state = StateAt(snapshot, None if is_latest else number)
        """The flat state after the block."""
        self.nodes = TrieOverlay(snapshot)
        self._slots: dict[Address, set[bytes]] = {}
        """Of accounts that changed since: the slots that did, until the storage is set back."""
        if not is_latest:
            self._set_accounts_back(snapshot, number)

    def set_storage_back(self, address: Address) -> None:
        """Make `nodes` hold the account's storage trie as it was."""
        changes: list[Change] = []
        for slot in self._slots.pop(address, ()):
            value = self.state.slot(address, int.from_bytes(slot, "big"))
            digits = value.to_bytes((value.bit_length() + 7) >> 3, "big")
            changes.append(slot_trie_change(address, slot, digits))
        if not changes:
            return
        root = self.nodes.apply(Table.STORAGE_TRIES, address, sorted(changes))
        assert root == storage_root_of(self.state.account_record(address)), "history is not whole"

    def _set_accounts_back(self, snapshot: Snapshot, number: int) -> None:
        for address, slots in changed_accounts(snapshot, number):
            self._slots.setdefault(address, set()).update(slots)
        changes = [
            account_trie_change(address, self.state.account_record(address) or b"")
            for address in self._slots
        ]
        root = self.nodes.apply(Table.ACCOUNT_TRIE, ACCOUNT_TRIE_NAME, sorted(changes))
        header = read_header(snapshot, number)
        assert header is None or header.state_root == root, "history is not whole"
