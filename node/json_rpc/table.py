"""The method table: every namespace's rows in one place."""

from node.json_rpc.dispatch import Method, method_table
from node.json_rpc.methods import (
    accounts,
    admin,
    debug,
    dialects,
    eth,
    filters,
    net,
    otterscan,
    raw,
    rpc,
    simulate,
    subscribe,
    testing,
    trace,
    txpool,
    web3,
    zerog,
)

_NAMESPACES = (
    accounts, admin, debug, dialects, eth, filters, net, otterscan, raw, simulate, subscribe, trace,
    txpool, web3, zerog,
)  # fmt: skip


def all_methods(*, is_foreign: bool = False) -> dict[str, Method]:
    """Every method that this process answers, by name; `is_foreign`: see `RpcSettings`."""
    namespaces = (*_NAMESPACES, testing) if is_foreign else _NAMESPACES
    rows = [row for namespace in namespaces for row in namespace.METHODS]
    return method_table((*rows, *rpc.methods_about(rows)))
