"""The JSON-RPC process: opens the port, starts the workers, serves until it is told to stop."""

import asyncio
import logging
import resource
import signal
import socket
from collections.abc import Callable, Mapping
from functools import partial

import uvicorn
import uvloop
from eth_typing import Address

from chain.queries import Queries
from genesis.document import ChainGenesis
from node.database import LmdbStore
from node.errors import cannot_listen
from node.json_rpc.application import Application
from node.json_rpc.bearer_tokens import BearerTokens, read_secret
from node.json_rpc.context import (
    NoEngine,
    Services,
    query_limits,
    settings_genesis,
    unlocked_accounts,
)
from node.json_rpc.dispatch import Dispatcher
from node.json_rpc.http_protocol import BoundedHttpProtocol
from node.json_rpc.settings import (
    BODY_BYTES_MAX,
    CONNECTIONS_MAX,
    IDLE_CONNECTION_SECONDS_MAX,
    RpcSettings,
)
from node.json_rpc.subscriptions import Feed
from node.json_rpc.table import all_methods
from node.json_rpc.websocket import PING_INTERVAL_S, PONG_WAIT_S, BoundedWebSocketProtocol
from node.json_rpc.worker_pool import WorkerPool
from node.json_rpc.worker_process import Handler, Zygote, start_zygote
from node.local_client import NodeClient
from node.plugins import load_plugins
from node.signalled_server import SignalledServer
from precompiles.interface import Precompile

BACKLOG = 2_048
"""Connections the kernel keeps until we accept them."""
SPARE_DESCRIPTORS = 64
"""Files that are not clients' connections."""

_logger = logging.getLogger("zerog.rpc")


class WorkersLost(Exception):
    """The process that forks workers has died; this one has to be started anew."""


def run(settings: RpcSettings, on_ready: Callable[[int], None] = lambda port: None) -> None:
    """Serve until SIGTERM or SIGINT. Call from a process without threads and event loop: it forks.

    `on_ready` is called with the port once connections are accepted. Raises `OperatorError`:
    `PortInUse`, a genesis document, a database, a secret or a plug-in that cannot be used.
    """
    document = settings_genesis(settings)
    unlocked = unlocked_accounts(settings, document)
    tokens = None if settings.jwt_secret is None else BearerTokens(read_secret(settings.jwt_secret))
    plugins = load_plugins(document.config)
    listener = _bound(settings.host, settings.port, settings.shares_port)
    # Before the database, threads or the event loop exist here: none of them may be forked.
    zygote = start_zygote(partial(_prepare_worker, settings, document, plugins))
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings, document, unlocked, tokens, listener, zygote, on_ready))
    finally:
        zygote.stop()
        listener.close()


def _prepare_worker(
    settings: RpcSettings, document: ChainGenesis, plugins: Mapping[Address, Precompile]
) -> Callable[[], Handler]:
    # Imported in the zygote alone: py-evm takes a second and memory that the server has no use for.
    from node.json_rpc.worker_methods import prepare

    return prepare(settings, document, plugins)


def _bound(host: str, port: int, is_shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if is_shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host, port))
        # Binding succeeds beside a listener that is not listening yet; this does not.
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise cannot_listen(error, host, port, "--http.port") from error
    return listener


async def _serve(
    settings: RpcSettings,
    document: ChainGenesis,
    unlocked: Mapping[Address, bytes],
    tokens: BearerTokens | None,
    listener: socket.socket,
    zygote: Zygote,
    on_ready: Callable[[int], None],
) -> None:
    store = LmdbStore(settings.database, readonly=True)
    queries = Queries(store, document.config, NoEngine(), query_limits(settings))
    node = NodeClient(settings.socket)
    # A killed worker leaves its snapshot's place in LMDB's table, which keeps old pages alive.
    calls, scans, traces = (
        WorkerPool(zygote, size, settings.evm_timeout_ms, store.clear_stale_readers)
        for size in (settings.call_workers, settings.scan_workers, settings.trace_workers)
    )
    node.listener = feed = Feed(queries, node)
    services = Services(settings, document, store, queries, node, calls, scans, feed, unlocked)
    dispatcher = Dispatcher(
        all_methods(is_foreign=settings.is_foreign), services, calls, scans, traces
    )
    await node.start()
    for pool in (calls, scans, traces):
        pool.start()
    server = _Server(_uvicorn_config(Application(services, dispatcher, feed, tokens)), on_ready)
    loop = asyncio.get_running_loop()
    # Readable means closed: the zygote never says anything.
    loop.add_reader(zygote.control, server.stop_as_failed)
    telling = loop.create_task(feed.run())
    telling.add_done_callback(partial(_on_feed_ended, server))
    try:
        await server.serve(sockets=[listener])
        if server.has_failed:
            raise WorkersLost
    finally:
        loop.remove_reader(zygote.control)
        telling.cancel()
        await asyncio.gather(calls.stop(), scans.stop(), traces.stop(), node.stop())
        store.close()


def _on_feed_ended(server: "_Server", telling: asyncio.Task[None]) -> None:
    if not telling.cancelled():
        _logger.error("notifications have ended", exc_info=telling.exception())
        server.stop_as_failed()


def _is_news(record: logging.LogRecord) -> bool:
    """uvicorn calls errors what are none: requests that end with the process, clients' mistakes."""
    return not record.getMessage().startswith(("Cancel ", "Invalid UTF-8", "opening handshake"))


def _uvicorn_config(application: Application) -> uvicorn.Config:
    logger = logging.getLogger("uvicorn.error")
    # Its warnings are about clients' mistakes; a flood of those must not fill the disk.
    logger.setLevel(logging.ERROR)
    logger.addFilter(_is_news)
    return uvicorn.Config(
        application,
        http=BoundedHttpProtocol,
        ws=BoundedWebSocketProtocol,
        ws_max_size=BODY_BYTES_MAX,
        ws_ping_interval=PING_INTERVAL_S,
        ws_ping_timeout=PONG_WAIT_S,
        ws_per_message_deflate=False,
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        limit_concurrency=_connections_max(),
        timeout_keep_alive=IDLE_CONNECTION_SECONDS_MAX,
        # Answers under way when the process is told to stop are cut off after uvicorn's own tenth.
        timeout_graceful_shutdown=0,
    )


def _connections_max() -> int:
    """As many as we want, or as the system lets us have open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS_MAX + SPARE_DESCRIPTORS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(CONNECTIONS_MAX, soft - SPARE_DESCRIPTORS)


class _Server(SignalledServer):
    """Says when it is ready, and whether it ended because calls can no longer be carried out."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[int], None]) -> None:
        super().__init__(config, (signal.SIGTERM, signal.SIGINT))
        self._on_ready = on_ready
        self.has_failed = False
        self._is_told = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        assert sockets is not None
        host, port = sockets[0].getsockname()[:2]
        _logger.info("JSON-RPC at http://%s:%d", host, port)
        self._on_ready(port)

    def stop_as_failed(self) -> None:
        """End, because calls can no longer be carried out."""
        self.has_failed, self.should_exit = not self._is_told, True

    def stop(self) -> None:
        # A signal to the whole group ended the workers as well: nothing has failed.
        self.has_failed, self.should_exit, self._is_told = False, True, True
