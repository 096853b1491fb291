"""What small HTTP servers beside the nodes share: a listener, uvicorn, threads that look again and again."""

import asyncio
import http.client
import logging
import signal
import socket
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from node.client.json_rpc import NoJsonRpc, RpcError, WaitedTooLong
from node.errors import OperatorError, cannot_listen
from node.json_rpc.http_protocol import BoundedHttpProtocol
from node.signalled_server import SignalledServer

IDLE_CONNECTION_S_MAX = 30
STOP_S_MAX = 1.0
"""How long a thread may take to notice that the process ends."""
PASSING = (OSError, http.client.HTTPException, RpcError, NoJsonRpc, WaitedTooLong)
"""What the chain's next block, or the node's return, may mend."""

Application = Callable[[Any, Any, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Watch:
    """Work that a thread of its own does again and again."""

    name: str
    work: Callable[[], None]
    pause_s: float


@dataclass
class SideService:
    """One such process: serves until a signal, or until a watch finds what the operator must mend."""

    application: Application
    watches: tuple[Watch, ...]
    connections_max: int
    logger: logging.Logger
    passing: tuple[type[Exception], ...] = PASSING
    """What a watch says once and tries again after."""
    failure: OperatorError | None = None
    """Why it ended, where a watch has ended it."""
    _stop: threading.Event = field(default_factory=threading.Event)

    def serve(self, listener: socket.socket) -> None:
        """Until SIGTERM, or Ctrl-C where the process is the terminal's own.

        Raises the `OperatorError` of a watch.
        """
        asyncio.run(self._serve(listener))
        if self.failure is not None:
            raise self.failure

    async def _serve(self, listener: socket.socket) -> None:
        server = SignalledServer(
            _uvicorn_config(self.application, self.connections_max), _signals()
        )
        threads = [
            threading.Thread(
                target=self._again_and_again, args=(watch, server), name=watch.name, daemon=True
            )
            for watch in self.watches
        ]
        for thread in threads:
            thread.start()
        try:
            await server.serve(sockets=[listener])
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(STOP_S_MAX)

    def _again_and_again(self, watch: Watch, server: uvicorn.Server) -> None:
        said = ""
        while not self._stop.wait(watch.pause_s):
            try:
                watch.work()
            except self.passing as error:
                # A node that starts is away for seconds; saying so once is enough.
                if str(error) != said:
                    said = str(error)
                    self.logger.warning("%s; tried again", said)
            except OperatorError as error:
                self.failure = error
                server.should_exit = True
                return
            except Exception:
                # The edge of a thread: ending silently it would leave a service that does half its work.
                self.logger.exception("%s failed; this is a bug", watch.name)
                self.failure = OperatorError(f"{watch.name} failed; see the log")
                server.should_exit = True
                return
            else:
                said = ""


def listening(host: str, port: int, flag: str, backlog: int) -> socket.socket:
    """A bound socket; raises `OperatorError` naming the flag that chooses the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise cannot_listen(error, host, port, flag) from None
    return listener


def _uvicorn_config(application: Application, connections_max: int) -> uvicorn.Config:
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
        limit_concurrency=connections_max,
        timeout_keep_alive=IDLE_CONNECTION_S_MAX,
        timeout_graceful_shutdown=0,
    )


def _signals() -> list[signal.Signals]:
    # Under a devnet Ctrl-C is ignored here: it reaches the devnet, which then tells us.
    is_ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    return [signal.SIGTERM] if is_ignored else [signal.SIGTERM, signal.SIGINT]
