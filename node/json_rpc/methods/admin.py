"""The `admin_` namespace: what this node is called, and whom it is connected to. Nothing is changed by it."""

from typing import Any

from node.json_rpc.context import Services
from node.json_rpc.dispatch import Method, Runs
from node.json_rpc.encoding import Json, data

PROTOCOL = "zerog"


async def _node_info(services: Services) -> Json:
    """In geth's shape; where it has enode URLs, we have multiaddrs."""
    status = await services.node.status()
    with services.queries.view() as view:
        head, first = view.head, view.header(0)
    listening = list(status.listening)
    _, host, _, port = [*listening[0].split("/")[1:5]] if listening else ["", "", "", "0"]
    return {
        "id": status.name,
        "name": services.settings.client_version,
        "enode": f"{listening[0]}" if listening else "",
        "enr": "",
        "ip": host,
        "ports": {"discovery": 0, "listener": int(port)},
        "listenAddr": f"{host}:{port}" if listening else "",
        "multiaddrs": listening,
        "protocols": {
            PROTOCOL: {
                "network": services.config.chain_id,
                "genesis": data(first.hash),
                "head": data(head.hash),
                "identity": data(services.document.identity),
            }
        },
    }


async def _peers(services: Services) -> list[dict[str, Any]]:
    """Those that passed the handshake, with the highest height each claims to have."""
    status = await services.node.status()
    return [
        {
            "id": peer,
            "name": "",
            "enode": f"/p2p/{peer}",
            "caps": [f"{PROTOCOL}/1"],
            "network": {"localAddress": "", "remoteAddress": "", "inbound": False},
            "protocols": {PROTOCOL: {"height": height}},
        }
        for peer, height in sorted(status.peer_heights.items())
    ]


METHODS = (
    Method("admin_nodeInfo", _node_info, runs=Runs.WITH_SERVICES),
    Method("admin_peers", _peers, runs=Runs.WITH_SERVICES),
)
