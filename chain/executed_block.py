"""A block together with all that executing it gave, so that nothing is executed twice."""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_typing import Address, Hash32

from chain.blocks import EMPTY_TRIE_ROOT, Block, encode_withdrawal
from chain.config import Rules
from chain.engine import BlockResult, Withdrawal
from chain.forks.fork import Fork
from chain.ordered_trie import ordered_trie_root
from chain.receipts import bloom_of, encode_receipt, requests_hash
from chain.state import StateUpdate
from chain.transactions import Transaction


@dataclass(frozen=True, slots=True)
class ExecutedBlock:
    """Valid on top of its parent; `Chain.commit` makes it the head."""

    block: Block
    payload: bytes
    """The block as `encode_block` has it: what travels and what is stored."""
    senders: tuple[Address, ...]
    """Of the transactions, in their order."""
    result: BlockResult
    update: StateUpdate

    @property
    def hash(self) -> Hash32:
        return self.block.header.hash


@dataclass(frozen=True, slots=True)
class ExecutionFields:
    """The header fields that follow from executing a block; None where the fork has no such field."""

    state_root: Hash32
    receipts_root: Hash32
    bloom: bytes
    gas_used: int
    blob_gas_used: int | None
    requests_hash: Hash32 | None


def execution_fields(result: BlockResult, state_root: Hash32, rules: Rules) -> ExecutionFields:
    """What the header of the block with this result says."""
    logs = (log for receipt in result.receipts for log in receipt.logs)
    return ExecutionFields(
        state_root=state_root,
        receipts_root=ordered_trie_root([encode_receipt(receipt) for receipt in result.receipts]),
        bloom=bloom_of(logs),
        gas_used=result.gas_used,
        blob_gas_used=result.blob_gas_used if rules.fork >= Fork.CANCUN else None,
        requests_hash=requests_hash(result.requests) if rules.fork >= Fork.PRAGUE else None,
    )


def transactions_root(transactions: Sequence[Transaction]) -> Hash32:
    return ordered_trie_root([transaction.encoded for transaction in transactions])


def withdrawals_root(withdrawals: Sequence[Withdrawal] | None) -> Hash32 | None:
    """None before Shanghai, as the list."""
    if withdrawals is None:
        return None
    if not withdrawals:
        return EMPTY_TRIE_ROOT
    return ordered_trie_root([encode_withdrawal(withdrawal) for withdrawal in withdrawals])
