"""The life of a process of DA signers: two threads that watch the chain, and an HTTP server."""

import contextlib
import logging

from node.client.json_rpc import RpcClient
from node.da.errors import DaRefusal
from node.da.service.http_api import SignerApplication
from node.da.service.settings import ServiceSettings
from node.da.service.signing import SigningDesk
from node.da.service.upkeep import Upkeep
from node.da.service.uploads import UploadWatch
from node.side_service import PASSING, SideService, Watch, listening

LOOK_S = 0.2
"""Between two looks at the chain."""
CONNECTIONS_MAX = 200
BACKLOG = 200


def run_signers(settings: ServiceSettings) -> int:
    """Serve until SIGTERM; the exit code. Raises `OperatorError` where it cannot listen."""
    uploads = UploadWatch(RpcClient.of_url(settings.rpc_url), settings.entrance)
    desk = SigningDesk(settings, RpcClient.of_url(settings.rpc_url), uploads)
    upkeep = Upkeep(settings)
    service = SideService(
        SignerApplication(settings, desk, uploads, lambda: upkeep.state),
        (Watch("upkeep", upkeep.tend, LOOK_S), Watch("uploads", uploads.catch_up, LOOK_S)),
        CONNECTIONS_MAX,
        logging.getLogger("zerog.da"),
        (*PASSING, DaRefusal),
    )
    with contextlib.closing(
        listening(settings.host, settings.port, "--da-port", BACKLOG)
    ) as socket:
        service.serve(socket)
    return 0
