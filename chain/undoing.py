"""Undoes the newest blocks' changes of the state, by the history.

The blocks themselves stay where they are: whoever undoes them has them executed again from there.
"""

from typing import Final

from eth_typing import Address

from chain import block_store
from chain.account_records import decode_record
from chain.block_store import HEAD_KEY, number_key
from chain.blocks import Header
from chain.engine import AccountChange
from chain.errors import ChainError
from chain.history import changed_accounts, history_floor
from chain.key_value import Snapshot, Table, WriteBatch
from chain.state import prepare_update, write_update

_NO_HISTORY: Final = 0
"""As the number of a block whose changes are written without their history."""


class CannotUndo(ChainError):
    """There are not so many blocks, or their history is not kept."""


def undo_newest_block(batch: WriteBatch) -> Header:
    """Make the state what it was before the head, and its parent the head; gives the parent.

    Raises `CannotUndo`.
    """
    newest = block_store.head(batch)
    if newest is None or newest.number == 0:
        raise CannotUndo("block zero cannot be undone")
    number = newest.number
    parent = block_store.read_header(batch, number - 1)
    if parent is None or number <= history_floor(batch):
        raise CannotUndo(f"the history of block {number} is not kept")
    touched = dict(changed_accounts(batch, number - 1))
    changes = [_before(batch, number, address, touched[address]) for address in sorted(touched)]
    update = prepare_update(batch, changes)
    if update.state_root != parent.state_root:
        raise CannotUndo(
            f"undoing block {number} gives state root 0x{update.state_root.hex()}, "
            f"expected 0x{parent.state_root.hex()}: see `zerog verify-db`"
        )
    write_update(batch, _NO_HISTORY, update)
    _forget_history_of(batch, number, touched)
    batch.put(Table.META, HEAD_KEY, number_key(number - 1))
    return parent


def _before(snapshot: Snapshot, number: int, address: Address, slots: list[bytes]) -> AccountChange:
    """What an account was before a block that changed it."""
    suffix = number_key(number)
    record = snapshot.get(Table.ACCOUNT_HISTORY, address + suffix) or b""
    values = [
        (
            int.from_bytes(slot, "big"),
            int.from_bytes(snapshot.get(Table.SLOT_HISTORY, address + slot + suffix) or b"", "big"),
        )
        for slot in sorted(slots)
    ]
    account = decode_record(record) if record else None
    return AccountChange(address, account, slots=tuple(values) if account else ())


def _forget_history_of(batch: WriteBatch, number: int, touched: dict[Address, list[bytes]]) -> None:
    suffix = number_key(number)
    for address, slots in touched.items():
        batch.delete(Table.CHANGES, suffix + address)
        batch.delete(Table.ACCOUNT_HISTORY, address + suffix)
        for slot in slots:
            batch.delete(Table.SLOT_HISTORY, address + slot + suffix)
