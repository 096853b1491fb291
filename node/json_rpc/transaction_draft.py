"""Transactions as their sender describes them: fields read, missing ones filled in, signed.

Defaults and refusals are those of go-ethereum's TransactionArgs.
"""

from dataclasses import dataclass, replace
from typing import Any

import orjson
from coincurve import PrivateKey
from eth_typing import Address

from chain.answers import BlockTag
from chain.message_calls import CallRequest
from chain.transaction_encoding import with_encoding
from chain.transactions import ACCESS_LIST, DYNAMIC_FEE, LEGACY, SET_CODE, Transaction
from node.json_rpc.call_parameters import call_request
from node.json_rpc.context import Services
from node.json_rpc.encoding import Json, pending_transaction_json
from node.json_rpc.errors import server_error
from node.json_rpc.parameters import uint64
from node.json_rpc.worker_pool import job_of
from node.local_socket import NodeNotRunning

SIGNATURE_V = 27
"""Added to the parity in 65-byte signatures of messages."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was asked for."""

    request: CallRequest
    nonce: int | None
    fields: Json
    """As they came; an estimate is asked for with them."""


@dataclass(frozen=True, slots=True)
class Signature:
    """secp256k1: parity of R's y, r and s."""

    y_parity: int = 0
    r: int = 0
    s: int = 0

    @property
    def encoded(self) -> bytes:
        """65 bytes: r ‖ s ‖ 27 or 28."""
        words = self.r.to_bytes(32, "big") + self.s.to_bytes(32, "big")
        return words + bytes((SIGNATURE_V + self.y_parity,))


def sign_digest(private_key: bytes, digest: bytes) -> Signature:
    """Deterministic (RFC 6979), s in the lower half."""
    signature = PrivateKey(private_key).sign_recoverable(digest, hasher=None)
    r, s = (int.from_bytes(signature[part : part + 32], "big") for part in (0, 32))
    return Signature(signature[64], r, s)


def draft(value: Any) -> Draft:
    """The argument of eth_sendTransaction and its kin; raises `ParameterError`."""
    request = call_request(value)
    nonce = value.get("nonce")
    return Draft(request, None if nonce is None else uint64(nonce), value)


async def filled(services: Services, wanted: Draft) -> Transaction:
    """Every missing field filled in, unsigned. Raises `RpcError`."""
    request = wanted.request
    _check(services, request)
    with services.queries.view() as view:
        base_fee = view.next_base_fee()
        nonce = view.nonce(request.sender, BlockTag.LATEST)
    request = await _with_fees(services, request, base_fee)
    if wanted.nonce is not None:
        nonce = wanted.nonce
    else:
        nonce = max(nonce, await _pending_nonce(services, request.sender))
    if request.gas is None:
        answer = await services.call_workers.run(job_of("eth_estimateGas", [wanted.fields]))
        request = replace(request, gas=int(orjson.loads(answer), 16))
    return _transaction(request, nonce, services.config.chain_id)


def with_signature(transaction: Transaction, signature: Signature) -> Transaction:
    """The same transaction signed, with encoding and hash."""
    signed = replace(transaction, y_parity=signature.y_parity, r=signature.r, s=signature.s)
    return with_encoding(signed, (signed.v, signed.r, signed.s))


def unsigned_json(transaction: Transaction, sender: Address) -> Json:
    """With the fields of the signature zero, as geth shows it."""
    return pending_transaction_json(transaction, sender) | {"v": "0x0", "r": "0x0", "s": "0x0"}


def _check(services: Services, request: CallRequest) -> None:
    has_fee_caps = request.max_fee_per_gas is not None or (
        request.max_priority_fee_per_gas is not None
    )
    if request.gas_price is not None and has_fee_caps:
        raise server_error("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified")
    if request.blob_versioned_hashes:
        raise server_error("transaction type not supported")
    own = services.config.chain_id
    if request.chain_id not in (None, own):
        raise server_error(f"chainId does not match node's (have={request.chain_id}, want={own})")
    if request.to is None and not request.data:
        raise server_error("contract creation without any data provided")
    if request.to is None and request.authorization_list:
        raise server_error("set code transactions cannot create contracts")


async def _with_fees(services: Services, request: CallRequest, base_fee: int) -> CallRequest:
    """geth's: a suggested tip, and twice the base fee above it."""
    if request.gas_price is not None:
        return request
    tip = request.max_priority_fee_per_gas
    if tip is None:
        answer = await services.scan_workers.run(job_of("eth_maxPriorityFeePerGas", None))
        tip = int(orjson.loads(answer), 16)
        if request.max_fee_per_gas is not None:
            tip = min(tip, request.max_fee_per_gas)
    cap = request.max_fee_per_gas
    if cap is None:
        cap = tip + 2 * base_fee
    if cap < tip:
        raise server_error(f"maxFeePerGas ({hex(cap)}) < maxPriorityFeePerGas ({hex(tip)})")
    return replace(request, max_fee_per_gas=cap, max_priority_fee_per_gas=tip)


async def _pending_nonce(services: Services, sender: Address) -> int:
    try:
        return await services.node.pending_nonce(sender) or 0
    except NodeNotRunning:
        return 0


def _transaction(request: CallRequest, nonce: int, chain_id: int) -> Transaction:
    """Unsigned; the type follows from the fields that are there."""
    is_priced = request.gas_price is not None
    kind = DYNAMIC_FEE
    if request.authorization_list:
        kind = SET_CODE
    elif is_priced:
        kind = ACCESS_LIST if request.access_list else LEGACY
    cap = (request.gas_price if is_priced else request.max_fee_per_gas) or 0
    tip = (request.gas_price if is_priced else request.max_priority_fee_per_gas) or 0
    unsigned = Transaction(
        type=kind,
        chain_id=chain_id,
        nonce=nonce,
        gas_price=cap,
        gas_limit=request.gas or 0,
        to=request.to,
        value=request.value,
        data=request.data,
        y_parity=0,
        r=0,
        s=0,
        max_priority_fee_per_gas=tip,
        max_fee_per_gas=cap,
        access_list=request.access_list,
        authorization_list=request.authorization_list,
    )
    return with_encoding(unsigned, (0, 0, 0))
