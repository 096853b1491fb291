"""Transactions of the chain executed again with a tracer each, for the namespaces that show how they ran."""

from collections.abc import Callable
from typing import TypeVar

from eth_typing import Hash32

from chain.answers import PlacedReceipt
from chain.blocks import Block
from chain.engine import Receipt
from chain.queries import ChainView
from chain.tracer import Tracer
from chain.tracing.budget import TraceBudget
from chain.tracing.context import TraceContext

_Tracer = TypeVar("_Tracer", bound=Tracer)
MakeTracer = Callable[[TraceContext, TraceBudget], _Tracer]


def replay_transaction(
    view: ChainView, transaction_hash: bytes, make_tracer: MakeTracer[_Tracer]
) -> tuple[_Tracer, Receipt] | None:
    """The tracer, and the receipt with output and error, which are not stored.

    None where the chain has no such transaction.
    """
    placed = view.find_receipt(Hash32(transaction_hash))
    if placed is None:
        return None
    transaction = placed.placed
    block = view.find_block(transaction.block_number)
    assert block is not None, "its transaction has been found"
    tracer = make_tracer(context_of(placed), TraceBudget())
    receipt = view.replay(block).trace_one(transaction.index, tracer)
    return tracer, receipt


def replay_block(
    view: ChainView,
    block: Block,
    make_tracer: MakeTracer[_Tracer],
    budget: TraceBudget | None = None,
) -> list[tuple[_Tracer, Receipt]]:
    """Every transaction of a block of the chain, in order; `budget`: of more blocks than this."""
    receipts = view.find_receipts(block.header.number)
    assert receipts is not None
    budget = budget or TraceBudget()
    tracers = [make_tracer(context_of(placed), budget) for placed in receipts]
    replayed = view.replay(block).trace_all(tracers.__getitem__)
    return list(zip(tracers, replayed, strict=True))


def context_of(placed: PlacedReceipt) -> TraceContext:
    """Where a transaction of the chain stands."""
    transaction = placed.placed
    return TraceContext(
        block_number=transaction.block_number,
        block_hash=transaction.block_hash,
        transaction_hash=transaction.transaction.hash,
        transaction_index=transaction.index,
        first_log_index=placed.first_log_index,
    )
