"""eth_simulateV1: blocks that nobody made, and what calls in them would do."""

from collections.abc import Mapping
from typing import Any

from eth_typing import Hash32

from chain.answers import BlockOutline, BlockReference, BlockTag, PlacedLog, PlacedTransaction
from chain.blocks import encode_block
from chain.errors import (
    FloorDataGasTooLow,
    InitCodeTooLarge,
    InsufficientFunds,
    InsufficientFundsForTransfer,
    IntrinsicGasTooLow,
    InvalidTransaction,
    MaxFeeBelowBaseFee,
    NonceTooHigh,
    NonceTooLow,
)
from chain.message_calls import BlockOverrides
from chain.queries import ChainView
from chain.reverts import revert_message
from chain.simulation_request import (
    BlockGasLimitReached,
    BlockNumbersOutOfOrder,
    BlockStateCalls,
    NothingToSimulate,
    SimulatedBlockResult,
    SimulatedCall,
    SimulatedCallInvalid,
    SimulatedCallResult,
    SimulationError,
    SimulationRequest,
    TimestampsOutOfOrder,
    TooManyBlocks,
)
from node.json_rpc.call_parameters import (
    call_with_nonce,
    simulated_block_overrides,
    state_overrides,
)
from node.json_rpc.dispatch import Method, Runs
from node.json_rpc.encoding import (
    Json,
    block_json,
    data,
    log_json,
    placed_transaction_json,
    quantity,
)
from node.json_rpc.errors import INVALID_PARAMS, REVERTED, SERVER_ERROR, RpcError
from node.json_rpc.json_objects import Fields, field, fields_of, items_of
from node.json_rpc.parameters import Parameter, block_reference, boolean

VM_ERROR = -32015
CODES: Mapping[type[Exception], int] = {
    NonceTooLow: -38010,
    NonceTooHigh: -38011,
    MaxFeeBelowBaseFee: -38012,
    IntrinsicGasTooLow: -38013,
    FloorDataGasTooLow: -38013,
    InsufficientFunds: -38014,
    InsufficientFundsForTransfer: -38014,
    BlockGasLimitReached: -38015,
    BlockNumbersOutOfOrder: -38020,
    TimestampsOutOfOrder: -38021,
    InitCodeTooLarge: -38025,
    TooManyBlocks: -38026,
    NothingToSimulate: INVALID_PARAMS,
}
"""Of ethereum/execution-apis, as geth gives them (internal/ethapi/errors.go)."""


def _simulate(
    view: ChainView, wanted: tuple[SimulationRequest, bool], at: BlockReference
) -> list[Json]:
    request, is_full = wanted
    try:
        results = view.simulate(request, at)
    except SimulationError as error:
        raise RpcError(_code(error), str(error)) from None
    return [_block_json(result, is_full) for result in results]


def _code(error: SimulationError) -> int:
    """What is wrong with a call as a transaction has a code at least of the parameters."""
    if isinstance(error, SimulatedCallInvalid):
        return _code_of_reason(error.reason)
    return CODES.get(type(error), SERVER_ERROR)


def _code_of_reason(reason: InvalidTransaction) -> int:
    return CODES.get(type(reason), INVALID_PARAMS)


def _block_json(result: SimulatedBlockResult, is_full: bool) -> Json:
    block, header = result.block, result.block.header
    hashes = tuple(transaction.hash for transaction in block.transactions)
    outline = BlockOutline(header, hashes, (), block.withdrawals, (), len(encode_block(block)))
    shown = block_json(outline, None)
    if is_full:
        shown["transactions"] = [
            _transaction_json(_placed(result, index)) for index in range(len(result.calls))
        ]
    shown["calls"] = [
        _call_json(call, _placed(result, index)) for index, call in enumerate(result.calls)
    ]
    return shown


def _placed(result: SimulatedBlockResult, index: int) -> PlacedTransaction:
    header, call = result.block.header, result.calls[index]
    return PlacedTransaction(
        transaction=call.transaction,
        sender=call.sender,
        block_hash=header.hash,
        block_number=header.number,
        block_timestamp=header.timestamp,
        index=index,
        base_fee=header.base_fee,
    )


def _transaction_json(placed: PlacedTransaction) -> Json:
    """Without a signature, which geth shows as zeros."""
    return placed_transaction_json(placed) | {"v": "0x0", "r": "0x0", "s": "0x0"}


def _call_json(call: SimulatedCallResult, placed: PlacedTransaction) -> Json:
    result = call.result
    shown: Json = {
        "returnData": data(result.output),
        "logs": [
            log_json(
                PlacedLog(
                    log=log,
                    block_hash=Hash32(placed.block_hash),
                    block_number=placed.block_number,
                    block_timestamp=placed.block_timestamp,
                    transaction_hash=placed.transaction.hash,
                    transaction_index=placed.index,
                    log_index=index,
                )
            )
            for index, log in call.logs
        ],
        "gasUsed": quantity(result.gas_used),
        "maxUsedGas": quantity(result.peak_gas_used),
        "status": "0x1" if result.error is None else "0x0",
    }
    if result.is_revert:
        # Beside a reverted call geth answers no return data: it is the error's.
        shown["error"] = {
            "message": revert_message(result.output),
            "code": REVERTED,
            "data": data(result.output),
        }
        shown["returnData"] = "0x"
    elif result.error is not None:
        shown["error"] = {"message": result.error, "code": VM_ERROR}
    return shown


def simulation(value: Any) -> tuple[SimulationRequest, bool]:
    """The first argument, and whether transactions are answered in full."""
    fields = fields_of(value, "ethapi.simOpts")
    blocks = [
        _block_state_calls(fields_of(item, "ethapi.simBlock"))
        for item in field(fields, "blockStateCalls", _array) or ()
    ]
    request = SimulationRequest(
        blocks=blocks,
        traces_transfers=field(fields, "traceTransfers", boolean) or False,
        is_validating=field(fields, "validation", boolean) or False,
    )
    return request, field(fields, "returnFullTransactions", boolean) or False


def _block_state_calls(fields: Fields) -> BlockStateCalls:
    return BlockStateCalls(
        calls=[_call(item) for item in field(fields, "calls", _array) or ()],
        block_overrides=field(fields, "blockOverrides", simulated_block_overrides)
        or BlockOverrides(),
        state_overrides=field(fields, "stateOverrides", state_overrides) or {},
    )


def _call(value: Any) -> SimulatedCall:
    request, nonce = call_with_nonce(value)
    return SimulatedCall(request, nonce)


def _array(value: Any) -> list[Any]:
    return items_of(value, "[]ethapi.simBlock")


METHODS = (
    Method(
        "eth_simulateV1",
        _simulate,
        (
            Parameter(simulation),
            Parameter(block_reference, optional=True, default=BlockTag.LATEST),
        ),
        Runs.IN_CALL_WORKER,
    ),
)
