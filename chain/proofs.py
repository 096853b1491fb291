"""Merkle proofs of an account and its slots at the latest block or an earlier one (EIP-1186).

Nodes are kept for the latest block alone. For an earlier one, every account that changed since is
set back on an overlay of the account trie, and the slots of the account in question on its storage
trie; other accounts' storage roots stand in their records.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from eth_typing import Address, Hash32

from chain.account_records import decode_record, storage_root_of
from chain.block_store import head_number, read_header
from chain.engine import Account
from chain.history import changed_accounts
from chain.key_value import Snapshot, Table
from chain.merkle_trie import Change
from chain.state import StateAt
from chain.state_update import (
    ACCOUNT_TRIE_NAME,
    account_trie_change,
    slot_trie_change,
    trie_key,
)
from chain.trie_nodes import DIGIT_VALUES, NO_CHILD, decode_branch, decode_short_node
from chain.trie_overlay import TrieOverlay

_EMBEDDED_BELOW: Final = 32
"""Bytes: a shorter node stands inside its parent, so a proof does not repeat it."""


@dataclass(frozen=True, slots=True)
class SlotProof:
    """What a slot holds, zero included, and the nodes that prove it."""

    slot: int
    value: int
    nodes: tuple[bytes, ...]
    """RLP, from the storage root down; ends where the path does or where it is seen to be absent."""


@dataclass(frozen=True, slots=True)
class AccountProof:
    """What an account is, and the nodes that prove it; as for slots."""

    address: Address
    account: Account | None
    """None: proven absent."""
    storage_root: Hash32
    nodes: tuple[bytes, ...]
    """RLP, from the state root down."""
    slots: tuple[SlotProof, ...]


def proof(
    snapshot: Snapshot, number: int, address: Address, slots: Sequence[int] = ()
) -> AccountProof:
    """The proof after block `number`, whose history the snapshot still holds."""
    is_latest = number == head_number(snapshot)
    state = StateAt(snapshot, None if is_latest else number)
    tries = TrieOverlay(snapshot)
    if not is_latest:
        _undo(tries, snapshot, state, number, address)
    record = state.account_record(address)
    path = trie_key(ACCOUNT_TRIE_NAME, address)
    return AccountProof(
        address=address,
        account=decode_record(record) if record else None,
        storage_root=storage_root_of(record),
        nodes=_nodes_on(ACCOUNT_TRIE_NAME, path, lambda key: tries.node(Table.ACCOUNT_TRIE, key)),
        slots=tuple(_slot_proof(tries, state, address, slot) for slot in slots),
    )


def _slot_proof(tries: TrieOverlay, state: StateAt, address: Address, slot: int) -> SlotProof:
    path = trie_key(address, slot.to_bytes(32, "big"))
    nodes = _nodes_on(address, path, lambda key: tries.node(Table.STORAGE_TRIES, key))
    return SlotProof(slot, state.slot(address, slot), nodes)


def _undo(
    tries: TrieOverlay, snapshot: Snapshot, state: StateAt, number: int, address: Address
) -> None:
    accounts, slots = set[Address](), set[bytes]()
    for changed, changed_slots in changed_accounts(snapshot, number):
        accounts.add(changed)
        if changed == address:
            slots.update(changed_slots)
    changes: list[Change] = []
    for slot in slots:
        value = state.slot(address, int.from_bytes(slot, "big"))
        digits = value.to_bytes((value.bit_length() + 7) >> 3, "big")
        changes.append(slot_trie_change(address, slot, digits))
    storage_root = tries.apply(Table.STORAGE_TRIES, address, sorted(changes))
    assert storage_root == storage_root_of(state.account_record(address)), "history is not whole"
    changes = [account_trie_change(each, state.account_record(each) or b"") for each in accounts]
    root = tries.apply(Table.ACCOUNT_TRIE, ACCOUNT_TRIE_NAME, sorted(changes))
    header = read_header(snapshot, number)
    assert header is None or header.state_root == root, "history is not whole"


def _nodes_on(
    name: bytes, path: bytes, node_at: Callable[[bytes], bytes | None]
) -> tuple[bytes, ...]:
    """The nodes from the root towards `path`, which begins with the trie's name."""
    nodes, key = list[bytes](), name
    while (node := node_at(key)) is not None:
        if key == name or len(node) >= _EMBEDDED_BELOW:
            nodes.append(node)
        children = decode_branch(node)
        if children is not None:
            if children[DIGIT_VALUES[path[len(key)]]] == NO_CHILD:
                break
            key = path[: len(key) + 1]
            continue
        is_leaf, digits, _ = decode_short_node(node)
        if is_leaf or not path.startswith(key + digits):
            break
        key += digits
    return tuple(nodes)
