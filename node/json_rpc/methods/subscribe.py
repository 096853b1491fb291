"""eth_subscribe and eth_unsubscribe, which a WebSocket alone can ask for."""

from typing import Any

from chain.log_filter import LogFilter
from node.json_rpc.call_parameters import CHAIN_HEAD, log_filter
from node.json_rpc.context import Services
from node.json_rpc.dispatch import Method, Runs
from node.json_rpc.errors import (
    METHOD_NOT_FOUND,
    ParameterError,
    RpcError,
    invalid_params,
    server_error,
)
from node.json_rpc.parameters import Parameter, anything, boolean, quoted, text
from node.json_rpc.subscriptions import Kind, Subscriber


def _subscribe(_: Services, subscriber: Subscriber, name: str, option: Any) -> str:
    """`option`: the log filter of `logs`, whether bodies are wanted of `newPendingTransactions`."""
    try:
        match name:
            case "newHeads":
                return subscriber.subscribe(Kind.HEADS)
            case "syncing":
                return subscriber.subscribe(Kind.SYNCING)
            case "logs":
                wanted = log_filter({} if option is None else option)
                if not _is_ahead(wanted):
                    raise invalid_params("invalid block range params")
                return subscriber.subscribe(Kind.LOGS, wanted)
            case "newPendingTransactions":
                has_bodies = option is not None and boolean(option)
                return subscriber.subscribe(
                    Kind.PENDING_BODIES if has_bodies else Kind.PENDING_HASHES
                )
    except ParameterError as error:
        raise invalid_params(f"invalid argument 1: {error}") from None
    raise RpcError(METHOD_NOT_FOUND, f"no {quoted(name)} subscription in eth namespace")


def _is_ahead(wanted: LogFilter) -> bool:
    """Whether its range is one that geth tells new logs of: of numbers in order, or up to any head."""
    first, last = wanted.first_block, wanted.last_block
    return wanted.block_hash is None and (last == CHAIN_HEAD or CHAIN_HEAD < first <= last)


def _unsubscribe(_: Services, subscriber: Subscriber, identity: str) -> bool:
    if not subscriber.unsubscribe(identity):
        raise server_error("subscription not found")
    return True


METHODS = (
    Method(
        "eth_subscribe",
        _subscribe,
        (Parameter(text), Parameter(anything, optional=True)),
        Runs.FOR_SUBSCRIBER,
    ),
    Method("eth_unsubscribe", _unsubscribe, (Parameter(text),), Runs.FOR_SUBSCRIBER),
)
