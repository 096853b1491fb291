"""What a block makes of the state: prepared from its changes, then written in the block's batch.

`prepare_update` only reads: it works out the new rows, the new trie nodes and the root. Importers
look at the root before anything is written.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.account_records import (
    decode_record,
    encode_record,
    encode_trie_value,
    storage_root_of,
)
from chain.engine import AccountChange
from chain.key_value import Snapshot, Table, WriteBatch
from chain.merkle_trie import Change, TrieUpdate, update
from chain.trie_nodes import EMPTY_ROOT, encode_string

ACCOUNT_TRIE_NAME: Final = b"/"
"""Keys are never empty, so the root node needs a name. A storage trie's name is its address."""
STATE_ROOT_KEY: Final = b"state root"
"""In META: root of the latest state."""

Row = tuple[bytes, bytes]


@dataclass(slots=True)
class RowChanges:
    """Of one flat table."""

    puts: list[Row] = field(default_factory=list)
    removals: list[bytes] = field(default_factory=list)
    before: list[Row] = field(default_factory=list)
    """Key and old value of every row that changes; the value is empty where there was no row."""

    def add(self, key: bytes, old: bytes, new: bytes) -> None:
        """An empty value is an absent row."""
        if new:
            self.puts.append((key, new))
        else:
            self.removals.append(key)
        self.before.append((key, old))


@dataclass(frozen=True, slots=True)
class StateUpdate:
    """Everything that a block changes of the state; fits only the state it was prepared on."""

    state_root: Hash32
    base_root: Hash32
    """Of the state it was prepared on."""
    accounts: RowChanges
    slots: RowChanges
    codes: tuple[Row, ...]
    account_trie: TrieUpdate
    storage_tries: tuple[TrieUpdate, ...]


def state_root(snapshot: Snapshot) -> Hash32:
    """The root of the latest state."""
    return Hash32(snapshot.get(Table.META, STATE_ROOT_KEY) or EMPTY_ROOT)


def prepare_update(snapshot: Snapshot, changes: Sequence[AccountChange]) -> StateUpdate:
    """Work out what `changes`, each account once, make of the snapshot's latest state."""
    get = snapshot.get
    accounts, slots, codes = RowChanges(), RowChanges(), dict[bytes, bytes]()
    storage_tries: list[TrieUpdate] = []
    trie_changes: list[Change] = []
    for change in changes:
        address, account = change.address, change.account
        old = get(Table.ACCOUNTS, address) or b""
        storage_root = storage_root_of(old)
        if change.slots or change.wipes_storage or account is None:
            trie = _storage_update(snapshot, change, storage_root, slots)
            if trie is not None:
                storage_tries.append(trie)
                storage_root = trie.root
        new = b"" if account is None else encode_record(account, storage_root)
        if new == old:
            continue
        accounts.add(address, old, new)
        value = None if account is None else encode_trie_value(account, storage_root)
        trie_changes.append((trie_key(ACCOUNT_TRIE_NAME, address), value))
        if account is not None and change.code:
            codes[account.code_hash] = change.code
    trie_changes.sort()
    account_trie = update(ACCOUNT_TRIE_NAME, trie_changes, partial(get, Table.ACCOUNT_TRIE))
    return StateUpdate(
        account_trie.root,
        state_root(snapshot),
        accounts,
        slots,
        tuple(sorted(codes.items())),
        account_trie,
        tuple(storage_tries),
    )


def write_update(batch: WriteBatch, number: int, state_update: StateUpdate) -> None:
    """Write what `prepare_update` worked out as the doing of block `number`.

    The batch must stand where the update was prepared: our bug if not, so an assertion.
    """
    base = state_root(batch)
    assert base == state_update.base_root, (
        f"update prepared on {state_update.base_root.hex()}, the state is {base.hex()}"
    )
    _write_rows(batch, Table.ACCOUNTS, Table.ACCOUNT_HISTORY, number, state_update.accounts)
    _write_rows(batch, Table.SLOTS, Table.SLOT_HISTORY, number, state_update.slots)
    if number:
        batch.put_many(Table.CHANGES, _changes_of_block(number, state_update))
    batch.put_many(Table.CODES, state_update.codes)
    _write_trie(batch, Table.ACCOUNT_TRIE, state_update.account_trie)
    for trie in state_update.storage_tries:
        _write_trie(batch, Table.STORAGE_TRIES, trie)
    batch.put(Table.META, STATE_ROOT_KEY, state_update.state_root)


def trie_key(name: bytes, key: bytes) -> bytes:
    """Paths are hashes of addresses or slots ("secure" trie), digits in ASCII."""
    return name + keccak(key).hex().encode()


def account_trie_change(address: bytes, record: bytes) -> Change:
    """An account's flat record, empty where there is none, as a change of the account trie."""
    key = trie_key(ACCOUNT_TRIE_NAME, address)
    if not record:
        return key, None
    return key, encode_trie_value(decode_record(record), storage_root_of(record))


def slot_trie_change(address: bytes, slot: bytes, value: bytes) -> Change:
    """A slot's flat value, empty where there is none, as a change of the account's storage trie."""
    return trie_key(address, slot), encode_string(value) if value else None


def _storage_update(
    snapshot: Snapshot, change: AccountChange, old_root: Hash32, rows: RowChanges
) -> TrieUpdate | None:
    """The account's storage trie after the change, its rows added to `rows`; None: as it was."""
    address = change.address
    if (change.wipes_storage or change.account is None) and old_root != EMPTY_ROOT:
        return _wiped_storage_update(snapshot, change, rows)
    if change.account is None:
        return None
    trie_changes: list[Change] = []
    for slot, value in change.slots:
        slot_bytes = slot.to_bytes(32, "big")
        key = address + slot_bytes
        old = snapshot.get(Table.SLOTS, key) or b""
        new = value.to_bytes((value.bit_length() + 7) >> 3, "big")
        if new != old:
            rows.add(key, old, new)
            trie_changes.append(slot_trie_change(address, slot_bytes, new))
    if not trie_changes:
        return None
    trie_changes.sort()
    return update(address, trie_changes, partial(snapshot.get, Table.STORAGE_TRIES))


def _wiped_storage_update(
    snapshot: Snapshot, change: AccountChange, rows: RowChanges
) -> TrieUpdate:
    """Old rows and nodes go, whatever they are; the new trie is built from nothing."""
    address = change.address
    old = dict(snapshot.scan(Table.SLOTS, address, _after_all(address)))
    new = dict[bytes, bytes]()
    if change.account is not None:
        for slot, value in change.slots:
            if value:
                digits = value.to_bytes((value.bit_length() + 7) >> 3, "big")
                new[address + slot.to_bytes(32, "big")] = digits
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            rows.add(key, old.get(key, b""), new.get(key, b""))
    entries: list[Change] = sorted(
        slot_trie_change(address, key[20:], value) for key, value in new.items()
    )
    built = update(address, entries, lambda _key: None)
    old_nodes = snapshot.scan(Table.STORAGE_TRIES, address, _after_all(address))
    removals = [key for key, _ in old_nodes if key not in built.puts]
    return TrieUpdate(built.root, built.puts, removals)


def _write_rows(
    batch: WriteBatch, table: Table, history: Table, number: int, rows: RowChanges
) -> None:
    batch.put_many(table, rows.puts)
    _delete_all(batch, table, rows.removals)
    if number:
        # Nobody asks for the state before block zero.
        suffix = number.to_bytes(8, "big")
        batch.put_many(history, [(key + suffix, old) for key, old in rows.before])


def _changes_of_block(number: int, state_update: StateUpdate) -> list[Row]:
    """Which accounts and slots the block has history of. No slot changes without its account."""
    slots: dict[bytes, list[bytes]] = {}
    for key, _ in state_update.slots.before:
        slots.setdefault(key[:20], []).append(key[20:])
    prefix = number.to_bytes(8, "big")
    return sorted(
        (prefix + address, b"".join(slots.get(address, ())))
        for address, _ in state_update.accounts.before
    )


def _write_trie(batch: WriteBatch, table: Table, trie: TrieUpdate) -> None:
    batch.put_many(table, sorted(trie.puts.items()))
    _delete_all(batch, table, trie.removals)


def _delete_all(batch: WriteBatch, table: Table, keys: Iterable[bytes]) -> None:
    for key in keys:
        batch.delete(table, key)


def _after_all(address: Address) -> bytes | None:
    """The least key behind all that begin with the address; None: there is none."""
    number = int.from_bytes(address, "big") + 1
    return number.to_bytes(20, "big") if number < 1 << 160 else None
