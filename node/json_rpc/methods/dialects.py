"""Methods of `eth_` that one client or another added: several answers at once, waiting, abilities."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from eth_typing import Address, Hash32

from chain.answers import BlockReference, BlockTag
from chain.queries import ChainView
from node.json_rpc.context import Services
from node.json_rpc.dispatch import Method, Runs
from node.json_rpc.encoding import (
    Json,
    data,
    header_json,
    pending_transaction_json,
    placed_transaction_json,
    quantity,
    receipt_json,
    word,
)
from node.json_rpc.errors import ParameterError, RpcError, invalid_params
from node.json_rpc.fork_config import fork_config
from node.json_rpc.methods.eth import send_raw_transaction
from node.json_rpc.methods.txpool import with_senders
from node.json_rpc.parameters import (
    Parameter,
    address,
    block_number,
    block_reference,
    count,
    hash32,
    json_kind,
    storage_key,
    uint64,
)
from node.json_rpc.parameters import data as data_parameter

STORAGE_VALUES_MAX = 1_024
"""Of one eth_getStorageValues, as geth's."""
WAIT_MS_DEFAULT = 20_000
WAIT_MS_MAX = 60_000
"""Of one eth_sendRawTransactionSync; geth's."""
LOOK_AGAIN_S = 1.0
"""A block whose announcement was lost is found this much later."""
NOT_IN_TIME = 4
"""The code of EIP-7966."""
PROTOCOL_VERSION = 68
"""Of Ethereum's wire protocol, which old tools ask for; this chain's peers speak another."""


def _header(view: ChainView, at: BlockReference) -> Json | None:
    header = view.find_header(at)
    return None if header is None else header_json(header)


def _base_fee(view: ChainView) -> str:
    return quantity(view.next_base_fee())


def _protocol_version(_: Services) -> str:
    return quantity(PROTOCOL_VERSION)


def _account_info(view: ChainView, owner: bytes, at: BlockReference) -> Json:
    account = view.account(Address(owner), at)
    return {
        "balance": quantity(account.balance),
        "nonce": quantity(account.nonce),
        "code": data(view.code(Address(owner), at)),
    }


def _slots_by_account(value: Any) -> dict[str, list[int]]:
    if not isinstance(value, dict):
        raise ParameterError(f"json: cannot unmarshal {json_kind(value)} into Go value of type map")
    wanted: dict[str, list[int]] = {}
    for owner, keys in value.items():
        address(owner)
        if not isinstance(keys, list):
            raise ParameterError("storage keys are an array")
        wanted[owner] = [storage_key(key) for key in keys]
    slots = sum(map(len, wanted.values()))
    if slots > STORAGE_VALUES_MAX:
        raise invalid_params(f"too many slots (max {STORAGE_VALUES_MAX})")
    if not slots:
        raise invalid_params("empty request")
    return wanted


def _storage_values(
    view: ChainView, wanted: Mapping[str, Sequence[int]], at: BlockReference
) -> dict[str, list[str]]:
    return {
        owner.lower(): [word(view.slot(Address(address(owner)), slot, at)) for slot in slots]
        for owner, slots in wanted.items()
    }


def of_sender_and_nonce(view: ChainView, sender: bytes, nonce: int) -> Json | None:
    """The transaction, found by bisection: the block after which the account's nonce had passed this one."""
    owner = Address(sender)
    if view.nonce(owner, BlockTag.LATEST) <= nonce:
        return None
    low, high = 0, view.head_number
    while low < high:
        middle = (low + high) // 2
        if view.nonce(owner, middle) > nonce:
            high = middle
        else:
            low = middle + 1
    block = view.find_block(low)
    assert block is not None
    for placed in view.transactions(block):
        if placed.sender == owner and placed.transaction.nonce == nonce:
            return placed_transaction_json(placed)
    return None


async def _pending_transactions(services: Services) -> list[Json]:
    """Of the accounts that this node signs for, as geth answers."""
    if not services.unlocked:
        return []
    content = await services.node.pool_content()
    return [
        pending_transaction_json(transaction, sender)
        for sender, transaction in await with_senders(content.pending)
        if sender in services.unlocked
    ]


async def _send_and_wait(services: Services, encoded: bytes, wait_ms: int) -> Json:
    """The receipt, once the transaction is in a block (EIP-7966)."""
    sent = await send_raw_transaction(services, encoded)
    wait_s = min(wait_ms or WAIT_MS_DEFAULT, WAIT_MS_MAX) / 1_000
    try:
        async with asyncio.timeout(wait_s):
            return await _receipt(services, Hash32(bytes.fromhex(sent[2:])))
    except TimeoutError:
        text = "The transaction was added to the transaction pool but wasn't processed in"
        raise RpcError(NOT_IN_TIME, f"{text} {wait_s:g}s", sent) from None


async def _receipt(services: Services, transaction_hash: Hash32) -> Json:
    while True:
        next_block = services.feed.next_block()
        with services.queries.view() as view:
            receipt = view.find_receipt(transaction_hash)
        if receipt is not None:
            return receipt_json(receipt)
        await asyncio.wait([next_block], timeout=LOOK_AGAIN_S)


def _config(services: Services) -> Json:
    with services.queries.view() as view:
        return fork_config(services.config, view.header(0), view.head)


def _capabilities(services: Services) -> Json:
    """From which block on each kind of question is answered."""
    with services.queries.view() as view:
        head, oldest_state = view.head, view.oldest_state
    reach = services.settings.proof_blocks_max
    oldest_proof = oldest_state if reach is None else max(oldest_state, head.number - reach)
    everything = {"disabled": False, "oldestBlock": "0x0"}
    return {
        "head": {"number": quantity(head.number), "hash": data(head.hash)},
        "state": {"disabled": False, "oldestBlock": quantity(oldest_state)},
        "tx": everything,
        "logs": everything,
        "receipts": everything,
        "blocks": everything,
        "stateproofs": {"disabled": False, "oldestBlock": quantity(oldest_proof)},
    }


_ADDRESS = Parameter(address)
_AT = Parameter(block_reference, optional=True, default=BlockTag.LATEST)
METHODS = (
    Method("eth_getHeaderByNumber", _header, (Parameter(block_number),)),
    Method("eth_getHeaderByHash", _header, (Parameter(hash32),)),
    Method("eth_baseFee", _base_fee),
    Method("eth_protocolVersion", _protocol_version, runs=Runs.WITH_SERVICES),
    Method("eth_getAccountInfo", _account_info, (_ADDRESS, _AT)),
    Method("eth_getStorageValues", _storage_values, (Parameter(_slots_by_account), _AT)),
    Method(
        "eth_getTransactionBySenderAndNonce",
        of_sender_and_nonce,
        (_ADDRESS, Parameter(uint64)),
        Runs.IN_SCAN_WORKER,
    ),
    Method("eth_pendingTransactions", _pending_transactions, runs=Runs.WITH_SERVICES),
    Method(
        "eth_sendRawTransactionSync",
        _send_and_wait,
        (Parameter(data_parameter), Parameter(count, optional=True, default=0)),
        Runs.WITH_SERVICES,
    ),
    Method("eth_config", _config, runs=Runs.WITH_SERVICES),
    Method("eth_capabilities", _capabilities, runs=Runs.WITH_SERVICES),
)
