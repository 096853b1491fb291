"""The `eth_` namespace: blocks, transactions, state, calls, fees."""

import time
from collections.abc import Sequence
from dataclasses import replace

from eth_typing import Address, Hash32

from chain.answers import BlockOutline, BlockReference, BlockTag, PlacedTransaction
from chain.blocks import EMPTY_TRIE_ROOT, Block, encode_block
from chain.engine import AccountOverride
from chain.errors import UndecodableTransaction
from chain.log_filter import LogFilter
from chain.message_calls import BlockOverrides, CallRequest
from chain.pool_refusals import TypeNotSupported
from chain.queries import ChainView
from chain.transactions import BLOB, Transaction, decode_transaction, recover_sender
from node.json_rpc.call_parameters import (
    CHAIN_HEAD,
    block_overrides,
    call_request,
    call_with_nonce,
    log_filter,
    state_overrides,
)
from node.json_rpc.context import Services
from node.json_rpc.dispatch import Method, Runs
from node.json_rpc.encoding import (
    Json,
    access_list_json,
    block_json,
    data,
    fee_history_json,
    header_json,
    log_json,
    pending_block_json,
    pending_transaction_json,
    placed_transaction_json,
    proof_json,
    quantity,
    receipt_json,
    syncing_json,
    word,
)
from node.json_rpc.errors import RpcError, server_error
from node.json_rpc.parameters import (
    Parameter,
    address,
    block_number,
    block_reference,
    boolean,
    count,
    hash32,
    percentiles,
    storage_key,
    storage_keys,
    uint64,
)
from node.json_rpc.parameters import data as data_parameter
from node.local_socket import NodeNotRunning, Refused

REMEMBERED_TERMS_MAX = 16
"""Addresses and topics of a log filter whose answer may be kept."""
HEAVY_BLOCK_GAS = 2_000_000
"""A block that used more may hold too many transactions to be shown between two other requests."""


def _block_number(view: ChainView) -> str:
    return quantity(view.head_number)


def _chain_id(services: Services) -> str:
    return quantity(services.config.chain_id)


async def _syncing(services: Services) -> bool | Json:
    try:
        return syncing_json(await services.node.status())
    except NodeNotRunning:
        return False


def _is_heavy_block(view: ChainView, at: BlockReference, wants_transactions: bool = True) -> bool:
    header = view.find_header(at) if wants_transactions else None
    return header is not None and header.gas_used > HEAVY_BLOCK_GAS


def _get_block(view: ChainView, at: BlockReference, is_full: bool) -> Json | None:
    if at is BlockTag.PENDING:
        return pending_block_json(_pending_block(view))
    outline = view.find_outline(at)
    if outline is None:
        return None
    block = view.find_block(at) if is_full else None
    return block_json(outline, None if block is None else view.transactions(block))


def _pending_block(view: ChainView) -> BlockOutline:
    """The next block as far as it is known: nothing is in it before it is decided."""
    head = view.head
    header = replace(
        head,
        parent_hash=head.hash,
        number=head.number + 1,
        timestamp=max(int(time.time()), head.timestamp),
        gas_used=0,
        bloom=bytes(len(head.bloom)),
        transactions_root=EMPTY_TRIE_ROOT,
        receipts_root=EMPTY_TRIE_ROOT,
        base_fee=None if head.base_fee is None else view.next_base_fee(),
    )
    block = Block(header, withdrawals=None if head.withdrawals_root is None else ())
    return BlockOutline(header, (), (), block.withdrawals, (), len(encode_block(block)))


def _transaction_count_of_block(view: ChainView, at: BlockReference) -> str | None:
    if at is BlockTag.PENDING:
        return "0x0"
    outline = view.find_outline(at)
    return None if outline is None else quantity(len(outline.transaction_hashes))


def _transaction_of_block(view: ChainView, at: BlockReference, index: int) -> Json | None:
    if at is BlockTag.PENDING:
        return None
    placed = view.find_transaction_at(at, index)
    return None if placed is None else placed_transaction_json(placed)


def _uncle_count(view: ChainView, at: BlockReference) -> str | None:
    outline = view.find_outline(at)
    return None if outline is None else quantity(len(outline.ommers))


def _uncle(view: ChainView, at: BlockReference, index: int) -> Json | None:
    outline = view.find_outline(at)
    if outline is None or index >= len(outline.ommers):
        return None
    return header_json(outline.ommers[index]) | {"uncles": []}


def _block_receipts(view: ChainView, at: BlockReference) -> list[Json] | None:
    receipts = view.find_receipts(at)
    return None if receipts is None else [receipt_json(receipt) for receipt in receipts]


async def _transaction(services: Services, transaction_hash: bytes) -> Json | None:
    found = await find_transaction(services, Hash32(transaction_hash))
    if isinstance(found, Transaction):
        return pending_transaction_json(found, recover_sender(found))
    return None if found is None else placed_transaction_json(found)


async def find_transaction(
    services: Services, transaction_hash: Hash32
) -> PlacedTransaction | Transaction | None:
    """In its block, or as it waits in the node's pool."""
    placed = _placed_transaction(services, transaction_hash)
    if placed is not None:
        return placed
    try:
        encoded = await services.node.pending_transaction(transaction_hash)
    except NodeNotRunning:
        encoded = None
    if encoded is not None:
        return decode_transaction(encoded)
    # A block may have taken it out of the pool between the two questions.
    return _placed_transaction(services, transaction_hash)


def _placed_transaction(services: Services, transaction_hash: Hash32) -> PlacedTransaction | None:
    with services.queries.view() as view:
        return view.find_transaction(transaction_hash)


def _receipt(view: ChainView, transaction_hash: bytes) -> Json | None:
    receipt = view.find_receipt(Hash32(transaction_hash))
    return None if receipt is None else receipt_json(receipt)


def _balance(view: ChainView, owner: bytes, at: BlockReference) -> str:
    return quantity(view.balance(Address(owner), at))


def _code(view: ChainView, owner: bytes, at: BlockReference) -> str:
    return data(view.code(Address(owner), at))


def _storage_at(view: ChainView, owner: bytes, slot: int, at: BlockReference) -> str:
    return word(view.slot(Address(owner), slot, at))


def _proof(
    view: ChainView, owner: bytes, keys: Sequence[tuple[int, str]], at: BlockReference
) -> Json:
    found = view.proof(Address(owner), [slot for slot, _ in keys], at)
    return proof_json(found, [key for _, key in keys])


async def _transaction_count(services: Services, owner: bytes, at: BlockReference) -> str:
    with services.queries.view() as view:
        nonce = view.nonce(Address(owner), at)
    if at is BlockTag.PENDING:
        try:
            pending = await services.node.pending_nonce(owner)
        except NodeNotRunning:
            pending = None
        # A block may have come between the two questions.
        nonce = max(nonce, pending or 0)
    return quantity(nonce)


def _call(
    view: ChainView,
    request: CallRequest,
    at: BlockReference,
    overrides: dict[Address, AccountOverride],
    changes_to_block: BlockOverrides | None,
) -> str:
    return data(view.call(request, at, overrides, changes_to_block))


def _estimate_gas(
    view: ChainView,
    request: CallRequest,
    at: BlockReference,
    overrides: dict[Address, AccountOverride],
    changes_to_block: BlockOverrides | None,
) -> str:
    """Where no block is named, in the number and second of the next one.

    A contract that keeps a history by block writes more there than in the block it was last changed
    in: at the head's own number the estimate would be too low right after a receipt.
    """
    if at is BlockTag.PENDING and changes_to_block is None:
        head = view.head
        changes_to_block = BlockOverrides(number=head.number + 1, timestamp=head.timestamp + 1)
    return quantity(view.estimate_gas(request, at, overrides, changes_to_block))


def _create_access_list(
    view: ChainView,
    wanted: tuple[CallRequest, int | None],
    at: BlockReference,
    overrides: dict[Address, AccountOverride],
) -> Json:
    """The list, and why the message fails even with it."""
    found = view.access_list(*wanted, at, overrides)
    answer: Json = {
        "accessList": access_list_json(found.access_list),
        "gasUsed": quantity(found.result.gas_used),
    }
    return answer if found.result.error is None else answer | {"error": found.result.error}


def _gas_price(view: ChainView) -> str:
    return quantity(view.gas_price())


def _max_priority_fee(view: ChainView) -> str:
    return quantity(view.priority_fee())


def _blob_base_fee(view: ChainView) -> str:
    return quantity(view.blob_base_fee())


def _fee_history(
    view: ChainView, block_count: int, newest: BlockReference, rewards_at: Sequence[float]
) -> Json:
    return fee_history_json(view.fee_history(block_count, newest, rewards_at))


def _logs(view: ChainView, wanted: LogFilter) -> list[Json]:
    return [log_json(placed) for placed in view.logs(_with_numbers(view, wanted))]


def _is_large_search(view: ChainView, wanted: LogFilter) -> bool:
    return not view.is_small_search(_with_numbers(view, wanted))


def _decided_search(view: ChainView, wanted: LogFilter) -> LogFilter | None:
    """Decided blocks never change, and so what a search among them finds. Not for long filters."""
    if len(wanted.addresses) + sum(map(len, wanted.topics)) > REMEMBERED_TERMS_MAX:
        return None
    search = _with_numbers(view, wanted)
    return search if search.block_hash or search.last_block <= view.head_number else None


def _with_numbers(view: ChainView, wanted: LogFilter) -> LogFilter:
    """The head's own number in the place of tags."""
    head = view.head_number
    return replace(
        wanted,
        first_block=head if wanted.first_block == CHAIN_HEAD else wanted.first_block,
        last_block=head if wanted.last_block == CHAIN_HEAD else wanted.last_block,
    )


async def send_raw_transaction(services: Services, encoded: bytes) -> str:
    """Decoded here first: garbage never reaches the node. Who signed it, the node works out once."""
    if encoded[:1] == bytes((BLOB,)):
        # Before decoding: wallets send it with its blobs, a form that no block has.
        raise server_error(str(TypeNotSupported(BLOB)))
    try:
        transaction = decode_transaction(encoded)
    except UndecodableTransaction as error:
        raise server_error(str(error)) from None
    if transaction.chain_id is None and not services.settings.allow_unprotected_transactions:
        raise server_error("only replay-protected (EIP-155) transactions allowed over RPC")
    result = await services.node.submit_transaction(encoded)
    if isinstance(result, Refused):
        raise RpcError(result.code, result.message)
    return data(result.hash)


_ADDRESS = Parameter(address)
_HASH = Parameter(hash32)
_NUMBER = Parameter(block_number)
_BLOCK = Parameter(block_reference)
_AT = Parameter(block_reference, optional=True, default=BlockTag.LATEST)
_IS_FULL = Parameter(boolean, optional=True, default=False)
_INDEX = Parameter(uint64)
_REQUEST = Parameter(call_request)
_OVERRIDES = Parameter(state_overrides, optional=True, default={})
_BLOCK_OVERRIDES = Parameter(block_overrides, optional=True)
_CALL_PARAMETERS = (_REQUEST, _AT, _OVERRIDES, _BLOCK_OVERRIDES)
_AT_NEXT = Parameter(block_reference, optional=True, default=BlockTag.PENDING)
_ESTIMATE_PARAMETERS = (_REQUEST, _AT_NEXT, _OVERRIDES, _BLOCK_OVERRIDES)

_BLOCK_METHODS = (
    Method("eth_blockNumber", _block_number),
    Method("eth_getBlockByNumber", _get_block, (_NUMBER, _IS_FULL), is_heavy=_is_heavy_block),
    Method("eth_getBlockByHash", _get_block, (_HASH, _IS_FULL), is_heavy=_is_heavy_block),
    Method("eth_getBlockTransactionCountByNumber", _transaction_count_of_block, (_NUMBER,)),
    Method("eth_getBlockTransactionCountByHash", _transaction_count_of_block, (_HASH,)),
    Method("eth_getTransactionByBlockNumberAndIndex", _transaction_of_block, (_NUMBER, _INDEX)),
    Method("eth_getTransactionByBlockHashAndIndex", _transaction_of_block, (_HASH, _INDEX)),
    Method("eth_getUncleCountByBlockNumber", _uncle_count, (_NUMBER,)),
    Method("eth_getUncleCountByBlockHash", _uncle_count, (_HASH,)),
    Method("eth_getUncleByBlockNumberAndIndex", _uncle, (_NUMBER, _INDEX)),
    Method("eth_getUncleByBlockHashAndIndex", _uncle, (_HASH, _INDEX)),
    Method("eth_getBlockReceipts", _block_receipts, (_BLOCK,), is_heavy=_is_heavy_block),
    Method("eth_getTransactionByHash", _transaction, (_HASH,), Runs.WITH_SERVICES),
    Method("eth_getTransactionReceipt", _receipt, (_HASH,)),
    Method(
        "eth_getLogs",
        _logs,
        (Parameter(log_filter),),
        is_heavy=_is_large_search,
        lasting_key=_decided_search,
    ),
)
_STATE_METHODS = (
    Method("eth_getBalance", _balance, (_ADDRESS, _AT)),
    Method("eth_getCode", _code, (_ADDRESS, _AT)),
    Method("eth_getStorageAt", _storage_at, (_ADDRESS, Parameter(storage_key), _AT)),
    Method("eth_getProof", _proof, (_ADDRESS, Parameter(storage_keys), _AT), Runs.IN_SCAN_WORKER),
    Method("eth_getTransactionCount", _transaction_count, (_ADDRESS, _AT), Runs.WITH_SERVICES),
    Method("eth_call", _call, _CALL_PARAMETERS, Runs.IN_CALL_WORKER),
    Method(
        "eth_createAccessList",
        _create_access_list,
        (Parameter(call_with_nonce), _AT, _OVERRIDES),
        Runs.IN_CALL_WORKER,
    ),
    Method("eth_estimateGas", _estimate_gas, _ESTIMATE_PARAMETERS, Runs.IN_CALL_WORKER),
)
_FEE_METHODS = (
    Method("eth_gasPrice", _gas_price, runs=Runs.IN_SCAN_WORKER, is_per_head=True),
    Method(
        "eth_maxPriorityFeePerGas", _max_priority_fee, runs=Runs.IN_SCAN_WORKER, is_per_head=True
    ),
    Method("eth_blobBaseFee", _blob_base_fee),
    Method(
        "eth_feeHistory",
        _fee_history,
        (Parameter(count), _NUMBER, Parameter(percentiles, optional=True, default=())),
        Runs.IN_SCAN_WORKER,
    ),
)
_NODE_METHODS = (
    Method("eth_chainId", _chain_id, runs=Runs.WITH_SERVICES),
    Method("eth_syncing", _syncing, runs=Runs.WITH_SERVICES),
    Method(
        "eth_sendRawTransaction",
        send_raw_transaction,
        (Parameter(data_parameter),),
        Runs.WITH_SERVICES,
    ),
)
METHODS = (*_BLOCK_METHODS, *_STATE_METHODS, *_FEE_METHODS, *_NODE_METHODS)
