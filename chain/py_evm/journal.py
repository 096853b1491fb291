"""Accounts, storage, logs and warm sets of the block being executed, over a reader, with an undo log.

Nothing is hashed or encoded here: reads go through to the `StateReader`, writes stay in dictionaries, and
every write puts what it replaced on one list, so that a snapshot is three numbers.

The names of the public methods are those that py-evm's opcodes call.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.engine import Account, AccountChange, Log, StateReader
from chain.forks.fork import Fork

EMPTY_CODE_HASH: Final = Hash32(keccak(b""))
WORD_MASK: Final = (1 << 256) - 1
NONCE_MASK: Final = (1 << 64) - 1
RIPEMD160: Final = Address(bytes(19) + b"\x03")

Record = tuple[int, int, Hash32]
"""Nonce, balance in wei, code hash."""
_EMPTY: Final[Record] = (0, 0, EMPTY_CODE_HASH)
_ABSENT: Final = object()

Snapshot = tuple[int, int, int]
"""Length of the undo log, number of logs, refund."""


class Journal:
    """All that a block changes until it is handed to the state layer as `changes`."""

    def __init__(self, reader: StateReader, fork: Fork) -> None:
        self._reader = reader
        self._clears_empty_accounts = fork >= Fork.SPURIOUS_DRAGON
        self._undo: list[tuple[dict[Any, Any], Any, Any]] = []
        self._loaded_accounts: dict[Address, Record | None] = {}
        self._accounts: dict[Address, Record | None] = {}
        self._loaded_slots: dict[Address, dict[int, int]] = {}
        self._slots: dict[Address, dict[int, int]] = {}
        self._wiped: dict[Address, bool] = {}
        self._new_codes: dict[Hash32, bytes] = {}
        self._loaded_codes: dict[Hash32, bytes] = {EMPTY_CODE_HASH: b""}
        self._originals: dict[tuple[Address, int], int] = {}
        self._touched: dict[Address, bool] = {}
        self._destroyed: dict[Address, bool] = {}
        self._warm: dict[Any, bool] = {}
        self._transient: dict[tuple[Address, int], bytes] = {}
        self.contracts_created: dict[Address, bool] = {}
        """Of the transaction (EIP-6780)."""
        self.logs: list[Log] = []
        """Of the transaction."""
        self.refund = 0
        """Gas, of the transaction."""

    # Accounts.

    def _record(self, address: Address) -> Record | None:
        try:
            return self._accounts[address]
        except KeyError:
            return self._load(address)

    def _load(self, address: Address) -> Record | None:
        try:
            return self._loaded_accounts[address]
        except KeyError:
            account = self._reader.account(address)
            record: Record | None = None
            if account is not None:
                record = (account.nonce, account.balance, account.code_hash)
            self._loaded_accounts[address] = record
            return record

    def _set_record(self, address: Address, record: Record | None) -> None:
        accounts = self._accounts
        self._undo.append((accounts, address, accounts.get(address, _ABSENT)))
        accounts[address] = record
        if address not in self._touched:
            self._mark_touched(address)

    def _mark_touched(self, address: Address) -> None:
        # The touch of RIPEMD-160 outlives a failed call (EIP-161's erratum, mainnet block 2,675,119).
        if address != RIPEMD160:
            self._undo.append((self._touched, address, _ABSENT))
        self._touched[address] = True

    def touch_account(self, address: Address) -> None:
        """As a transfer of nothing: an empty account comes into being, or is swept (EIP-161)."""
        if self._record(address) is None:
            self._set_record(address, _EMPTY)
        elif address not in self._touched:
            self._mark_touched(address)

    def account_exists(self, address: Address) -> bool:
        return self._record(address) is not None

    def account_is_empty(self, address: Address) -> bool:
        record = self._record(address)
        return record is None or record == _EMPTY

    def has_code_or_nonce(self, address: Address) -> bool:
        """Whether no contract can be created there; storage counts too (EIP-7610)."""
        record = self._record(address)
        if record is None:
            return False
        if record[0] != 0 or record[2] != EMPTY_CODE_HASH:
            return True
        return address not in self._wiped and self._reader.has_storage(address)

    def get_balance(self, address: Address) -> int:
        record = self._record(address)
        return 0 if record is None else record[1]

    def set_balance(self, address: Address, balance: int) -> None:
        nonce, _, code_hash = self._record(address) or _EMPTY
        self._set_record(address, (nonce, balance, code_hash))

    def delta_balance(self, address: Address, delta: int) -> None:
        nonce, balance, code_hash = self._record(address) or _EMPTY
        # Only an overridden balance can get so far, where go-ethereum's wraps too.
        self._set_record(address, (nonce, balance + delta & WORD_MASK, code_hash))

    def get_nonce(self, address: Address) -> int:
        record = self._record(address)
        return 0 if record is None else record[0]

    def set_nonce(self, address: Address, nonce: int) -> None:
        _, balance, code_hash = self._record(address) or _EMPTY
        self._set_record(address, (nonce, balance, code_hash))

    def increment_nonce(self, address: Address) -> None:
        # Only what nobody signed gets as far as 2^64 - 1 (EIP-2681), where geth's counter wraps.
        self.set_nonce(address, (self.get_nonce(address) + 1) & NONCE_MASK)

    def get_code_hash(self, address: Address) -> Hash32:
        record = self._record(address)
        return EMPTY_CODE_HASH if record is None else record[2]

    def get_code(self, address: Address) -> bytes:
        record = self._record(address)
        if record is None or record[2] == EMPTY_CODE_HASH:
            return b""
        code_hash = record[2]
        code = self._new_codes.get(code_hash)
        if code is None:
            code = self._loaded_codes.get(code_hash)
        if code is None:
            code = self._loaded_codes[code_hash] = self._reader.code(code_hash)
        return code

    def set_code(self, address: Address, code: bytes) -> None:
        nonce, balance, _ = self._record(address) or _EMPTY
        code_hash = Hash32(keccak(code)) if code else EMPTY_CODE_HASH
        if code:
            self._new_codes[code_hash] = code
        self._set_record(address, (nonce, balance, code_hash))

    def spend(self, address: Address, amount: int) -> None:
        """As a transaction's sender: the next nonce, and `amount` wei less."""
        nonce, balance, code_hash = self._record(address) or _EMPTY
        self._set_record(address, (nonce + 1, balance - amount, code_hash))

    # Storage.

    def get_storage(self, address: Address, slot: int, from_journal: bool = True) -> int:
        """The slot's value; with `from_journal` False, the value at the start of the transaction."""
        if not from_journal:
            original = self._originals.get((address, slot))
            if original is not None:
                return original
        written = self._slots.get(address)
        if written is not None and slot in written:
            return written[slot]
        if address in self._wiped:
            return 0
        return self._loaded_slot(address, slot)

    def _loaded_slot(self, address: Address, slot: int) -> int:
        loaded = self._loaded_slots.get(address)
        if loaded is None:
            loaded = self._loaded_slots[address] = {}
        value = loaded.get(slot)
        if value is None:
            value = loaded[slot] = self._reader.slot(address, slot)
        return value

    def set_storage(self, address: Address, slot: int, value: int) -> None:
        """Write a slot; as in geth that alone makes the account a candidate of the sweep (facts [O3])."""
        current = self.get_storage(address, slot)
        if current == value:
            return
        self._originals.setdefault((address, slot), current)
        written = self._slots.get(address)
        if written is None:
            written = {}
            self._undo.append((self._slots, address, _ABSENT))
            self._slots[address] = written
        self._undo.append((written, slot, written.get(slot, _ABSENT)))
        written[slot] = value
        if self._record(address) is None:
            self._set_record(address, _EMPTY)
        elif address not in self._touched:
            self._mark_touched(address)

    def delete_storage(self, address: Address) -> None:
        """Forget every slot of the account."""
        self._undo.append((self._slots, address, self._slots.get(address, _ABSENT)))
        self._undo.append((self._wiped, address, self._wiped.get(address, _ABSENT)))
        self._slots[address] = {}
        self._wiped[address] = True

    # What lives for a transaction.

    def is_address_warm(self, address: Address) -> bool:
        return address in self._warm

    def mark_address_warm(self, address: Address) -> None:
        if address not in self._warm:
            self._undo.append((self._warm, address, _ABSENT))
            self._warm[address] = True

    def is_storage_warm(self, address: Address, slot: int) -> bool:
        return (address, slot) in self._warm

    def mark_storage_warm(self, address: Address, slot: int) -> None:
        key = (address, slot)
        if key not in self._warm:
            self._undo.append((self._warm, key, _ABSENT))
            self._warm[key] = True

    def get_transient_storage(self, address: Address, slot: int) -> bytes:
        return self._transient.get((address, slot), b"")

    def set_transient_storage(self, address: Address, slot: int, value: bytes) -> None:
        key = (address, slot)
        self._undo.append((self._transient, key, self._transient.get(key, _ABSENT)))
        self._transient[key] = value

    def mark_created(self, address: Address) -> None:
        if address not in self.contracts_created:
            self._undo.append((self.contracts_created, address, _ABSENT))
            self.contracts_created[address] = True

    def destroy(self, address: Address) -> bool:
        """Mark for removal at the end of the transaction; whether it was not marked before."""
        if address in self._destroyed:
            return False
        self._undo.append((self._destroyed, address, _ABSENT))
        self._destroyed[address] = True
        return True

    # Snapshots.

    def snapshot(self) -> Snapshot:
        return len(self._undo), len(self.logs), self.refund

    def revert(self, snapshot: Snapshot) -> None:
        """Take back everything since `snapshot`."""
        undo_length, log_count, self.refund = snapshot
        undo = self._undo
        while len(undo) > undo_length:
            mapping, key, old = undo.pop()
            if old is _ABSENT:
                mapping.pop(key, None)
            else:
                mapping[key] = old
        del self.logs[log_count:]

    def commit(self, snapshot: Snapshot) -> None:
        """Nothing to do: what is not reverted stays."""

    # Transactions and the block.

    def touched_accounts(self) -> tuple[Address, ...]:
        """Of the transaction so far; before `settle`."""
        return tuple(self._touched)

    def begin_transaction(self, warm: Mapping[Any, bool]) -> None:
        """A fresh context: `warm` are the addresses and slots warm from the start.

        This happens here and not at the end, because system calls after the last transaction inherit its
        warm set and transient storage (facts [O5]).
        """
        self._warm = dict(warm)
        self._transient = {}
        self.logs = []
        self.refund = 0

    def settle(self) -> None:
        """End of a transaction: remove destroyed and empty touched accounts, forget the undo log."""
        for address in self._touched:
            record = self._record(address)
            is_swept = self._clears_empty_accounts and (record is None or record == _EMPTY)
            if is_swept or address in self._destroyed:
                self._accounts[address] = None
                self._slots[address] = {}
                self._wiped[address] = True
        self._touched.clear()
        self._destroyed.clear()
        self.contracts_created = {}
        self._originals.clear()
        self._undo.clear()

    def changes(self) -> tuple[AccountChange, ...]:
        """What differs from the reader's state, ascending by address; after `settle`."""
        addresses = sorted(self._accounts.keys() | self._slots.keys())
        found = (self._change(address) for address in addresses)
        return tuple(change for change in found if change is not None)

    def _change(self, address: Address) -> AccountChange | None:
        before, after = self._load(address), self._record(address)
        is_wiped = address in self._wiped and before is not None
        if after is None:
            return None if before is None else AccountChange(address, None, is_wiped)
        slots = tuple(self._changed_slots(address))
        if before == after and not slots and not is_wiped:
            return None
        nonce, balance, code_hash = after
        has_new_code = before is None or before[2] != code_hash
        return AccountChange(
            address=address,
            account=Account(nonce, balance, code_hash),
            wipes_storage=is_wiped,
            slots=slots,
            code=self.get_code(address) if has_new_code and code_hash != EMPTY_CODE_HASH else None,
        )

    def _changed_slots(self, address: Address) -> Iterable[tuple[int, int]]:
        written = self._slots.get(address)
        if not written:
            return
        is_wiped = address in self._wiped
        for slot in sorted(written):
            before = 0 if is_wiped else self._loaded_slot(address, slot)
            if written[slot] != before:
                yield slot, written[slot]
