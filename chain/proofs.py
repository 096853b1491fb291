"""Merkle proofs of an account and its slots at the latest block or an earlier one (EIP-1186)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from eth_typing import Address, Hash32

from chain.account_records import decode_record, storage_root_of
from chain.engine import Account
from chain.key_value import Snapshot, Table
from chain.past_tries import PastTries
from chain.state_update import ACCOUNT_TRIE_NAME, trie_key
from chain.trie_nodes import DIGIT_VALUES, NO_CHILD, decode_branch, decode_short_node

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
    tries = PastTries(snapshot, number)
    tries.set_storage_back(address)
    record = tries.state.account_record(address)
    path = trie_key(ACCOUNT_TRIE_NAME, address)
    return AccountProof(
        address=address,
        account=decode_record(record) if record else None,
        storage_root=storage_root_of(record),
        nodes=_nodes_on(
            ACCOUNT_TRIE_NAME, path, lambda key: tries.nodes.node(Table.ACCOUNT_TRIE, key)
        ),
        slots=tuple(_slot_proof(tries, address, slot) for slot in slots),
    )


def _slot_proof(tries: PastTries, address: Address, slot: int) -> SlotProof:
    path = trie_key(address, slot.to_bytes(32, "big"))
    nodes = _nodes_on(address, path, lambda key: tries.nodes.node(Table.STORAGE_TRIES, key))
    return SlotProof(slot, tries.state.slot(address, slot), nodes)


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
