"""The `net_` namespace: which network, and who is connected."""

from node.json_rpc.context import Services
from node.json_rpc.dispatch import Method, Runs
from node.json_rpc.encoding import quantity
from node.local_socket import LocalSocketError


def _version(services: Services) -> str:
    return str(services.config.chain_id)


def _is_listening(services: Services) -> bool:
    return services.node.is_connected


async def _peer_count(services: Services) -> str:
    try:
        return quantity((await services.node.status()).peers)
    except LocalSocketError:
        # A node that is not running has no peers; dashboards want a number.
        return "0x0"


METHODS = (
    Method("net_version", _version, runs=Runs.WITH_SERVICES),
    Method("net_listening", _is_listening, runs=Runs.WITH_SERVICES),
    Method("net_peerCount", _peer_count, runs=Runs.WITH_SERVICES),
)
