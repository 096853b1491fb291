"""The `txpool_` namespace: what waits for a block, as the node has it."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from eth_typing import Address
from eth_utils import to_checksum_address

from chain.transactions import Transaction, decode_transaction, recover_sender
from node.json_rpc.context import Services
from node.json_rpc.dispatch import Method, Runs
from node.json_rpc.encoding import pending_transaction_json, quantity
from node.json_rpc.parameters import Parameter, address

TRANSACTIONS_BETWEEN_TURNS = 32
"""Recovering their senders takes two milliseconds."""

_Shown = Callable[[Transaction, Address], Any]


async def _status(services: Services) -> dict[str, str]:
    status = await services.node.status()
    return {"pending": quantity(status.pending), "queued": quantity(status.queued)}


async def _content(services: Services) -> dict[str, Any]:
    content = await services.node.pool_content()
    return {
        "pending": await _by_sender(content.pending, pending_transaction_json),
        "queued": await _by_sender(content.queued, pending_transaction_json),
    }


async def _content_from(services: Services, sender: bytes) -> dict[str, Any]:
    name = to_checksum_address(sender)
    content = await _content(services)
    return {kind: senders.get(name, {}) for kind, senders in content.items()}


async def _inspect(services: Services) -> dict[str, Any]:
    content = await services.node.pool_content()
    return {
        "pending": await _by_sender(content.pending, _summary),
        "queued": await _by_sender(content.queued, _summary),
    }


async def with_senders(encoded: Iterable[bytes]) -> list[tuple[Address, Transaction]]:
    """Each transaction with who signed it; a full pool takes long, so others get turns meanwhile."""
    found = []
    for number, item in enumerate(encoded, 1):
        transaction = decode_transaction(item)
        found.append((recover_sender(transaction), transaction))
        if number % TRANSACTIONS_BETWEEN_TURNS == 0:
            await asyncio.sleep(0)
    return found


async def _by_sender(encoded: Iterable[bytes], shown: _Shown) -> dict[str, dict[str, Any]]:
    """By checksummed sender and decimal nonce, both ascending."""
    placed = await with_senders(encoded)
    placed.sort(key=lambda item: (item[0], item[1].nonce))
    answer: dict[str, dict[str, Any]] = {}
    for sender, transaction in placed:
        nonces = answer.setdefault(to_checksum_address(sender), {})
        nonces[str(transaction.nonce)] = shown(transaction, sender)
    return answer


def _summary(transaction: Transaction, _: Address) -> str:
    to = "contract creation" if transaction.to is None else to_checksum_address(transaction.to)
    return (
        f"{to}: {transaction.value} wei + {transaction.gas_limit} gas × {transaction.gas_price} wei"
    )


METHODS = (
    Method("txpool_status", _status, runs=Runs.WITH_SERVICES),
    Method("txpool_content", _content, runs=Runs.WITH_SERVICES),
    Method("txpool_contentFrom", _content_from, (Parameter(address),), Runs.WITH_SERVICES),
    Method("txpool_inspect", _inspect, runs=Runs.WITH_SERVICES),
)
