"""Proofs of accounts and slots at any kept block convince a verifier that is not ours."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rlp
from eth_hash.auto import keccak
from eth_typing import Address, Hash32
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie
from trie.exceptions import BadTrieProof

from chain.account_records import EMPTY_CODE_HASH
from chain.answers import BlockTag
from chain.block_store import HEAD_KEY
from chain.engine import Account, AccountChange
from chain.key_value import MemoryStore, Snapshot, Table
from chain.proofs import AccountProof, proof
from chain.queries import Queries, QueryLimits
from chain.query_errors import HeaderNotFound, StateNotKept
from chain.state import prepare_update, write_update
from chain.trie_nodes import EMPTY_ROOT

_spec = importlib.util.spec_from_file_location(
    "state_model", Path(__file__).with_name("test_state.py")
)
assert _spec is not None
assert _spec.loader is not None
state_model = importlib.util.module_from_spec(_spec)
sys.modules["state_model"] = state_model
_spec.loader.exec_module(state_model)


def proven(root: bytes, key: bytes, nodes: tuple[bytes, ...]) -> bytes:
    """What the proof says stands at the key; raises where it says nothing."""
    value: bytes = HexaryTrie.get_from_proof(root, keccak(key), [rlp.decode(n) for n in nodes])
    return value


def check_proof(found: AccountProof, root: bytes) -> None:
    """The account and each slot are what the nodes prove under the root."""
    value = proven(root, found.address, found.nodes)
    account = found.account
    if account is None:
        assert value == b""
        assert found.storage_root == EMPTY_ROOT
    else:
        fields = [account.nonce, account.balance, found.storage_root, account.code_hash]
        assert value == rlp.encode(fields)
    for slot in found.slots:
        held = proven(found.storage_root, slot.slot.to_bytes(32, "big"), slot.nodes)
        assert held == (rlp.encode(slot.value) if slot.value else b"")


@settings(max_examples=60, deadline=None)
@given(blocks=st.lists(state_model.BLOCKS, min_size=1, max_size=6))
def test_every_account_and_slot_is_proven_at_every_block(blocks: list[Any]) -> None:
    store, models, roots = MemoryStore(), list[Any](), list[bytes]()
    for number, block in enumerate(blocks):
        roots.append(state_model.commit(store, number, block))
        models.append(state_model.after(models[-1] if models else {}, block))
        with store.write() as batch:
            batch.put(Table.META, HEAD_KEY, number.to_bytes(8, "big"))
    with store.snapshot() as snapshot:
        for number, model in enumerate(models):
            for address in state_model.ADDRESSES:
                found = proof(snapshot, number, address, state_model.SLOTS)
                check_proof(found, roots[number])
                entry = model.get(address)
                assert found.account == (entry and entry.account)
                held = [slot.value for slot in found.slots]
                storage = entry.storage if entry else {}
                assert held == [storage.get(slot, 0) for slot in state_model.SLOTS]


def grown(snapshots: MemoryStore, accounts: int) -> bytes:
    """Block zero with that many accounts, one of them with as many slots."""
    changes = sorted(
        (
            AccountChange(
                Address(keccak(number.to_bytes(4, "big"))[:20]),
                Account(1, number, EMPTY_CODE_HASH),
                slots=tuple((slot, slot + 1) for slot in range(accounts)) if not number else (),
            )
            for number in range(accounts)
        ),
        key=lambda change: change.address,
    )
    with snapshots.write() as batch:
        update = prepare_update(batch, changes)
        write_update(batch, 0, update)
        batch.put(Table.META, HEAD_KEY, bytes(8))
    return update.state_root


def test_a_proof_in_a_large_trie_has_a_node_for_each_level_and_no_more() -> None:
    store = MemoryStore()
    root = grown(store, 600)
    owner = Address(keccak(bytes(4))[:20])
    with store.snapshot() as snapshot:
        found = proof(snapshot, 0, owner, range(0, 1_200, 100))
        check_proof(found, root)
        assert 3 <= len(found.nodes) <= 5
        check_proof(proof(snapshot, 0, Address(b"\x77" * 20)), root)


def test_a_verifier_refuses_a_proof_with_a_node_missing_or_another_root() -> None:
    store = MemoryStore()
    root = grown(store, 50)
    owner = Address(keccak(bytes(4))[:20])
    with store.snapshot() as snapshot:
        found = proof(snapshot, 0, owner)
    with pytest.raises(BadTrieProof):
        proven(root, owner, found.nodes[:-1])
    with pytest.raises(BadTrieProof):
        proven(Hash32(keccak(b"another")), owner, found.nodes)


def test_a_history_that_is_not_whole_gives_no_proof() -> None:
    store = MemoryStore()
    for number in range(3):
        state_model.commit(
            store, number, (AccountChange(Address(b"\x01" * 20), Account(number, 7, EMPTY_CODE_HASH),
                                          slots=((1, number + 1),)),)
        )  # fmt: skip
    with store.write() as batch:
        batch.put(Table.META, HEAD_KEY, (2).to_bytes(8, "big"))
        for key, _ in list(batch.scan(Table.SLOT_HISTORY, b"")):
            batch.delete(Table.SLOT_HISTORY, key)
    with store.snapshot() as snapshot, pytest.raises(AssertionError, match="not whole"):
        proof(snapshot, 0, Address(b"\x01" * 20))


def prove_at(queries: Queries, address: Address, at: Any) -> tuple[AccountProof, bytes]:
    with queries.view() as view:
        return view.proof(address, [0], at), view.header(at).state_root


def test_a_view_proves_its_head_and_earlier_blocks_up_to_its_limit(
    make_setting: Callable[..., Any],
) -> None:
    setting = make_setting()
    for nonce in range(4):
        setting.extend(setting.keys[0].sign(nonce, value=1))
    limited = Queries(
        setting.store, setting.config, setting.engine, QueryLimits(proof_blocks_max=2)
    )
    for at in (BlockTag.LATEST, 4, 3, 2, setting.chain.head.hash):
        check_proof(*prove_at(limited, setting.keys[0].address, at))
    with pytest.raises(
        StateNotKept, match=r"^missing trie node [0-9a-f]{64} \(path \) .*reach back 2 blocks"
    ):
        prove_at(limited, setting.keys[0].address, 1)
    with pytest.raises(HeaderNotFound):
        prove_at(limited, setting.keys[0].address, 5)
    unlimited = Queries(
        setting.store, setting.config, setting.engine, QueryLimits(proof_blocks_max=None)
    )
    for number in range(5):
        check_proof(*prove_at(unlimited, setting.keys[0].address, number))


def changes_of(snapshot: Snapshot) -> int:
    return sum(1 for _ in snapshot.scan(Table.CHANGES, b""))


def test_block_zero_is_nobodys_change() -> None:
    store = MemoryStore()
    grown(store, 10)
    with store.snapshot() as snapshot:
        assert changes_of(snapshot) == 0
