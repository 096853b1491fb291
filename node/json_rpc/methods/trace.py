"""The `trace_` namespace: traces in Parity's format, as Erigon and Reth answer them."""

from collections.abc import Sequence
from typing import Any

from chain.answers import BlockReference
from chain.engine import Receipt
from chain.queries import ChainView
from chain.tracing.budget import TraceBudget
from chain.tracing.context import TraceContext
from chain.tracing.flat_calls import ParityTracer
from node.json_rpc.dispatch import Method, Runs
from node.json_rpc.encoding import Json, data
from node.json_rpc.errors import ParameterError, invalid_params, server_error
from node.json_rpc.parameters import Parameter, block_reference, hash32, json_kind, uint64
from node.json_rpc.replayed import replay_block, replay_transaction

TRACE_POSITIONS_MAX = 1_024
"""Of one trace's place in the tree: calls are no deeper."""
TRACE_KIND = "trace"
OTHER_KINDS = ("vmTrace", "stateDiff")


def _block(view: ChainView, at: BlockReference) -> list[Json] | None:
    block = view.find_block(at)
    if block is None:
        return None
    return [frame for tracer, _ in replay_block(view, block, _tracer) for frame in tracer.result()]


def _transaction(view: ChainView, transaction_hash: bytes) -> list[Json] | None:
    replayed = replay_transaction(view, transaction_hash, _tracer)
    return None if replayed is None else replayed[0].result()


def _get(view: ChainView, transaction_hash: bytes, positions: Sequence[int]) -> Json | None:
    """One trace of a transaction, by its place in the tree of calls."""
    for frame in _transaction(view, transaction_hash) or ():
        if frame["traceAddress"] == list(positions):
            return frame
    return None


def _replay_block(view: ChainView, at: BlockReference, _: Sequence[str]) -> list[Json]:
    block = view.find_block(at)
    if block is None:
        raise server_error("block not found")
    replayed = replay_block(view, block, _tracer)
    return [
        _replay_json(tracer, receipt) | {"transactionHash": data(transaction.hash)}
        for transaction, (tracer, receipt) in zip(block.transactions, replayed, strict=True)
    ]


def _replay_transaction(view: ChainView, transaction_hash: bytes, _: Sequence[str]) -> Json:
    replayed = replay_transaction(view, transaction_hash, _tracer)
    if replayed is None:
        raise server_error("transaction not found")
    return _replay_json(*replayed)


def _replay_json(tracer: ParityTracer, receipt: Receipt) -> Json:
    return {
        "output": data(receipt.output),
        "stateDiff": None,
        "trace": tracer.bare_frames(),
        "vmTrace": None,
    }


def _tracer(context: TraceContext, budget: TraceBudget) -> ParityTracer:
    return ParityTracer(context, budget)


def _trace_kinds(value: Any) -> Sequence[str]:
    if not isinstance(value, list):
        raise ParameterError(
            f"json: cannot unmarshal {json_kind(value)} into Go value of type []string"
        )
    for kind in value:
        if kind in OTHER_KINDS:
            raise invalid_params(f"{kind} is not supported, only {TRACE_KIND}")
        if kind != TRACE_KIND:
            raise ParameterError("unrecognized trace type")
    return value


def _trace_address(value: Any) -> list[int]:
    if not isinstance(value, list) or len(value) > TRACE_POSITIONS_MAX:
        raise ParameterError("the place of a trace is a list of numbers")
    return [uint64(position) for position in value]


_BLOCK = Parameter(block_reference)
_HASH = Parameter(hash32)
_KINDS = Parameter(_trace_kinds)
METHODS = (
    Method("trace_block", _block, (_BLOCK,), Runs.IN_TRACE_WORKER),
    Method("trace_transaction", _transaction, (_HASH,), Runs.IN_TRACE_WORKER),
    Method("trace_get", _get, (_HASH, Parameter(_trace_address)), Runs.IN_TRACE_WORKER),
    Method("trace_replayBlockTransactions", _replay_block, (_BLOCK, _KINDS), Runs.IN_TRACE_WORKER),
    Method("trace_replayTransaction", _replay_transaction, (_HASH, _KINDS), Runs.IN_TRACE_WORKER),
)
