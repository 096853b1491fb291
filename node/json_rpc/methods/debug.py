"""The tracing part of the `debug_` namespace, and what else of it asks for no bytes (`raw.py`)."""

from typing import Any

from eth_typing import Address, Hash32

from chain.answers import BlockReference, BlockTag
from chain.blocks import Block, decode_block
from chain.errors import UndecodableBlock
from chain.message_calls import CallRequest
from chain.queries import ChainView
from chain.query_errors import HeaderForHashNotFound
from chain.tracing.budget import TraceBudget
from chain.tracing.context import TraceContext
from chain.tracing.noop import NoopTracer
from chain.tracing.selection import select_tracer
from node.json_rpc.call_parameters import call_request
from node.json_rpc.dispatch import Method, Runs
from node.json_rpc.encoding import Json, data, word
from node.json_rpc.errors import server_error
from node.json_rpc.parameters import (
    Parameter,
    address,
    block_number,
    block_reference,
    count,
    hash32,
)
from node.json_rpc.parameters import data as data_parameter
from node.json_rpc.replayed import MakeTracer, replay_block, replay_transaction
from node.json_rpc.trace_parameters import (
    TraceCallOptions,
    TraceOptions,
    trace_call_options,
    trace_options,
)

STORAGE_RANGE_MAX = 1_024
"""Slots of one debug_storageRangeAt."""


def _trace_transaction(view: ChainView, transaction_hash: bytes, options: TraceOptions) -> Any:
    replayed = replay_transaction(view, transaction_hash, _maker(options))
    if replayed is None:
        raise server_error("transaction not found")
    return replayed[0].result()


def _trace_call(
    view: ChainView, request: CallRequest, at: BlockReference, options: TraceCallOptions
) -> Any:
    if at is BlockTag.PENDING:
        raise server_error("tracing on top of pending is not supported")
    block = _block(view, at)
    context = TraceContext(block_number=block.header.number)
    tracer = _maker(options.trace)(context, TraceBudget())
    view.trace_call(
        request,
        tracer,
        at,
        options.overrides,
        options.block_overrides,
        options.transaction_index,
    )
    return tracer.result()


def _trace_block_by_reference(
    view: ChainView, at: BlockReference, options: TraceOptions
) -> list[Json]:
    block = _block(view, at)
    return [
        {"txHash": data(transaction.hash), "result": tracer.result()}
        for transaction, (tracer, _) in zip(
            block.transactions, replay_block(view, block, _maker(options)), strict=True
        )
    ]


def _trace_block(view: ChainView, encoded: bytes, options: TraceOptions) -> list[Json]:
    """A block that may be none of the chain's; its parent is one."""
    try:
        block = decode_block(encoded)
    except UndecodableBlock as error:
        raise server_error(f"could not decode block: {error}") from None
    header, budget = block.header, TraceBudget()
    tracers = [
        _maker(options)(TraceContext(header.number, header.hash, transaction.hash, index), budget)
        for index, transaction in enumerate(block.transactions)
    ]
    try:
        replay = view.replay(block)
    except HeaderForHashNotFound:
        raise server_error(f"block 0x{header.parent_hash.hex()} not found") from None
    replay.trace_all(tracers.__getitem__)
    return [
        {"txHash": data(transaction.hash), "result": tracer.result()}
        for transaction, tracer in zip(block.transactions, tracers, strict=True)
    ]


def _maker(options: TraceOptions) -> MakeTracer[NoopTracer]:
    def make(context: TraceContext, budget: TraceBudget) -> NoopTracer:
        return select_tracer(options.tracer, options.tracer_options, context, budget)

    return make


def _block(view: ChainView, at: BlockReference) -> Block:
    block = view.find_block(at)
    if block is not None:
        return block
    name = f"0x{Hash32(at).hex()}" if isinstance(at, bytes) else f"#{at}"
    raise server_error(f"block {name} not found")


def _storage_range(
    view: ChainView, at: BlockReference, index: int, owner: bytes, first: bytes, maximum: int
) -> Json:
    """Before that transaction of the block; keys are hashes of slots, beside the slots themselves."""
    block = _block(view, at)
    wanted = min(maximum, STORAGE_RANGE_MAX)
    found = view.storage_range(block.header.number, index, Address(owner), first, wanted)
    return {
        "storage": {
            data(slot_hash): {"key": word(slot), "value": word(value)}
            for slot_hash, slot, value in found.slots
        },
        "nextKey": None if found.next_hash is None else data(found.next_hash),
    }


def _bad_blocks(_: ChainView) -> list[Json]:
    """Blocks that validators refuse are not kept."""
    return []


def _time_ms(_: Any, options: TraceOptions) -> int | None:
    return options.timeout_ms


def _call_time_ms(_: Any, __: Any, options: TraceCallOptions) -> int | None:
    return options.trace.timeout_ms


_OPTIONS = Parameter(trace_options, optional=True, default=TraceOptions())
METHODS = (
    Method(
        "debug_traceTransaction",
        _trace_transaction,
        (Parameter(hash32), _OPTIONS),
        Runs.IN_TRACE_WORKER,
        time_ms=_time_ms,
    ),
    Method(
        "debug_traceCall",
        _trace_call,
        (
            Parameter(call_request),
            Parameter(block_reference, optional=True, default=BlockTag.LATEST),
            Parameter(trace_call_options, optional=True, default=TraceCallOptions()),
        ),
        Runs.IN_TRACE_WORKER,
        time_ms=_call_time_ms,
    ),
    Method(
        "debug_traceBlockByNumber",
        _trace_block_by_reference,
        (Parameter(block_number), _OPTIONS),
        Runs.IN_TRACE_WORKER,
        time_ms=_time_ms,
    ),
    Method(
        "debug_traceBlockByHash",
        _trace_block_by_reference,
        (Parameter(hash32), _OPTIONS),
        Runs.IN_TRACE_WORKER,
        time_ms=_time_ms,
    ),
    Method(
        "debug_traceBlock",
        _trace_block,
        (Parameter(data_parameter), _OPTIONS),
        Runs.IN_TRACE_WORKER,
        time_ms=_time_ms,
    ),
    Method(
        "debug_storageRangeAt",
        _storage_range,
        (
            Parameter(block_reference),
            Parameter(count),
            Parameter(address),
            Parameter(data_parameter),
            Parameter(count),
        ),
        Runs.IN_TRACE_WORKER,
    ),
    Method("debug_getBadBlocks", _bad_blocks),
)
