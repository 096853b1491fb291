"""The transactions that concern an address, page by page, as block explorers list them.

A transaction concerns who sent it, who received it, the contract it created, whoever its logs come from or
name in a topic, and whoever a contract called or paid in it, unless that was taken back. It does not concern
a library (DELEGATECALL), nor the proposer for the fees. Senders and receivers are found where the history of
accounts is kept: a node that forgets it finds newer blocks only.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from eth_typing import Address

from chain.address_index import blocks_after, blocks_before, indexed_transactions
from chain.blocks import Block
from chain.engine import Log, Receipt
from chain.key_value import Snapshot, Table
from chain.log_index import log_term
from chain.state import StateAt
from chain.stored_blocks import StoredBlocks, sender_of

CANDIDATES_MAX: Final = 20_000
"""Blocks looked into for one page: a proposer's account changes in each of its blocks."""
TOPICS: Final = (1, 2, 3)
"""Positions of topics that can be an address; position 0 is the event's signature."""

BlockNumbers = Callable[[Snapshot, Table, bytes, int], Iterator[int]]


@dataclass(frozen=True, slots=True)
class AddressPage:
    """Some of an address's transactions; all of a block's are on the same page."""

    places: tuple[tuple[int, int], ...]
    """Block and index of each, newest first."""
    is_newest: bool
    """Nothing newer is left."""
    is_oldest: bool


class AddressSearch:
    """Over one snapshot."""

    def __init__(self, snapshot: Snapshot, blocks: StoredBlocks, address: Address) -> None:
        self._snapshot, self._blocks, self._address = snapshot, blocks, address
        self._word = address.rjust(32, b"\0")

    def before(self, number: int | None, page_size: int) -> AddressPage:
        """The newest ones in blocks before that; None: of all."""
        head = self._blocks.head_number
        first = head if number is None else min(number - 1, head)
        candidates = (
            self._candidates(blocks_before, first, is_descending=True) if first >= 0 else ()
        )
        places, is_end = self._page(iter(candidates), page_size)
        return AddressPage(tuple(places), is_newest=number is None, is_oldest=is_end)

    def after(self, number: int | None, page_size: int) -> AddressPage:
        """The oldest ones in blocks after that; None: of all."""
        # Behind the head there is nothing, however far behind.
        first = 0 if number is None else min(number, self._blocks.head_number) + 1
        candidates = self._candidates(blocks_after, first, is_descending=False)
        places, is_end = self._page(candidates, page_size)
        newest_first = sorted(places, key=lambda place: (-place[0], -place[1]))
        return AddressPage(tuple(newest_first), is_newest=is_end, is_oldest=number is None)

    def _page(
        self, candidates: Iterator[int], page_size: int
    ) -> tuple[list[tuple[int, int]], bool]:
        """Places block by block, and whether there are no more behind them."""
        places: list[tuple[int, int]] = []
        looked_into = 0
        for number in islice(candidates, CANDIDATES_MAX):
            looked_into += 1
            indexes = self._matches(number)
            if indexes and len(places) >= page_size:
                return places, False
            places += [(number, index) for index in reversed(indexes)]
        return places, looked_into < CANDIDATES_MAX

    def _candidates(self, walk: BlockNumbers, first: int, *, is_descending: bool) -> Iterator[int]:
        """Blocks in which something may concern the address, each once."""
        sources = [
            walk(self._snapshot, Table.ACCOUNT_HISTORY, self._address, first),
            walk(self._snapshot, Table.ADDRESS_INDEX, self._address, first),
            walk(self._snapshot, Table.LOG_INDEX, log_term(0, self._address), first),
            *(
                walk(self._snapshot, Table.LOG_INDEX, log_term(position + 1, self._word), first)
                for position in TOPICS
            ),
        ]
        last = None
        for number in heapq.merge(*sources, reverse=is_descending):
            if number != last:
                yield number
            last = number

    def _matches(self, number: int) -> list[int]:
        """Indexes of the block's transactions that concern the address, ascending."""
        if number == 0:
            return []
        block = self._blocks.block(number)
        receipts = self._blocks.receipts(number)
        found = set(indexed_transactions(self._snapshot, self._address, number))
        found |= {index for index, receipt in enumerate(receipts) if self._is_logged(receipt)}
        found |= self._direct(block, receipts)
        return sorted(found)

    def _is_logged(self, receipt: Receipt) -> bool:
        return any(self._is_in(log) for log in receipt.logs)

    def _is_in(self, log: Log) -> bool:
        return log.address == self._address or self._word in log.topics[1:]

    def _direct(self, block: Block, receipts: tuple[Receipt, ...]) -> set[int]:
        """Sent by it, sent to it, or creating it."""
        number = block.header.number
        nonces = range(self._nonce(number - 1), self._nonce(number))
        return {
            index
            for index, (transaction, receipt) in enumerate(
                zip(block.transactions, receipts, strict=True)
            )
            if transaction.to == self._address
            or receipt.contract_address == self._address
            # Who signed it is the most expensive question.
            or (transaction.nonce in nonces and sender_of(transaction) == self._address)
        }

    def _nonce(self, number: int) -> int:
        account = StateAt(self._snapshot, number).account(self._address)
        return 0 if account is None else account.nonce
