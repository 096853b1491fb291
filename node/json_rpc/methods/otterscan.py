"""The `ots_` namespace, level 8, for the Otterscan explorer; shapes are Erigon's.

What differs: operations of frames that failed are left out of `ots_getInternalOperations`, and what a
search by address finds is said in `docs/tracing.md`.
"""

from collections.abc import Sequence
from typing import Any

from eth_typing import Address, Hash32

from chain.address_search import AddressPage
from chain.answers import BlockReference, BlockTag, PlacedReceipt
from chain.queries import ChainView
from chain.tracing.budget import TraceBudget
from chain.tracing.call_tree import in_order
from chain.tracing.context import TraceContext
from chain.tracing.otterscan import OtterscanTracer
from node.json_rpc.dispatch import Method, Runs
from node.json_rpc.encoding import (
    Json,
    block_json,
    data,
    header_json,
    placed_transaction_json,
    quantity,
    receipt_json,
)
from node.json_rpc.errors import server_error
from node.json_rpc.methods.dialects import of_sender_and_nonce
from node.json_rpc.parameters import (
    BLOCK_NUMBER_MAX,
    Parameter,
    address,
    block_number,
    block_reference,
    count,
    hash32,
)
from node.json_rpc.replayed import replay_block, replay_transaction

API_LEVEL = 8
PAGE_SIZE_MAX = 25
"""Transactions of one page of a search; Erigon's."""
BLOCK_PAGE_SIZE_MAX = 250
"""Transactions of one page of a block."""
INPUT_CHARACTERS_SHOWN = 10
"""Of a transaction in a list: its selector, `0x` included."""
NO_ISSUANCE = {"blockReward": "0x0", "uncleReward": "0x0", "issuance": "0x0"}
DELEGATION_PREFIX = b"\xef\x01\x00"


def _api_level(_: ChainView) -> int:
    return API_LEVEL


def _has_code(view: ChainView, owner: bytes, at: BlockReference) -> bool:
    return bool(view.code(Address(owner), at))


def _block_details(view: ChainView, at: BlockReference) -> Json | None:
    outline, receipts = view.find_outline(at), view.find_receipts(at)
    if outline is None or receipts is None:
        return None
    block = block_json(outline, None)
    del block["transactions"]
    block["transactionCount"] = len(receipts)
    return {
        "block": block,
        "issuance": NO_ISSUANCE,
        "totalFees": quantity(sum(_fee(placed) for placed in receipts)),
    }


def _fee(placed: PlacedReceipt) -> int:
    return placed.receipt.gas_used * placed.receipt.effective_gas_price


def _block_transactions(
    view: ChainView, at: BlockReference, page: int, page_size: int
) -> Json | None:
    """A page of a block; page 0 ends with the block's last transaction."""
    if page_size > BLOCK_PAGE_SIZE_MAX:
        raise server_error(f"max allowed page size: {BLOCK_PAGE_SIZE_MAX}")
    outline, receipts = view.find_outline(at), view.find_receipts(at)
    if outline is None or receipts is None:
        return None
    end = max(len(receipts) - page * page_size, 0)
    shown = receipts[max(end - page_size, 0) : end]
    block = block_json(outline, [placed.placed for placed in shown])
    block["transactionCount"] = len(receipts)
    for transaction in block["transactions"]:
        transaction["input"] = transaction["input"][:INPUT_CHARACTERS_SHOWN]
    return {
        "fullblock": block,
        "receipts": [receipt_json(placed) | {"logs": None, "logsBloom": None} for placed in shown],
    }


def _transaction_error(view: ChainView, transaction_hash: bytes) -> str:
    """What a failed transaction reverted with; `0x` where it did not."""
    _, receipt = _replayed(view, transaction_hash)
    return data(b"" if receipt.succeeded else receipt.output)


def _trace_transaction(view: ChainView, transaction_hash: bytes) -> list[Json]:
    tracer, _ = _replayed(view, transaction_hash)
    entries: list[Json] = tracer.entries()
    return entries


def _internal_operations(view: ChainView, transaction_hash: bytes) -> list[Json]:
    tracer, _ = _replayed(view, transaction_hash)
    operations: list[Json] = tracer.operations()
    return operations


def _replayed(view: ChainView, transaction_hash: bytes) -> Any:
    replayed = replay_transaction(view, transaction_hash, _tracer)
    if replayed is None:
        raise server_error(f"transaction 0x{Hash32(transaction_hash).hex()} not found")
    return replayed


def _tracer(_: TraceContext, budget: TraceBudget) -> OtterscanTracer:
    return OtterscanTracer(budget)


def _hash_of_sender_and_nonce(view: ChainView, sender: bytes, nonce: int) -> str | None:
    found = of_sender_and_nonce(view, sender, nonce)
    return None if found is None else str(found["hash"])


def _contract_creator(view: ChainView, owner: bytes) -> Json | None:
    """Null for accounts without code, for delegated ones, and for what block zero or a fork put there."""
    contract = Address(owner)
    code = view.code(contract, BlockTag.LATEST)
    if not code or code.startswith(DELEGATION_PREFIX):
        return None
    low, high = view.oldest_state, view.head_number
    while low < high:
        middle = (low + high) // 2
        if view.code(contract, middle):
            high = middle
        else:
            low = middle + 1
    return _creator_in_block(view, contract, low) if low else None


def _creator_in_block(view: ChainView, contract: Address, number: int) -> Json | None:
    receipts = view.find_receipts(number)
    block = view.find_block(number)
    assert receipts is not None
    assert block is not None
    for placed in receipts:
        if placed.receipt.contract_address == contract and placed.receipt.succeeded:
            return _creator_json(placed, placed.placed.sender)
    for placed, (tracer, _) in zip(receipts, replay_block(view, block, _tracer), strict=True):
        for frame in in_order(tracer.root):
            start = frame.node.start
            is_creation = start.kind in ("CREATE", "CREATE2") and not frame.is_undone
            if is_creation and start.to == contract:
                return _creator_json(placed, start.sender)
    return None


def _creator_json(placed: PlacedReceipt, creator: Address) -> Json:
    return {"hash": data(placed.placed.transaction.hash), "creator": data(creator)}


def _search_before(view: ChainView, owner: bytes, before: int, page_size: int) -> Json:
    return _page_json(
        view, view.search(Address(owner)).before(before or None, _checked_size(page_size))
    )


def _search_after(view: ChainView, owner: bytes, after: int, page_size: int) -> Json:
    return _page_json(
        view, view.search(Address(owner)).after(after or None, _checked_size(page_size))
    )


def _checked_size(page_size: int) -> int:
    if not 0 < page_size <= PAGE_SIZE_MAX:
        raise server_error(f"max allowed page size: {PAGE_SIZE_MAX}")
    return page_size


def _page_json(view: ChainView, page: AddressPage) -> Json:
    receipts = [view.receipt_at(number, index) for number, index in page.places]
    return {
        "txs": [placed_transaction_json(placed.placed) for placed in receipts],
        "receipts": _timed_receipts(receipts),
        "firstPage": page.is_newest,
        "lastPage": page.is_oldest,
    }


def _timed_receipts(receipts: Sequence[PlacedReceipt]) -> list[Json]:
    return [
        receipt_json(placed) | {"timestamp": placed.placed.block_timestamp} for placed in receipts
    ]


def _header(view: ChainView, at: BlockReference) -> Json | None:
    header = view.find_header(at)
    return None if header is None else header_json(header)


def _block_number(value: Any) -> BlockReference:
    """Otterscan sends a plain number."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= BLOCK_NUMBER_MAX:
        return value
    return block_number(value)


_ADDRESS = Parameter(address)
_HASH = Parameter(hash32)
_NUMBER = Parameter(_block_number)
_COUNT = Parameter(count)
METHODS = (
    Method("ots_getApiLevel", _api_level),
    Method("ots_hasCode", _has_code, (_ADDRESS, Parameter(block_reference))),
    Method("ots_getBlockDetails", _block_details, (_NUMBER,), Runs.IN_SCAN_WORKER),
    Method("ots_getBlockDetailsByHash", _block_details, (_HASH,), Runs.IN_SCAN_WORKER),
    Method(
        "ots_getBlockTransactions",
        _block_transactions,
        (_NUMBER, _COUNT, _COUNT),
        Runs.IN_SCAN_WORKER,
    ),
    Method("ots_getTransactionError", _transaction_error, (_HASH,), Runs.IN_TRACE_WORKER),
    Method("ots_traceTransaction", _trace_transaction, (_HASH,), Runs.IN_TRACE_WORKER),
    Method("ots_getInternalOperations", _internal_operations, (_HASH,), Runs.IN_TRACE_WORKER),
    Method(
        "ots_getTransactionBySenderAndNonce",
        _hash_of_sender_and_nonce,
        (_ADDRESS, _COUNT),
        Runs.IN_SCAN_WORKER,
    ),
    Method("ots_getContractCreator", _contract_creator, (_ADDRESS,), Runs.IN_TRACE_WORKER),
    Method(
        "ots_searchTransactionsBefore",
        _search_before,
        (_ADDRESS, _COUNT, _COUNT),
        Runs.IN_SCAN_WORKER,
    ),
    Method(
        "ots_searchTransactionsAfter",
        _search_after,
        (_ADDRESS, _COUNT, _COUNT),
        Runs.IN_SCAN_WORKER,
    ),
    Method("erigon_getHeaderByNumber", _header, (_NUMBER,)),
    Method("erigon_getHeaderByHash", _header, (_HASH,)),
)
