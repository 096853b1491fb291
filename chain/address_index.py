"""Which transactions concern an address beyond what other tables tell: rows only where those are silent.

Who sent, received or was created in a block is found through the history of accounts, who logged or stands
in a topic through the index of logs (`address_search.py`). A row here names the transactions of a block in
which the address was called or paid by a contract, or that were sent to it and changed nothing of it, as a
failed one does. So a block of plain transfers and token transfers writes no row at all.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from eth_typing import Address

from chain.engine import Receipt
from chain.executed_block import ExecutedBlock
from chain.key_value import Snapshot, Table, WriteBatch
from chain.transactions import Transaction

ETHEREUM_PRECOMPILES_END: Final = 0x200
"""First address behind those of Ethereum, which every other transaction calls."""
INDEX_BYTES: Final = 4


def write_address_index(batch: WriteBatch, executed: ExecutedBlock) -> None:
    """The rows of one block: address ‖ number → indexes of transactions."""
    key = executed.block.header.number.to_bytes(8, "big")
    rows = address_index_rows(executed)
    batch.put_many(
        Table.ADDRESS_INDEX, [(address + key, rows[address]) for address in sorted(rows)]
    )


def address_index_rows(executed: ExecutedBlock) -> dict[Address, bytes]:
    """By address: the transactions of the block, 4 bytes each, ascending."""
    changed = {change.address for change in executed.result.changes}
    coinbase = executed.block.header.coinbase
    rows: dict[Address, bytearray] = {}
    parts = zip(
        executed.block.transactions, executed.senders, executed.result.receipts, strict=True
    )
    for index, (transaction, sender, receipt) in enumerate(parts):
        silent = _inner_parties(transaction, sender, receipt, coinbase)
        if transaction.to is not None and transaction.to not in changed:
            silent.add(transaction.to)
        for address in silent:
            rows.setdefault(address, bytearray()).extend(index.to_bytes(INDEX_BYTES, "big"))
    return {address: bytes(indexes) for address, indexes in rows.items()}


def _inner_parties(
    transaction: Transaction, sender: Address, receipt: Receipt, coinbase: Address
) -> set[Address]:
    """Called or paid by contracts. Every transaction pays the coinbase: that is no news of it."""
    if not receipt.touched:
        return set()
    parties = set(receipt.touched)
    parties -= {sender, coinbase, transaction.to, receipt.contract_address}
    parties -= {log.address for log in receipt.logs}
    return {
        address for address in parties if int.from_bytes(address, "big") >= ETHEREUM_PRECOMPILES_END
    }


def indexed_transactions(snapshot: Snapshot, address: Address, number: int) -> Sequence[int]:
    """Of one block's row, ascending; empty where there is none."""
    row = snapshot.get(Table.ADDRESS_INDEX, address + number.to_bytes(8, "big")) or b""
    return [
        int.from_bytes(row[at : at + INDEX_BYTES], "big") for at in range(0, len(row), INDEX_BYTES)
    ]


def blocks_before(snapshot: Snapshot, table: Table, prefix: bytes, number: int) -> Iterator[int]:
    """Blocks with a row `prefix ‖ block`, from `number` on downwards."""
    for key, _ in snapshot.scan_back(table, prefix + number.to_bytes(8, "big")):
        if not key.startswith(prefix):
            return
        yield int.from_bytes(key[len(prefix) :], "big")


def blocks_after(snapshot: Snapshot, table: Table, prefix: bytes, number: int) -> Iterator[int]:
    """Blocks with a row `prefix ‖ block`, from `number` on upwards."""
    stop = prefix + b"\xff" * 8
    for key, _ in snapshot.scan(table, prefix + number.to_bytes(8, "big"), stop):
        yield int.from_bytes(key[len(prefix) :], "big")
