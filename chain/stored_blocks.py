"""Blocks below the head of one snapshot, found by number, hash or place; headers are read once."""

from collections.abc import Iterator

from eth_typing import Address, Hash32

from chain import block_store
from chain.answers import BlockOutline, PlacedTransaction
from chain.blocks import Block, Header
from chain.engine import Receipt
from chain.errors import ChainError
from chain.key_value import Snapshot
from chain.log_filter import LogFilter
from chain.log_index import find_places, log_index_start
from chain.transactions import Transaction, recover_frontier_sender


class NotInitialized(ChainError):
    """The store holds no block: `Chain.initialize` comes first."""

    def __init__(self) -> None:
        super().__init__("the database holds no chain yet")


class StoredBlocks:
    """Numbers given to it lie between zero and the head's."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Raises `NotInitialized`."""
        head_number = block_store.head_number(snapshot)
        if head_number is None:
            raise NotInitialized
        self._snapshot, self.head_number = snapshot, head_number
        self._headers: dict[int, Header] = {}

    @property
    def head(self) -> Header:
        return self.header(self.head_number)

    def header(self, number: int) -> Header:
        header = self._headers.get(number)
        if header is None:
            header = block_store.read_header(self._snapshot, number)
            assert header is not None, "every block up to the head is stored"
            self._headers[number] = header
        return header

    def headers(self, numbers: range) -> Iterator[Header]:
        """Ascending; they are not remembered."""
        return block_store.read_headers(self._snapshot, numbers)

    def blooms(self, numbers: range) -> Iterator[tuple[int, bytes]]:
        """Number and bloom of each block, ascending."""
        return block_store.read_blooms(self._snapshot, numbers)

    def block(self, number: int) -> Block:
        block = block_store.read_block(self._snapshot, number)
        assert block is not None, "every block up to the head is stored"
        return block

    def outline(self, number: int) -> BlockOutline:
        outline = block_store.read_outline(self._snapshot, number)
        assert outline is not None, "every block up to the head is stored"
        return outline

    def transaction(self, number: int, index: int) -> Transaction | None:
        """None where the block has fewer."""
        return block_store.read_transaction(self._snapshot, number, index)

    def receipt(self, number: int, index: int) -> Receipt | None:
        """None where the block has fewer."""
        return block_store.read_receipt(self._snapshot, number, index)

    def transaction_hash(self, number: int, index: int) -> Hash32:
        """Of a transaction that is there."""
        return block_store.read_transaction_hash(self._snapshot, number, index)

    def hash_and_timestamp(self, number: int) -> tuple[Hash32, int]:
        """The timestamp is in seconds."""
        return block_store.read_hash_and_timestamp(self._snapshot, number)

    @property
    def log_index_start(self) -> int | None:
        """The first block that `log_places` knows; None where it knows none."""
        return log_index_start(self._snapshot)

    def log_places(
        self, log_filter: LogFilter, numbers: range
    ) -> Iterator[tuple[int, list[tuple[int, int]]]]:
        """See `find_places`."""
        return find_places(self._snapshot, log_filter, numbers)

    def receipts(self, number: int) -> tuple[Receipt, ...]:
        return block_store.read_receipts(self._snapshot, number)

    def number_of(self, block_hash: Hash32) -> int | None:
        return block_store.number_of(self._snapshot, block_hash)

    def place_of(self, transaction_hash: Hash32) -> tuple[int, int] | None:
        """Block number and index."""
        return block_store.place_of(self._snapshot, transaction_hash)

    def placed(self, header: Header, transaction: Transaction, index: int) -> PlacedTransaction:
        """The transaction with its sender, at that index of that block."""
        return PlacedTransaction(
            transaction=transaction,
            sender=sender_of(transaction),
            block_hash=header.hash,
            block_number=header.number,
            block_timestamp=header.timestamp,
            index=index,
            base_fee=header.base_fee,
        )


def sender_of(transaction: Transaction) -> Address:
    """Who signed a transaction that is in a block.

    Whether a high `s` was allowed there was judged when the block was imported.
    """
    return recover_frontier_sender(transaction)
