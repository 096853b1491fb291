"""Headers, blocks, receipts and transactions as the bytes that were hashed."""

from eth_typing import Hash32

from chain.answers import BlockReference
from chain.blocks import encode_block, encode_header
from chain.queries import ChainView
from chain.receipts import encode_receipt
from chain.transactions import Transaction
from node.json_rpc.context import Services
from node.json_rpc.dispatch import Method, Runs
from node.json_rpc.encoding import data
from node.json_rpc.errors import server_error
from node.json_rpc.methods.eth import find_transaction
from node.json_rpc.parameters import Parameter, block_number, block_reference, hash32, uint64

NOTHING = "0x"
"""geth's answer for a transaction that it does not have."""


async def _transaction(services: Services, transaction_hash: bytes) -> str:
    """Of the chain or the pool."""
    found = await find_transaction(services, Hash32(transaction_hash))
    if found is None:
        return NOTHING
    transaction = found if isinstance(found, Transaction) else found.transaction
    return data(transaction.encoded)


def _transaction_of_block(view: ChainView, at: BlockReference, index: int) -> str:
    placed = view.find_transaction_at(at, index)
    return NOTHING if placed is None else data(placed.transaction.encoded)


def _header(view: ChainView, at: BlockReference) -> str:
    header = view.find_header(at)
    if header is None:
        raise server_error("header not found")
    return data(encode_header(header))


def _block(view: ChainView, at: BlockReference) -> str:
    block = view.find_block(at)
    if block is None:
        raise server_error("block not found")
    return data(encode_block(block))


def _receipts(view: ChainView, at: BlockReference) -> list[str]:
    receipts = view.find_receipts(at)
    if receipts is None:
        raise server_error("block not found")
    return [data(encode_receipt(placed.receipt)) for placed in receipts]


_HASH = Parameter(hash32)
_NUMBER = Parameter(block_number)
_BLOCK = (Parameter(block_reference),)
_INDEX = Parameter(uint64)
METHODS = (
    Method("eth_getRawTransactionByHash", _transaction, (_HASH,), Runs.WITH_SERVICES),
    Method("eth_getRawTransactionByBlockHashAndIndex", _transaction_of_block, (_HASH, _INDEX)),
    Method("eth_getRawTransactionByBlockNumberAndIndex", _transaction_of_block, (_NUMBER, _INDEX)),
    Method("debug_getRawTransaction", _transaction, (_HASH,), Runs.WITH_SERVICES),
    Method("debug_getRawHeader", _header, _BLOCK),
    Method("debug_getRawBlock", _block, _BLOCK, Runs.IN_SCAN_WORKER),
    Method("debug_getRawReceipts", _receipts, _BLOCK, Runs.IN_SCAN_WORKER),
)
