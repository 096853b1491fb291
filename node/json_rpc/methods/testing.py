"""The `testing_` namespace of ethereum/execution-apis: blocks to order. Of imported chains alone.

No chain of ours has it: it executes whatever it is given.
"""

from typing import Any

from eth_typing import Address, Hash32

from chain.building import EXTRA_DATA, PayloadAttributes
from chain.errors import InvalidBlock, UndecodableTransaction
from chain.given_block import BuiltBlock, GivenBlock
from chain.header_rules import EXTRA_DATA_LIMIT
from chain.queries import ChainView
from chain.transactions import Transaction, decode_transaction
from node.json_rpc.call_parameters import withdrawals
from node.json_rpc.dispatch import Method, Runs
from node.json_rpc.encoding import Json, data, quantity, withdrawal_json
from node.json_rpc.errors import ParameterError, server_error
from node.json_rpc.json_objects import field, fields_of, items_of
from node.json_rpc.parameters import Parameter, address, hash32, uint64
from node.json_rpc.parameters import data as data_parameter

GAS_LIMIT_TARGET = 60_000_000
"""go-ethereum's, where the attributes name none."""


def _build_block(
    view: ChainView,
    parent_hash: bytes,
    attributes: PayloadAttributes,
    transactions: tuple[Transaction, ...],
    extra_data: bytes,
) -> Json:
    parent = view.find_header(Hash32(parent_hash))
    if parent is None:
        raise server_error("unknown parent block")
    if attributes.timestamp <= parent.timestamp:
        raise server_error(
            f"invalid timestamp, parent {parent.timestamp} given {attributes.timestamp}"
        )
    given = GivenBlock(attributes, transactions, extra_data)
    try:
        return _envelope(view.build(given, Hash32(parent_hash)))
    except InvalidBlock as error:
        raise server_error(str(error)) from None


def _envelope(built: BuiltBlock) -> Json:
    """As engine_getPayloadV5 answers."""
    return {
        "executionPayload": _payload(built),
        "blockValue": quantity(built.tips),
        "blobsBundle": {"commitments": [], "proofs": [], "blobs": []},
        "executionRequests": [data(request) for request in built.requests],
        "shouldOverrideBuilder": False,
    }


def _payload(built: BuiltBlock) -> Json:
    header = built.block.header
    shown: Json = {
        "parentHash": data(header.parent_hash),
        "feeRecipient": data(header.coinbase),
        "stateRoot": data(header.state_root),
        "receiptsRoot": data(header.receipts_root),
        "logsBloom": data(header.bloom),
        "prevRandao": data(header.mix_hash),
        "blockNumber": quantity(header.number),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "timestamp": quantity(header.timestamp),
        "extraData": data(header.extra_data),
        "baseFeePerGas": quantity(header.base_fee or 0),
        "blockHash": data(header.hash),
        "transactions": [data(transaction.encoded) for transaction in built.block.transactions],
    }
    if built.block.withdrawals is not None:
        shown["withdrawals"] = [withdrawal_json(entry) for entry in built.block.withdrawals]
    if header.blob_gas_used is not None and header.excess_blob_gas is not None:
        shown["blobGasUsed"] = quantity(header.blob_gas_used)
        shown["excessBlobGas"] = quantity(header.excess_blob_gas)
    return shown


def payload_attributes(value: Any) -> PayloadAttributes:
    """Those of the Engine API; the required ones are required."""
    fields = fields_of(value, "engine.PayloadAttributes")
    timestamp = field(fields, "timestamp", uint64)
    prev_randao = field(fields, "prevRandao", hash32)
    coinbase = field(fields, "suggestedFeeRecipient", address)
    if timestamp is None or prev_randao is None or coinbase is None:
        names = ("timestamp", "prevRandao", "suggestedFeeRecipient")
        missing = next(name for name in names if fields.get(name) is None)
        raise ParameterError(f"missing required field '{missing}' for PayloadAttributes")
    target = field(fields, "targetGasLimit", uint64)
    return PayloadAttributes(
        timestamp=timestamp,
        prev_randao=Hash32(prev_randao),
        coinbase=Address(coinbase),
        parent_beacon_block_root=Hash32(
            field(fields, "parentBeaconBlockRoot", hash32) or bytes(32)
        ),
        gas_limit_target=GAS_LIMIT_TARGET if target is None else target,
        withdrawals=field(fields, "withdrawals", withdrawals) or (),
    )


def raw_transactions(value: Any) -> tuple[Transaction, ...]:
    """Encoded and signed; null leaves the choice to us, which is none."""
    if value is None:
        return ()
    try:
        items = items_of(value, "[]hexutil.Bytes")
        return tuple(decode_transaction(data_parameter(item)) for item in items)
    except UndecodableTransaction as error:
        raise ParameterError(str(error)) from None


def extra_data(value: Any) -> bytes:
    """At most 32 bytes."""
    found = data_parameter(value)
    if len(found) > EXTRA_DATA_LIMIT:
        raise ParameterError(f"extra data of {len(found)} bytes, at most {EXTRA_DATA_LIMIT}")
    return found


METHODS = (
    Method(
        "testing_buildBlockV1",
        _build_block,
        (
            Parameter(hash32),
            Parameter(payload_attributes),
            Parameter(raw_transactions, optional=True, default=()),
            Parameter(extra_data, optional=True, default=EXTRA_DATA),
        ),
        Runs.IN_CALL_WORKER,
    ),
)
