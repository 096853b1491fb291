"""The OpenRPC document that `rpc.discover` serves, made from the method table.

Ethereum's own methods are described in ethereum/execution-apis; here they have names and parameters.
What is ours (`zerog_`) is described with its results.
"""

from collections.abc import Sequence
from typing import Any

from node.json_rpc.dispatch import Method
from node.json_rpc.encoding import Json
from node.json_rpc.parameters import Parameter

OPENRPC_VERSION = "1.3.2"
EXECUTION_APIS = "https://ethereum.github.io/execution-apis/"

_HEX: Json = {"type": "string", "pattern": "^0x[0-9a-f]*$"}
_QUANTITY: Json = {"type": "string", "pattern": "^0x(0|[1-9a-f][0-9a-f]*)$"}
_HASH: Json = {"type": "string", "pattern": "^0x[0-9a-f]{64}$"}
_ADDRESS: Json = {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"}
_BOOLEAN: Json = {"type": "boolean"}
_TEXT: Json = {"type": "string"}
_OBJECT: Json = {"type": "object"}
_BLOCK: Json = {
    "description": "a number, one of latest, safe, finalized, earliest, pending, a block hash, or "
    "the object of EIP-1898",
    "type": ["string", "object"],
}


def _object(**fields: Json) -> Json:
    return {"type": "object", "properties": fields, "required": list(fields)}


def _array(items: Json) -> Json:
    return {"type": "array", "items": items}


def _nullable(schema: Json) -> Json:
    return {**schema, "type": [schema["type"], "null"]}


PARAMETERS: dict[str, tuple[str, Json]] = {
    "address": ("address", _ADDRESS),
    "anything": ("option", {}),
    "block_number": ("block", _BLOCK),
    "block_overrides": ("blockOverrides", _OBJECT),
    "block_reference": ("block", _BLOCK),
    "boolean": ("flag", _BOOLEAN),
    "call_request": ("transaction", _OBJECT),
    "call_with_nonce": ("transaction", _OBJECT),
    "count": ("count", {"type": ["string", "integer"]}),
    "criteria": ("filter", _OBJECT),
    "data": ("data", _HEX),
    "draft": ("transaction", _OBJECT),
    "extra_data": ("extraData", _HEX),
    "hash32": ("hash", _HASH),
    "log_filter": ("filter", _OBJECT),
    "payload_attributes": ("payloadAttributes", _OBJECT),
    "percentiles": ("percentiles", _array({"type": "number"})),
    "raw_transactions": ("transactions", _array(_HEX)),
    "simulation": ("payload", _OBJECT),
    "slots_by_account": ("slotsByAccount", _OBJECT),
    "state_overrides": ("stateOverrides", _OBJECT),
    "storage_key": ("slot", _TEXT),
    "storage_keys": ("slots", _array(_TEXT)),
    "text": ("name", _TEXT),
    "typed_data": ("typedData", {"type": ["object", "string"]}),
    "trace_address": ("traceAddress", _array(_QUANTITY)),
    "trace_call_options": ("traceConfig", _OBJECT),
    "trace_filter": ("filter", _OBJECT),
    "trace_kinds": ("traceTypes", _array(_TEXT)),
    "trace_options": ("traceConfig", _OBJECT),
    "uint64": ("number", _QUANTITY),
}
"""By the name of the function that reads an argument: what it is called, and its schema."""

_VALIDATORS = _array(_object(address=_ADDRESS, publicKey=_HEX, power=_QUANTITY, name=_TEXT))
RESULTS: dict[str, tuple[str, Json]] = {
    "zerog_getCertificate": (
        "What decided a height, for a verifier without a node: the consensus header, the precommits "
        "over it and the validators who had to sign; null where that height is not decided.",
        _nullable(
            _object(
                chainIdentity=_HASH,
                header=_object(
                    height=_QUANTITY,
                    timeMs=_QUANTITY,
                    proposer=_ADDRESS,
                    parentHash=_HASH,
                    validatorsHash=_HASH,
                    nextValidatorsHash=_HASH,
                    lastCertificateHash=_HASH,
                    evidenceHash=_HASH,
                    payloadHash=_HASH,
                    executionHash=_HASH,
                    hash=_HASH,
                ),
                certificate=_object(
                    height=_QUANTITY,
                    round=_QUANTITY,
                    valueId=_HASH,
                    signatures=_array(_object(validator=_ADDRESS, signature=_HEX)),
                ),
                validators=_VALIDATORS,
                totalPower=_QUANTITY,
            )
        ),
    ),
    "zerog_validators": (
        "The set that decides the next height, and who proposes there first.",
        _object(validators=_VALIDATORS, totalPower=_QUANTITY, hash=_HASH, nextProposer=_ADDRESS),
    ),
    "zerog_status": (
        "The chain as it is stored, and what the running node says of itself: peers, pool, round and "
        "step of consensus, whose votes are missing; null where no node runs.",
        _object(
            chainId=_QUANTITY,
            chainIdentity=_HASH,
            blockNumber=_QUANTITY,
            blockHash=_HASH,
            stateRoot=_HASH,
            node=_nullable(
                _object(
                    height=_QUANTITY,
                    peers=_QUANTITY,
                    highestKnown=_QUANTITY,
                    pending=_QUANTITY,
                    queued=_QUANTITY,
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
                epoch=_QUANTITY,
                quorums=_QUANTITY,
                epochBlocks=_QUANTITY,
                signersContract=_ADDRESS,
                entrance=_nullable(_ADDRESS),
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
