"""The `trace_` namespace: traces in Parity's format, as Erigon and Reth answer them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chain.answers import BlockReference, BlockTag
from chain.engine import Receipt
from chain.queries import ChainView
from chain.tracing.budget import TraceBudget
from chain.tracing.context import TraceContext
from chain.tracing.flat_calls import ParityTracer
from chain.tracing.mux import MuxTracer
from chain.tracing.noop import NoopTracer
from chain.tracing.state_diff import StateDiffTracer
from node.json_rpc.call_parameters import ADDRESSES_MAX
from node.json_rpc.dispatch import Method, Runs
from node.json_rpc.encoding import Json, data
from node.json_rpc.errors import (
    LIMIT_EXCEEDED,
    ParameterError,
    RpcError,
    invalid_params,
    server_error,
)
from node.json_rpc.parameters import (
    Parameter,
    address,
    block_number,
    block_reference,
    count,
    hash32,
    json_kind,
    uint64,
)
from node.json_rpc.replayed import MakeTracer, replay_block, replay_transaction

TRACE_POSITIONS_MAX = 1_024
"""Of one trace's place in the tree: calls are no deeper."""
TRACE_KIND, STATE_DIFF_KIND = "trace", "stateDiff"
KINDS = (TRACE_KIND, STATE_DIFF_KIND)
VM_TRACE_KIND = "vmTrace"
UNION, INTERSECTION = "union", "intersection"
FILTERED_BLOCKS_MAX = 100
"""Of one trace_filter, as Reth's."""


@dataclass(frozen=True, slots=True)
class TraceFilter:
    """What trace_filter asks for; no addresses are any."""

    first_block: int | None
    last_block: int | None
    """None is the head."""
    senders: frozenset[str]
    recipients: frozenset[str]
    needs_both: bool
    """Whether sender and recipient must fit, or one of them."""
    after: int
    count: int | None

    def matches(self, frame: Json) -> bool:
        """Of a trace in Parity's form."""
        action, made = frame["action"], (frame.get("result") or {}).get("address")
        sender = action.get("from") or action["address"]
        recipient = action.get("to") or action.get("refundAddress") or made
        fits = [
            party in wanted
            for party, wanted in ((sender, self.senders), (recipient, self.recipients))
            if wanted
        ]
        return (all(fits) if self.needs_both else any(fits)) or not fits


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


def _filter(view: ChainView, wanted: TraceFilter) -> list[Json]:
    """Traces of a range of blocks by who called and who was called."""
    head = view.head_number
    first = head if wanted.first_block is None else wanted.first_block
    last = head if wanted.last_block is None else wanted.last_block
    if not first <= last <= head:
        raise invalid_params("invalid block range params")
    if last - first >= FILTERED_BLOCKS_MAX:
        raise RpcError(LIMIT_EXCEEDED, f"block range too large, max is {FILTERED_BLOCKS_MAX}")
    budget = TraceBudget()
    found: list[Json] = []
    for number in range(max(first, 1), last + 1):
        block = view.find_block(number)
        assert block is not None, "up to the head there is one"
        for tracer, _ in replay_block(view, block, _tracer, budget):
            found += [frame for frame in tracer.result() if wanted.matches(frame)]
    end = None if wanted.count is None else wanted.after + wanted.count
    return found[wanted.after : end]


def _replay_block(view: ChainView, at: BlockReference, kinds: Sequence[str]) -> list[Json]:
    block = view.find_block(at)
    if block is None:
        raise server_error("block not found")
    replayed = replay_block(view, block, _maker(kinds))
    return [
        _replay_json(tracer, receipt) | {"transactionHash": data(transaction.hash)}
        for transaction, (tracer, receipt) in zip(block.transactions, replayed, strict=True)
    ]


def _replay_transaction(view: ChainView, transaction_hash: bytes, kinds: Sequence[str]) -> Json:
    replayed = replay_transaction(view, transaction_hash, _maker(kinds))
    if replayed is None:
        raise server_error("transaction not found")
    return _replay_json(*replayed)


def _replay_json(tracer: MuxTracer, receipt: Receipt) -> Json:
    """Null or empty what was not asked for."""
    found: Json = tracer.result()
    nothing: Json = {STATE_DIFF_KIND: None, TRACE_KIND: []}
    return nothing | found | {"output": data(receipt.output), VM_TRACE_KIND: None}


def _maker(kinds: Sequence[str]) -> MakeTracer[MuxTracer]:
    def make(_: TraceContext, budget: TraceBudget) -> MuxTracer:
        tracers: dict[str, NoopTracer] = {}
        if TRACE_KIND in kinds:
            tracers[TRACE_KIND] = ParityTracer(None, budget)
        if STATE_DIFF_KIND in kinds:
            tracers[STATE_DIFF_KIND] = StateDiffTracer(budget)
        return MuxTracer(tracers)

    return make


def _tracer(context: TraceContext, budget: TraceBudget) -> ParityTracer:
    return ParityTracer(context, budget)


def _trace_kinds(value: Any) -> Sequence[str]:
    if not isinstance(value, list):
        raise ParameterError(
            f"json: cannot unmarshal {json_kind(value)} into Go value of type []string"
        )
    for kind in value:
        if kind == VM_TRACE_KIND:
            raise invalid_params(f"{kind} is not supported, only {' and '.join(KINDS)}")
        if kind not in KINDS:
            raise ParameterError("unrecognized trace type")
    return value


def _trace_address(value: Any) -> list[int]:
    if not isinstance(value, list) or len(value) > TRACE_POSITIONS_MAX:
        raise ParameterError("the place of a trace is a list of numbers")
    return [uint64(position) for position in value]


def trace_filter(value: Any) -> TraceFilter:
    """trace_filter's argument."""
    if not isinstance(value, dict):
        raise ParameterError(
            f"json: cannot unmarshal {json_kind(value)} into Go value of type TraceFilterRequest"
        )
    mode = value.get("mode") or UNION
    if mode not in (UNION, INTERSECTION):
        raise ParameterError(f"mode is {UNION} or {INTERSECTION}")
    return TraceFilter(
        first_block=_bound(value.get("fromBlock")),
        last_block=_bound(value.get("toBlock")),
        senders=_addresses(value.get("fromAddress")),
        recipients=_addresses(value.get("toAddress")),
        needs_both=mode == INTERSECTION,
        after=0 if value.get("after") is None else count(value["after"]),
        count=None if value.get("count") is None else count(value["count"]),
    )


def _bound(value: Any) -> int | None:
    """None is the head."""
    found = None if value is None else block_number(value)
    if isinstance(found, BlockTag):
        return 0 if found is BlockTag.EARLIEST else None
    return found


def _addresses(value: Any) -> frozenset[str]:
    if not isinstance(value, list | None):
        raise ParameterError("addresses are a list")
    if len(value or ()) > ADDRESSES_MAX:
        raise ParameterError("exceed max addresses")
    return frozenset(data(address(item)) for item in value or ())


_BLOCK = Parameter(block_reference)
_HASH = Parameter(hash32)
_KINDS = Parameter(_trace_kinds)
METHODS = (
    Method("trace_block", _block, (_BLOCK,), Runs.IN_TRACE_WORKER),
    Method("trace_transaction", _transaction, (_HASH,), Runs.IN_TRACE_WORKER),
    Method("trace_filter", _filter, (Parameter(trace_filter),), Runs.IN_TRACE_WORKER),
    Method("trace_get", _get, (_HASH, Parameter(_trace_address)), Runs.IN_TRACE_WORKER),
    Method("trace_replayBlockTransactions", _replay_block, (_BLOCK, _KINDS), Runs.IN_TRACE_WORKER),
    Method("trace_replayTransaction", _replay_transaction, (_HASH, _KINDS), Runs.IN_TRACE_WORKER),
)
