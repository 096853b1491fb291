"""The tries of an earlier block, made from the latest by undoing changes over the stored nodes."""

from collections.abc import Sequence

from eth_typing import Hash32

from chain.key_value import Snapshot, Table
from chain.merkle_trie import Change, update


class TrieOverlay:
    """Nodes as they were earlier, in memory, over those of a snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._nodes: dict[tuple[Table, bytes], bytes | None] = {}

    def apply(self, table: Table, name: bytes, changes: Sequence[Change]) -> Hash32:
        """Change the trie called `name`; its root then. `changes` as `merkle_trie.update` has them."""
        result = update(name, changes, lambda key: self.node(table, key))
        self._nodes.update({(table, key): node for key, node in result.puts.items()})
        self._nodes.update({(table, key): None for key in result.removals})
        return result.root

    def node(self, table: Table, key: bytes) -> bytes | None:
        """The node of a key: name ‖ digits of its path."""
        if (table, key) in self._nodes:
            return self._nodes[table, key]
        return self._snapshot.get(table, key)
