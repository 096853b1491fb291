"""The `rpc_` namespace: which namespaces there are."""

from node.json_rpc.context import Services
from node.json_rpc.dispatch import Method, Runs

NAMESPACES = ("eth", "net", "rpc", "txpool", "web3", "zerog")
"""Each at version 1.0, which geth answers for all of its own."""


def _modules(_: Services) -> dict[str, str]:
    return dict.fromkeys(NAMESPACES, "1.0")


METHODS = (Method("rpc_modules", _modules, runs=Runs.WITH_SERVICES),)
