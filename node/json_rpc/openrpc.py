"""The OpenRPC document that `rpc.discover` serves, made from the method table.

Ethereum's own methods are described in ethereum/execution-apis; here they have names and parameters.
What is ours (`zerog_`) is described with its results.
"""

from collections.abc import Sequence
from typing import Any

from node.json_rpc.argument_schemas import (
    ADDRESS,
    BLOCK,
    BLOCK_OVERRIDES,
    BOOLEAN,
    CALL,
    HASH,
    HEX,
    LOG_FILTER,
    QUANTITY,
    SIMULATION,
    SLOTS_BY_ACCOUNT,
    STATE_OVERRIDES,
    TRACE_CALL_OPTIONS,
    TRACE_FILTER,
    TRACE_OPTIONS,
    TRANSACTION,
    array,
)
from node.json_rpc.dispatch import Method
from node.json_rpc.encoding import Json
from node.json_rpc.parameters import Parameter

OPENRPC_VERSION = "1.3.2"
EXECUTION_APIS = "https://ethereum.github.io/execution-apis/"

_TEXT: Json = {"type": "string"}
_OBJECT: Json = {"type": "object"}


def _object(**fields: Json) -> Json:
    return {"type": "object", "properties": fields, "required": list(fields)}


def _nullable(schema: Json) -> Json:
    return {**schema, "type": [schema["type"], "null"]}


PARAMETERS: dict[str, tuple[str, Json]] = {
    "address": ("address", ADDRESS),
    "anything": ("option", {}),
    "block_number": ("block", BLOCK),
    "block_overrides": ("blockOverrides", BLOCK_OVERRIDES),
    "block_reference": ("block", BLOCK),
    "boolean": ("flag", BOOLEAN),
    "call_request": ("transaction", CALL),
    "call_with_nonce": ("transaction", TRANSACTION),
    "count": ("count", {"type": ["string", "integer"]}),
    "criteria": ("filter", LOG_FILTER),
    "data": ("data", HEX),
    "draft": ("transaction", TRANSACTION),
    "extra_data": ("extraData", HEX),
    "hash32": ("hash", HASH),
    "log_filter": ("filter", LOG_FILTER),
    "payload_attributes": ("payloadAttributes", _OBJECT),
    "percentiles": ("percentiles", array({"type": "number"})),
    "raw_transactions": ("transactions", array(HEX)),
    "simulation": ("payload", SIMULATION),
    "slots_by_account": ("slotsByAccount", SLOTS_BY_ACCOUNT),
    "state_overrides": ("stateOverrides", STATE_OVERRIDES),
    "storage_key": ("slot", _TEXT),
    "storage_keys": ("slots", array(_TEXT)),
    "text": ("name", _TEXT),
    "typed_data": ("typedData", {"type": ["object", "string"]}),
    "trace_address": ("traceAddress", array(QUANTITY)),
    "trace_call_options": ("traceConfig", TRACE_CALL_OPTIONS),
    "trace_filter": ("filter", TRACE_FILTER),
    "trace_kinds": ("traceTypes", array(_TEXT)),
    "trace_options": ("traceConfig", TRACE_OPTIONS),
    "uint64": ("number", QUANTITY),
}
"""By the name of the function that reads an argument: what it is called, and its schema."""

_VALIDATOR = {"address": ADDRESS, "publicKey": HEX, "power": QUANTITY, "name": _TEXT}
_VALIDATORS = array(_object(**_VALIDATOR))
_NEXT_VALIDATORS = array(_object(**_VALIDATOR, missedBlocks=QUANTITY))
RESULTS: dict[str, tuple[str, Json]] = {
    "zerog_getCertificate": (
        "What decided a height, for a verifier without a node: the consensus header, the precommits "
        "over it and the validators who had to sign; null where that height is not decided.",
        _nullable(
            _object(
                chainIdentity=HASH,
                header=_object(
                    height=QUANTITY,
                    timeMs=QUANTITY,
                    proposer=ADDRESS,
                    parentHash=HASH,
                    validatorsHash=HASH,
                    nextValidatorsHash=HASH,
                    lastCertificateHash=HASH,
                    evidenceHash=HASH,
                    payloadHash=HASH,
                    executionHash=HASH,
                    hash=HASH,
                ),
                certificate=_object(
                    height=QUANTITY,
                    round=QUANTITY,
                    valueId=HASH,
                    signatures=array(_object(validator=ADDRESS, signature=HEX)),
                ),
                validators=_VALIDATORS,
                totalPower=QUANTITY,
            )
        ),
    ),
    "zerog_validators": (
        "The set that decides the next height, who proposes there first, and how many blocks in a row "
        "each has missed.",
        _object(
            validators=_NEXT_VALIDATORS,
            totalPower=QUANTITY,
            hash=HASH,
            nextProposer=ADDRESS,
        ),
    ),
    "zerog_status": (
        "The chain as it is stored, and what the running node says of itself: peers, pool, round and "
        "step of consensus, whose votes are missing; null where no node runs.",
        _object(
            chainId=QUANTITY,
            chainIdentity=HASH,
            blockNumber=QUANTITY,
            blockHash=HASH,
            stateRoot=HASH,
            node=_nullable(
                _object(
                    height=QUANTITY,
                    peers=QUANTITY,
                    highestKnown=QUANTITY,
                    pending=QUANTITY,
                    queued=QUANTITY,
                    consensus=_OBJECT,
                )
            ),
        ),
    ),
    "zerog_daStatus": (
        "Data availability: the epoch of the DA signers, how many quorums it has, how many blocks an "
        "epoch lasts, and the address of the DA entrance; null where the chain has no DA signers.",
        _nullable(
            _object(
                epoch=QUANTITY,
                quorums=QUANTITY,
                epochBlocks=QUANTITY,
                signersContract=ADDRESS,
                entrance=_nullable(ADDRESS),
            )
        ),
    ),
}
"""Of the methods that are ours: what they are for, and the schema of their results."""


def openrpc_document(methods: Sequence[Method], version: str) -> Json:
    """The document; its methods by name."""
    described = [_method(method) for method in sorted(methods, key=lambda method: method.name)]
    return {
        "openrpc": OPENRPC_VERSION,
        "info": {"title": "zerog-chain JSON-RPC", "version": version},
        "externalDocs": {"url": EXECUTION_APIS, "description": "Ethereum's methods in full"},
        "methods": described,
    }


def _method(method: Method) -> Json:
    summary, schema = RESULTS.get(method.name, ("", {}))
    described: Json = {
        "name": method.name,
        "params": _parameters(method.parameters),
        "result": {"name": "result", "schema": schema},
    }
    return described | {"summary": summary} if summary else described


def _parameters(parameters: Sequence[Parameter]) -> list[Json]:
    """Named as JSON-RPC clients want them: no two alike."""
    described: list[Json] = []
    taken: dict[str, int] = {}
    for parameter in parameters:
        reader = _function_name(parameter.parse)
        name, schema = PARAMETERS.get(reader, (reader, {}))
        taken[name] = taken.get(name, 0) + 1
        if taken[name] > 1:
            name = f"{name}{taken[name]}"
        described.append({"name": name, "schema": schema, "required": not parameter.optional})
    return described


def _function_name(function: Any) -> str:
    return str(getattr(function, "__name__", "argument")).lstrip("_")
