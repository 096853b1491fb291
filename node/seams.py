"""Where a devnet's faults can reach into a node: its clock, its files of consensus, its peers.

What stands here is what production has: nothing reaches in.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from consensus.durable_files import DurableFiles
from node.consensus_host import wall_clock_ms
from node.durable_files import DiskFiles
from node.network.host import PeerNetwork
from node.network.interface import PeerFilter


@dataclass(frozen=True, slots=True)
class Seams:
    """The defaults are production's."""

    clock_ms: Callable[[], int] = wall_clock_ms
    """Milliseconds since 1970: what blocks are dated and judged by."""
    open_files: Callable[[Path], DurableFiles] = DiskFiles
    """The journal's folder, and the last-sign state's."""
    peer_filter: PeerFilter | None = None
    watch: Callable[[PeerNetwork], Awaitable[None]] | None = None
    """Runs beside the node."""
