"""The objects that methods take, as JSON schemas for the OpenRPC document; every field may be absent."""

from typing import Any, Final

Schema = dict[str, Any]

HEX: Final[Schema] = {"type": "string", "pattern": "^0x[0-9a-f]*$"}
QUANTITY: Final[Schema] = {"type": "string", "pattern": "^0x(0|[1-9a-f][0-9a-f]*)$"}
HASH: Final[Schema] = {"type": "string", "pattern": "^0x[0-9a-f]{64}$"}
ADDRESS: Final[Schema] = {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"}
BOOLEAN: Final[Schema] = {"type": "boolean"}
BLOCK: Final[Schema] = {
    "description": "a number, one of latest, safe, finalized, earliest, pending, a block hash, or "
    "the object of EIP-1898",
    "type": ["string", "object"],
}


def array(items: Schema) -> Schema:
    """Of any length."""
    return {"type": "array", "items": items}


def optional_fields(**fields: Schema) -> Schema:
    """An object; a field of which nothing is said is ignored, as in geth."""
    return {"type": "object", "properties": fields}


def _by(key: str, value: Schema) -> Schema:
    return {"type": "object", "description": f"by {key}", "additionalProperties": value}


_ACCESS_LIST: Final = array(optional_fields(address=ADDRESS, storageKeys=array(HASH)))
_AUTHORIZATION: Final = optional_fields(
    chainId=QUANTITY, address=ADDRESS, nonce=QUANTITY, yParity=QUANTITY, r=QUANTITY, s=QUANTITY
)
_SLOTS: Final = _by("slot", HASH)
_CALL_FIELDS: Final[dict[str, Schema]] = {
    "from": ADDRESS,
    "to": ADDRESS,
    "gas": QUANTITY,
    "gasPrice": QUANTITY,
    "maxFeePerGas": QUANTITY,
    "maxPriorityFeePerGas": QUANTITY,
    "maxFeePerBlobGas": QUANTITY,
    "value": QUANTITY,
    "input": HEX,
    "data": HEX,
    "chainId": QUANTITY,
    "accessList": _ACCESS_LIST,
    "authorizationList": array(_AUTHORIZATION),
    "blobVersionedHashes": array(HASH),
}
CALL: Final = optional_fields(**_CALL_FIELDS)
TRANSACTION: Final = optional_fields(**_CALL_FIELDS, nonce=QUANTITY)
STATE_OVERRIDES: Final = _by(
    "address",
    optional_fields(
        balance=QUANTITY,
        nonce=QUANTITY,
        code=HEX,
        state=_SLOTS,
        stateDiff=_SLOTS,
        movePrecompileToAddress=ADDRESS,
    ),
)
_BLOCK_FIELDS: Final[dict[str, Schema]] = {
    "number": QUANTITY,
    "difficulty": QUANTITY,
    "time": QUANTITY,
    "gasLimit": QUANTITY,
    "feeRecipient": ADDRESS,
    "prevRandao": HASH,
    "baseFeePerGas": QUANTITY,
    "blobBaseFee": QUANTITY,
}
BLOCK_OVERRIDES: Final = optional_fields(**_BLOCK_FIELDS)
SIMULATION: Final = optional_fields(
    blockStateCalls=array(
        optional_fields(
            blockOverrides=optional_fields(
                **_BLOCK_FIELDS,
                beaconRoot=HASH,
                withdrawals=array(
                    optional_fields(
                        index=QUANTITY, validatorIndex=QUANTITY, address=ADDRESS, amount=QUANTITY
                    )
                ),
            ),
            stateOverrides=STATE_OVERRIDES,
            calls=array(TRANSACTION),
        )
    ),
    traceTransfers=BOOLEAN,
    validation=BOOLEAN,
    returnFullTransactions=BOOLEAN,
)
LOG_FILTER: Final = optional_fields(
    fromBlock=BLOCK,
    toBlock=BLOCK,
    blockHash=HASH,
    address={"type": ["string", "array"], "items": ADDRESS},
    topics=array({"type": ["string", "array", "null"], "items": HASH}),
)
_TRACE_FIELDS: Final[dict[str, Schema]] = {
    "tracer": {"type": "string"},
    "tracerConfig": {"type": "object"},
    "timeout": {"type": "string", "description": "a duration as Go writes it, such as 30s"},
    "enableMemory": BOOLEAN,
    "disableStack": BOOLEAN,
    "disableStorage": BOOLEAN,
    "enableReturnData": BOOLEAN,
    "limit": {"type": "integer", "description": "bytes of struct logs"},
}
TRACE_OPTIONS: Final = optional_fields(**_TRACE_FIELDS)
TRACE_CALL_OPTIONS: Final = optional_fields(
    **_TRACE_FIELDS,
    stateOverrides=STATE_OVERRIDES,
    blockOverrides=BLOCK_OVERRIDES,
    txIndex=QUANTITY,
)
TRACE_FILTER: Final = optional_fields(
    fromBlock=BLOCK,
    toBlock=BLOCK,
    fromAddress=array(ADDRESS),
    toAddress=array(ADDRESS),
    mode={"type": "string", "enum": ["union", "intersection"]},
    after={"type": ["string", "integer"]},
    count={"type": ["string", "integer"]},
)
SLOTS_BY_ACCOUNT: Final = _by("address", array({"type": "string"}))
