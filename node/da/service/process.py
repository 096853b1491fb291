"""The life of a process of DA signers: two threads that watch the chain, and an HTTP server."""

import asyncio
import contextlib
import http.client
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn

from node.client.json_rpc import NoJsonRpc, RpcClient, RpcError, WaitedTooLong
from node.da.errors import DaRefusal
from node.da.service.http_api import SignerApplication
from node.da.service.settings import ServiceSettings
from node.da.service.signing import SigningDesk
from node.da.service.upkeep import Upkeep
from node.da.service.uploads import UploadWatch
from node.errors import cannot_listen
from node.json_rpc.http_protocol import BoundedHttpProtocol

LOOK_S = 0.2
"""Between two looks at the chain."""
CONNECTIONS_MAX = 200
BACKLOG = 200
IDLE_CONNECTION_S_MAX = 30

_logger = logging.getLogger("zerog.da")
_PASSING = (
    OSError, http.client.HTTPException, RpcError, NoJsonRpc, WaitedTooLong, DaRefusal,
)  # fmt: skip
"""What the chain's next block, or the node's return, may mend."""


def run_signers(settings: ServiceSettings) -> int:
    """Serve until SIGTERM; the exit code. Raises `OperatorError` where it cannot listen."""
    listener = _bound(settings.host, settings.port)
    uploads = UploadWatch(RpcClient.of_url(settings.rpc_url), settings.entrance)
    desk = SigningDesk(settings, RpcClient.of_url(settings.rpc_url), uploads)
    upkeep = Upkeep(settings)
    stop = threading.Event()
    for name, work in (("upkeep", upkeep.tend), ("uploads", uploads.catch_up)):
        threading.Thread(target=_again_and_again, args=(work, stop), name=name, daemon=True).start()
    application = SignerApplication(settings, desk, uploads, lambda: upkeep.state)
    try:
        asyncio.run(_Server(_uvicorn_config(application)).serve(sockets=[listener]))
    finally:
        stop.set()
        listener.close()
    return 0


def _again_and_again(work: Callable[[], None], stop: threading.Event) -> None:
    said = ""
    while not stop.wait(LOOK_S):
        try:
            work()
        except _PASSING as error:
            # A node that starts is away for seconds; saying so once is enough.
            if str(error) != said:
                said = str(error)
                _logger.warning("%s; tried again", said)
        else:
            said = ""


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise cannot_listen(error, host, port, "--da-port") from None
    return listener


def _uvicorn_config(application: SignerApplication) -> uvicorn.Config:
    logger = logging.getLogger("uvicorn.error")
    logger.setLevel(logging.ERROR)
    # It calls it an error that requests end with the process; that is what a stop is.
    logger.addFilter(lambda record: not record.getMessage().startswith("Cancel "))
    return uvicorn.Config(
        application,
        http=BoundedHttpProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=IDLE_CONNECTION_S_MAX,
        timeout_graceful_shutdown=0,
    )


class _Server(uvicorn.Server):
    """uvicorn's server, which would end the process by the signal that it caught."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        # The terminal's Ctrl-C reaches the devnet itself, which then tells us.
        loop.add_signal_handler(signal.SIGTERM, self._stop)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGTERM)

    def _stop(self) -> None:
        self.should_exit = True
