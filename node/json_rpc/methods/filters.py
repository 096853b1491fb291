"""Filters that clients poll: eth_newFilter and its kin.

The node keeps them (`node/filter_book.py`), so that whichever process of a port is asked knows them.
"""

from typing import Any

import orjson

from node.filter_book import BLOCKS, LOGS, PENDING, Poll
from node.json_rpc.call_parameters import CHAIN_HEAD, log_filter
from node.json_rpc.context import Services
from node.json_rpc.dispatch import Method, Runs
from node.json_rpc.encoding import data, quantity
from node.json_rpc.errors import LIMIT_EXCEEDED, RpcError, invalid_params, server_error
from node.json_rpc.parameters import Parameter, boolean, text
from node.json_rpc.worker_pool import job_of

BLOCKS_TOLD_MAX = 10_000
"""Of one eth_getFilterChanges; only a client that did not poll for hours misses older ones."""


def _criteria(value: Any) -> dict[str, Any]:
    """What was asked for, read once so that mistakes are told at once."""
    wanted = log_filter(value)
    if wanted.block_hash is not None or CHAIN_HEAD < wanted.last_block < wanted.first_block:
        raise invalid_params("invalid block range params")
    fields: dict[str, Any] = {name: value.get(name) for name in ("address", "topics")}
    for name, bound in (("fromBlock", wanted.first_block), ("toBlock", wanted.last_block)):
        fields[name] = None if bound == CHAIN_HEAD else quantity(bound)
    return fields


async def _new_log_filter(services: Services, criteria: dict[str, Any]) -> str:
    return await _install(services, LOGS, orjson.dumps(criteria).decode())


async def _new_block_filter(services: Services) -> str:
    return await _install(services, BLOCKS, "")


async def _new_pending_filter(services: Services, has_bodies: bool) -> str:
    if has_bodies:
        raise invalid_params(
            "pending transaction filters tell hashes; bodies come by eth_subscribe"
        )
    return await _install(services, PENDING, "")


async def _install(services: Services, kind: str, criteria: str) -> str:
    identity = await services.node.filter_install(kind, criteria, _head(services))
    if identity is None:
        raise RpcError(LIMIT_EXCEEDED, "too many filters, or too large a one")
    return identity


async def _changes(services: Services, identity: str) -> Any:
    """What happened since the last question."""
    head = _head(services)
    poll = _found(await services.node.filter_take(identity, head))
    if poll.kind == PENDING:
        return [data(transaction_hash) for transaction_hash in poll.hashes]
    if poll.kind == BLOCKS:
        first = max(poll.cursor + 1, head + 1 - BLOCKS_TOLD_MAX)
        with services.queries.view() as view:
            return [data(view.header(number).hash) for number in range(first, head + 1)]
    try:
        return await _logs(services, orjson.loads(poll.criteria), poll.cursor + 1, head)
    except RpcError:
        await services.node.filter_give_back(identity, poll.cursor)
        raise


async def _all_logs(services: Services, identity: str) -> Any:
    """Of the blocks that the filter names, told of before or not."""
    poll = _found(await services.node.filter_look(identity))
    if poll.kind != LOGS:
        raise server_error("filter not found")
    return await _run_search(services, orjson.loads(poll.criteria))


async def _logs(services: Services, criteria: dict[str, Any], first: int, last: int) -> Any:
    """Within the filter's own bounds as well."""
    lowest, highest = criteria["fromBlock"], criteria["toBlock"]
    if lowest is not None:
        first = max(first, int(lowest, 16))
    if highest is not None:
        last = min(last, int(highest, 16))
    if first > last:
        return []
    bounds = {"fromBlock": quantity(first), "toBlock": quantity(last)}
    return await _run_search(services, criteria | bounds)


async def _run_search(services: Services, criteria: dict[str, Any]) -> orjson.Fragment:
    return orjson.Fragment(await services.scan_workers.run(job_of("eth_getLogs", [criteria])))


async def _uninstall(services: Services, identity: str) -> bool:
    return await services.node.filter_remove(identity)


def _head(services: Services) -> int:
    with services.queries.view() as view:
        return view.head_number


def _found(poll: Poll | None) -> Poll:
    if poll is None:
        raise server_error("filter not found")
    return poll


_IDENTITY = (Parameter(text),)
METHODS = (
    Method("eth_newFilter", _new_log_filter, (Parameter(_criteria),), Runs.WITH_SERVICES),
    Method("eth_newBlockFilter", _new_block_filter, runs=Runs.WITH_SERVICES),
    Method(
        "eth_newPendingTransactionFilter",
        _new_pending_filter,
        (Parameter(boolean, optional=True, default=False),),
        Runs.WITH_SERVICES,
    ),
    Method("eth_getFilterChanges", _changes, _IDENTITY, Runs.WITH_SERVICES),
    Method("eth_getFilterLogs", _all_logs, _IDENTITY, Runs.WITH_SERVICES),
    Method("eth_uninstallFilter", _uninstall, _IDENTITY, Runs.WITH_SERVICES),
)
