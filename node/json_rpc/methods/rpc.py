"""The `rpc_` namespace: which namespaces there are."""

from collections.abc import Sequence

from node.json_rpc.context import Services
from node.json_rpc.dispatch import Method, Runs
from node.json_rpc.encoding import Json
from node.json_rpc.openrpc import openrpc_document


def methods_about(others: Sequence[Method]) -> tuple[Method, ...]:
    """The namespace's rows, which tell of all the others."""
    names = sorted({method.name.partition("_")[0] for method in others} | {"rpc"})

    def modules(_: Services) -> dict[str, str]:
        # Version 1.0 is what geth answers for all of its own.
        return dict.fromkeys(names, "1.0")

    def discover(services: Services) -> Json:
        return openrpc_document(rows, services.settings.client_version)

    own = (
        Method("rpc_modules", modules, runs=Runs.WITH_SERVICES),
        Method("rpc.discover", discover, runs=Runs.WITH_SERVICES),
    )
    rows = (*others, *own)
    return own
