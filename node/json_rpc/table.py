"""The method table: every namespace's rows in one place."""

from node.json_rpc.dispatch import Method, method_table
from node.json_rpc.methods import accounts, eth, filters, net, rpc, subscribe, txpool, web3, zerog


def all_methods() -> dict[str, Method]:
    """Every method that this process answers, by name."""
    return method_table(
        (
            *accounts.METHODS,
            *eth.METHODS,
            *filters.METHODS,
            *net.METHODS,
            *rpc.METHODS,
            *subscribe.METHODS,
            *txpool.METHODS,
            *web3.METHODS,
            *zerog.METHODS,
        )
    )
