"""Accounts that the node signs for: those of a devnet, whose keys everybody knows, and no others."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from eth_hash.auto import keccak
from eth_typing import Address

from chain.transactions import Transaction
from node.json_rpc.context import Services
from node.json_rpc.dispatch import Method, Runs
from node.json_rpc.encoding import Json, data, pending_transaction_json
from node.json_rpc.errors import (
    ParameterError,
    RpcError,
    invalid_params,
    method_not_found,
    server_error,
)
from node.json_rpc.parameters import Parameter, address, anything
from node.json_rpc.parameters import data as data_parameter
from node.json_rpc.transaction_draft import (
    Draft,
    draft,
    filled,
    sign_digest,
    unsigned_json,
    with_signature,
)
from node.local_socket import Refused

NONCE_ATTEMPTS_MAX = 4
"""Of one eth_sendTransaction without a nonce: another process may take the same one."""
_NONCE_TAKEN = ("nonce too low", "replacement transaction underpriced", "already known")


def _accounts(services: Services) -> list[str]:
    return [data(owner) for owner in services.unlocked]


def _request_accounts(services: Services) -> list[str]:
    if not services.unlocked:
        raise method_not_found("eth_requestAccounts")
    return _accounts(services)


def _key(services: Services, owner: bytes) -> bytes:
    key = services.unlocked.get(Address(owner))
    if key is None:
        raise server_error("unknown account")
    return key


async def _send(services: Services, wanted: Draft) -> str:
    """Sign and submit; the nonces of one account are given out one after the other."""
    sender = wanted.request.sender
    key = _key(services, sender)
    async with services.sending(sender):
        attempts_left = NONCE_ATTEMPTS_MAX
        while True:
            transaction = _signed(await filled(services, wanted), key)
            result = await services.node.submit_transaction(transaction.encoded)
            if not isinstance(result, Refused):
                return data(result.hash)
            attempts_left -= 1
            is_taken = wanted.nonce is None and result.message.startswith(_NONCE_TAKEN)
            if not is_taken or not attempts_left:
                raise RpcError(result.code, result.message)


def _signed(transaction: Transaction, key: bytes) -> Transaction:
    return with_signature(transaction, sign_digest(key, transaction.signing_hash))


async def _sign_transaction(services: Services, wanted: Draft) -> Json:
    key = _key(services, wanted.request.sender)
    transaction = _signed(await filled(services, wanted), key)
    shown = pending_transaction_json(transaction, wanted.request.sender)
    return {"raw": data(transaction.encoded), "tx": shown}


async def _fill_transaction(services: Services, wanted: Draft) -> Json:
    transaction = await filled(services, wanted)
    shown = unsigned_json(transaction, wanted.request.sender)
    return {"raw": data(transaction.encoded), "tx": shown}


def _sign(services: Services, owner: bytes, message: bytes) -> str:
    """EIP-191, version 0x45: what a signature commits to can be no transaction."""
    head = b"\x19Ethereum Signed Message:\n" + str(len(message)).encode()
    return data(sign_digest(_key(services, owner), keccak(head + message)).encoded)


def _personal_sign(services: Services, message: bytes, owner: bytes, _: Any) -> str:
    return _sign(services, owner, message)


def _sign_typed_data(services: Services, owner: bytes, typed: Mapping[str, Any]) -> str:
    # Only a devnet signs, and the import costs every other process time and memory.
    from eth_account.messages import encode_typed_data

    key = _key(services, owner)
    try:
        message = encode_typed_data(full_message=dict(typed))
    except Exception as error:
        # The edge to another's parser, which lets half a dozen unrelated exceptions out.
        raise invalid_params(f"invalid typed data: {error}") from None
    _check_array_lengths(typed["types"], typed["primaryType"], typed["message"])
    digest = keccak(b"\x19" + message.version + message.header + message.body)
    return data(sign_digest(key, digest).encoded)


def _check_array_lengths(types: Mapping[str, Any], kind: str, value: Any) -> None:
    """EIP-712's `T[n]` has n items, which the encoder does not look at; raises -32602."""
    array = _ARRAY.match(kind)
    if array is not None and isinstance(value, list):
        item_kind, length = array.groups()
        if length and len(value) != int(length):
            raise invalid_params(
                f"invalid typed data: Expected {length} items for array type {kind}, "
                f"got {len(value)} items"
            )
        for item in value:
            _check_array_lengths(types, item_kind, item)
    elif kind in types and isinstance(value, dict):
        for field in types[kind]:
            _check_array_lengths(types, field["type"], value.get(field["name"]))


def _typed_data(value: Any) -> Mapping[str, Any]:
    """EIP-712's object, or its JSON in a string, as MetaMask is asked."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise ParameterError(f"typed data is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise ParameterError("typed data is an object")
    return value


def _coinbase(services: Services) -> str:
    with services.queries.view() as view:
        return data(view.head.coinbase)


_ARRAY = re.compile(r"(.+)\[(\d{0,9})\]\Z")
_ADDRESS = Parameter(address)
_DATA = Parameter(data_parameter)
_DRAFT = (Parameter(draft),)
_TYPED = (_ADDRESS, Parameter(_typed_data))
METHODS: Sequence[Method] = (
    Method("eth_accounts", _accounts, runs=Runs.WITH_SERVICES),
    Method("eth_requestAccounts", _request_accounts, runs=Runs.WITH_SERVICES),
    Method("eth_coinbase", _coinbase, runs=Runs.WITH_SERVICES),
    Method("eth_sendTransaction", _send, _DRAFT, Runs.WITH_SERVICES),
    Method("eth_signTransaction", _sign_transaction, _DRAFT, Runs.WITH_SERVICES),
    Method("eth_fillTransaction", _fill_transaction, _DRAFT, Runs.WITH_SERVICES),
    Method("eth_sign", _sign, (_ADDRESS, _DATA), Runs.WITH_SERVICES),
    Method(
        "personal_sign",
        _personal_sign,
        (_DATA, _ADDRESS, Parameter(anything, optional=True)),
        Runs.WITH_SERVICES,
    ),
    Method("eth_signTypedData", _sign_typed_data, _TYPED, Runs.WITH_SERVICES),
    Method("eth_signTypedData_v4", _sign_typed_data, _TYPED, Runs.WITH_SERVICES),
)
