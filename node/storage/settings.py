"""Where a storage node runs, which chain it follows, what it keeps."""

from dataclasses import dataclass, field
from pathlib import Path

from node.storage.shards import Shard
from node.storage.store import Limits

FLOW = "0x000000000000000000000000000000000000f10a"
"""Ours, a precompile; any contract with 0G's Submit event will do."""
DEFAULT_PORT = 5678
"""The SDKs' when they know nothing but an address."""
GIBIBYTE = 1 << 30
DEFAULT_QUOTA = 10 * GIBIBYTE
DEFAULT_FILE_MAX = 4 * GIBIBYTE
"""The SDKs' default fragment: what is larger they cut."""


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """One storage node."""

    datadir: Path
    rpc_url: str
    flow: str = FLOW
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    public_url: str = ""
    """Under which clients and peers reach it; by default what follows from host and port."""
    shard: Shard = field(default_factory=Shard)
    peers: tuple[str, ...] = ()
    """URLs of other storage nodes of the same Flow."""
    limits: Limits = field(default_factory=lambda: Limits(DEFAULT_QUOTA, DEFAULT_FILE_MAX))
    first_block: int = 0
    """Where the search for submissions begins."""

    @property
    def url(self) -> str:
        """What the node calls itself."""
        if self.public_url:
            return self.public_url
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"
