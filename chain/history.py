"""What blocks changed, block by block: to undo the newest ones, and to forget the oldest.

Beside every row's values before a block there is an index of what each block changed. Forgetting is
a part of each block's batch and bounded, so that a long history is let go over many blocks.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from eth_typing import Address

from chain.key_value import Snapshot, Table, WriteBatch

HISTORY_FLOOR_KEY: Final = b"history floor"
"""In META: the oldest block whose state can be read."""
ROWS_FORGOTTEN_MAX: Final = 20_000
"""Of history with one block: more than a block full of storage writes adds, so that pruning keeps up."""
_SLOT_BYTES: Final = 32


def history_floor(snapshot: Snapshot) -> int:
    """The oldest block whose state can be read; zero where nothing was ever forgotten."""
    found = snapshot.get(Table.META, HISTORY_FLOOR_KEY)
    return 0 if found is None else int.from_bytes(found, "big")


def changed_accounts(snapshot: Snapshot, after: int) -> Iterator[tuple[Address, list[bytes]]]:
    """Accounts that blocks behind `after` changed, with the 32-byte slots; once for each block."""
    start = (after + 1).to_bytes(8, "big")
    for key, slots in snapshot.scan(Table.CHANGES, start):
        yield Address(key[8:]), _split(slots)


def forget_history(batch: WriteBatch, head: int, kept_blocks: int) -> None:
    """Let the states more than `kept_blocks` before `head` go, as far as one block's part of it goes.

    From then on the floor says that they cannot be read, also where rows of them are still there.
    """
    floor = max(head - kept_blocks, history_floor(batch))
    if floor <= 0:
        return
    batch.put(Table.META, HISTORY_FLOOR_KEY, floor.to_bytes(8, "big"))
    rows_left = ROWS_FORGOTTEN_MAX
    stop = (floor + 1).to_bytes(8, "big")
    # At least one row of history stands behind each row of the index.
    for key, encoded in list(islice(batch.scan(Table.CHANGES, b"", stop), rows_left)):
        if rows_left <= 0:
            return
        number, address, slots = key[:8], key[8:], _split(encoded)
        for slot in slots[:rows_left]:
            batch.delete(Table.SLOT_HISTORY, address + slot + number)
        if len(slots) > rows_left:
            batch.put(Table.CHANGES, key, b"".join(slots[rows_left:]))
            return
        batch.delete(Table.ACCOUNT_HISTORY, address + number)
        batch.delete(Table.CHANGES, key)
        rows_left -= len(slots) + 1


def _split(slots: bytes) -> list[bytes]:
    return [slots[at : at + _SLOT_BYTES] for at in range(0, len(slots), _SLOT_BYTES)]
