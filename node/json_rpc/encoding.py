"""Blocks, transactions, receipts and logs as JSON, field by field as in execution-apis and geth.

Quantities are `0x` without leading zeros, bytes are `0x` and an even number of digits. Optional fields
of later forks and other transaction types are left out, not null.
"""

from collections.abc import Sequence
from typing import Any, Literal

from eth_typing import Address

from chain.answers import (
    BlockOutline,
    FeeHistory,
    PlacedLog,
    PlacedReceipt,
    PlacedTransaction,
)
from chain.blocks import ZERO_HASH, Header
from chain.engine import Withdrawal
from chain.proofs import AccountProof
from chain.receipts import bloom_of
from chain.tracing.hex_forms import data as data
from chain.tracing.hex_forms import quantity as quantity
from chain.tracing.hex_forms import word as word
from chain.transactions import BLOB, DYNAMIC_FEE, LEGACY, SET_CODE, AccessList, Transaction
from node.local_socket import NodeStatus

Json = dict[str, Any]

SYNCING_LAG_BLOCKS = 2
"""A node fewer blocks behind than this is not catching up, a block is just on its way."""


def block_json(outline: BlockOutline, transactions: Sequence[PlacedTransaction] | None) -> Json:
    """A block with its transactions in full, or with their hashes where `transactions` is None."""
    answer = header_json(outline.header)
    answer["size"] = quantity(outline.size)
    answer["transactions"] = (
        [data(transaction_hash) for transaction_hash in outline.transaction_hashes]
        if transactions is None
        else [placed_transaction_json(placed) for placed in transactions]
    )
    answer["uncles"] = [data(ommer.hash) for ommer in outline.ommers]
    if outline.withdrawals is not None:
        answer["withdrawals"] = [withdrawal_json(entry) for entry in outline.withdrawals]
    if outline.slashed:
        answer["slashed"] = [withdrawal_json(entry) for entry in outline.slashed]
    return answer


def pending_block_json(outline: BlockOutline) -> Json:
    """A block that is not decided yet: what only deciding it settles is null, as in geth."""
    return block_json(outline, None) | {"hash": None, "nonce": None, "miner": None}


def header_json(header: Header) -> Json:
    """The fields of the header and its hash."""
    answer: Json = {
        "number": quantity(header.number),
        "hash": data(header.hash),
        "parentHash": data(header.parent_hash),
        "nonce": data(header.nonce),
        "mixHash": data(header.mix_hash),
        "sha3Uncles": data(header.ommers_hash),
        "logsBloom": data(header.bloom),
        "stateRoot": data(header.state_root),
        "miner": data(header.coinbase),
        "difficulty": quantity(header.difficulty),
        "extraData": data(header.extra_data),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "timestamp": quantity(header.timestamp),
        "transactionsRoot": data(header.transactions_root),
        "receiptsRoot": data(header.receipts_root),
    }
    for name, number in (
        ("baseFeePerGas", header.base_fee),
        ("blobGasUsed", header.blob_gas_used),
        ("excessBlobGas", header.excess_blob_gas),
    ):
        if number is not None:
            answer[name] = quantity(number)
    for name, value in (
        ("withdrawalsRoot", header.withdrawals_root),
        ("parentBeaconBlockRoot", header.parent_beacon_block_root),
        ("requestsHash", header.requests_hash),
    ):
        if value is not None:
            answer[name] = data(value)
    return answer


def placed_transaction_json(placed: PlacedTransaction) -> Json:
    """A transaction in its block; the gas price is what it paid."""
    answer = _transaction_json(
        placed.transaction,
        placed.sender,
        placed.transaction.effective_gas_price(placed.base_fee),
    )
    answer["blockHash"] = data(placed.block_hash)
    answer["blockNumber"] = quantity(placed.block_number)
    answer["blockTimestamp"] = quantity(placed.block_timestamp)
    answer["transactionIndex"] = quantity(placed.index)
    return answer


def pending_transaction_json(transaction: Transaction, sender: Address) -> Json:
    """A transaction that is in no block yet."""
    answer = _transaction_json(transaction, sender, transaction.gas_price)
    for name in ("blockHash", "blockNumber", "blockTimestamp", "transactionIndex"):
        answer[name] = None
    return answer


def _transaction_json(transaction: Transaction, sender: Address, gas_price: int) -> Json:
    answer: Json = {
        "hash": data(transaction.hash),
        "type": quantity(transaction.type),
        "from": data(sender),
        "to": None if transaction.to is None else data(transaction.to),
        "nonce": quantity(transaction.nonce),
        "gas": quantity(transaction.gas_limit),
        "gasPrice": quantity(gas_price),
        "value": quantity(transaction.value),
        "input": data(transaction.data),
        "v": quantity(transaction.v),
        "r": quantity(transaction.r),
        "s": quantity(transaction.s),
    }
    if transaction.chain_id is not None:
        answer["chainId"] = quantity(transaction.chain_id)
    if transaction.type != LEGACY:
        answer["yParity"] = quantity(transaction.y_parity)
        answer["accessList"] = access_list_json(transaction.access_list)
    if transaction.type >= DYNAMIC_FEE:
        answer["maxFeePerGas"] = quantity(transaction.max_fee_per_gas)
        answer["maxPriorityFeePerGas"] = quantity(transaction.max_priority_fee_per_gas)
    if transaction.type == BLOB:
        answer["maxFeePerBlobGas"] = quantity(transaction.max_fee_per_blob_gas)
        answer["blobVersionedHashes"] = [data(item) for item in transaction.blob_versioned_hashes]
    if transaction.type == SET_CODE:
        answer["authorizationList"] = [
            {
                "chainId": quantity(authorization.chain_id),
                "address": data(authorization.address),
                "nonce": quantity(authorization.nonce),
                "yParity": quantity(authorization.y_parity),
                "r": quantity(authorization.r),
                "s": quantity(authorization.s),
            }
            for authorization in transaction.authorization_list
        ]
    return answer


def access_list_json(access_list: AccessList) -> list[Json]:
    """EIP-2930."""
    return [
        {"address": data(address), "storageKeys": [word(slot) for slot in slots]}
        for address, slots in access_list
    ]


def receipt_json(placed_receipt: PlacedReceipt) -> Json:
    """A receipt with its logs."""
    receipt, placed = placed_receipt.receipt, placed_receipt.placed
    transaction = placed.transaction
    answer: Json = {
        "transactionHash": data(transaction.hash),
        "transactionIndex": quantity(placed.index),
        "blockHash": data(placed.block_hash),
        "blockNumber": quantity(placed.block_number),
        "from": data(placed.sender),
        "to": None if transaction.to is None else data(transaction.to),
        "type": quantity(receipt.type),
        "cumulativeGasUsed": quantity(receipt.cumulative_gas_used),
        "gasUsed": quantity(receipt.gas_used),
        "effectiveGasPrice": quantity(receipt.effective_gas_price),
        "contractAddress": (
            None if receipt.contract_address is None else data(receipt.contract_address)
        ),
        "logsBloom": data(bloom_of(receipt.logs)),
        "logs": [
            log_json(
                PlacedLog(
                    log=log,
                    block_hash=placed.block_hash,
                    block_number=placed.block_number,
                    block_timestamp=placed.block_timestamp,
                    transaction_hash=transaction.hash,
                    transaction_index=placed.index,
                    log_index=index,
                )
            )
            for index, log in enumerate(receipt.logs, placed_receipt.first_log_index)
        ],
    }
    if receipt.post_state is not None:
        answer["root"] = data(receipt.post_state)
    else:
        answer["status"] = "0x1" if receipt.succeeded else "0x0"
    if transaction.type == BLOB:
        answer["blobGasUsed"] = quantity(receipt.blob_gas_used)
        answer["blobGasPrice"] = quantity(placed_receipt.blob_gas_price or 0)
    return answer


def syncing_json(status: NodeStatus) -> Json | Literal[False]:
    """eth_syncing's answer."""
    if status.highest_known - status.height < SYNCING_LAG_BLOCKS:
        return False
    return {
        "startingBlock": quantity(status.starting_height),
        "currentBlock": quantity(status.height),
        "highestBlock": quantity(status.highest_known),
    }


def log_json(placed: PlacedLog) -> Json:
    """A log; with instant finality none is ever removed."""
    return {
        "address": data(placed.log.address),
        "topics": [data(topic) for topic in placed.log.topics],
        "data": data(placed.log.data),
        "blockNumber": quantity(placed.block_number),
        "transactionHash": data(placed.transaction_hash),
        "transactionIndex": quantity(placed.transaction_index),
        "blockHash": data(placed.block_hash),
        "blockTimestamp": quantity(placed.block_timestamp),
        "logIndex": quantity(placed.log_index),
        "removed": False,
    }


def fee_history_json(history: FeeHistory) -> Json:
    """eth_feeHistory's answer; `reward` only where percentiles were asked for."""
    answer: Json = {
        "oldestBlock": quantity(history.oldest_block),
        "baseFeePerGas": [quantity(fee) for fee in history.base_fees],
        "gasUsedRatio": list(history.gas_used_ratios),
        "baseFeePerBlobGas": [quantity(fee) for fee in history.blob_base_fees],
        "blobGasUsedRatio": list(history.blob_gas_used_ratios),
    }
    if history.rewards is not None:
        answer["reward"] = [[quantity(tip) for tip in tips] for tips in history.rewards]
    return answer


def proof_json(found: AccountProof, keys: Sequence[str]) -> Json:
    """EIP-1186's answer; `keys` are those of the slots, as the client is to see them.

    The hashes of an absent account are zero, as in geth since 1.13.
    """
    account = found.account
    return {
        "address": data(found.address),
        "accountProof": [data(node) for node in found.nodes],
        "balance": quantity(account.balance if account else 0),
        "codeHash": data(account.code_hash if account else ZERO_HASH),
        "nonce": quantity(account.nonce if account else 0),
        "storageHash": data(found.storage_root if account else ZERO_HASH),
        "storageProof": [
            {
                "key": key,
                "value": quantity(slot.value),
                "proof": [data(node) for node in slot.nodes],
            }
            for key, slot in zip(keys, found.slots, strict=True)
        ],
    }


def withdrawal_json(withdrawal: Withdrawal) -> Json:
    return {
        "index": quantity(withdrawal.index),
        "validatorIndex": quantity(withdrawal.validator_index),
        "address": data(withdrawal.address),
        "amount": quantity(withdrawal.amount),
    }
