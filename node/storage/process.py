"""The life of a storage node: threads that watch the chain, the peers and the disk, and an HTTP server."""

import contextlib
import logging

from node.client.json_rpc import RpcClient
from node.layout import DataDirectory, locked
from node.side_service import SideService, Watch, listening
from node.storage.chain_watch import ChainWatch, WatchedFlow
from node.storage.http_api import StorageApplication
from node.storage.index import Index
from node.storage.methods import Methods
from node.storage.peers import Peers
from node.storage.scrubbing import Scrubber
from node.storage.segment_files import SegmentFiles
from node.storage.settings import StorageSettings
from node.storage.store import SegmentStore

CHAIN_LOOK_S = 0.2
"""Between two looks at the chain."""
PEERS_LOOK_S = 0.5
SCRUB_S = 0.2
"""Between two segments read again: some 1.3 MB and 15 ms of work a second."""
CONNECTIONS_MAX = 1_000
"""The TypeScript SDK opens one for each segment of a file."""
BACKLOG = 1_024


def run_storage(settings: StorageSettings, port_flag: str) -> int:
    """Serve until SIGTERM or Ctrl-C; the exit code.

    Raises `OperatorError`; `port_flag` is the one that chose the port.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(locked(DataDirectory(settings.datadir)))
        listener = listening(settings.host, settings.port, port_flag, BACKLOG)
        stack.enter_context(contextlib.closing(listener))
        store = SegmentStore(
            Index(settings.datadir / "index"),
            SegmentFiles(settings.datadir / "segments"),
            settings.shard,
            settings.limits,
        )
        stack.enter_context(contextlib.closing(store))
        flow = WatchedFlow(settings.flow, settings.first_block)
        watch = ChainWatch(RpcClient.of_url(settings.rpc_url), store.index, flow, store.shard)
        peers = Peers(settings.peers, store, settings.flow)
        application = StorageApplication(Methods(settings, store, watch, peers))
        stack.callback(application.close)
        SideService(
            application,
            (
                Watch("chain watch", watch.catch_up, CHAIN_LOOK_S),
                Watch("peers", peers.tend, PEERS_LOOK_S),
                Watch("scrubber", Scrubber(store).check_next, SCRUB_S),
            ),
            CONNECTIONS_MAX,
            logging.getLogger("zerog.storage"),
        ).serve(listener)
    return 0
