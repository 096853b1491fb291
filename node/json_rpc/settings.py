"""What the JSON-RPC process is told when it starts, and the limits it keeps to."""

import platform
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

BODY_BYTES_MAX = 5 * 1024 * 1024
"""Of one HTTP request, as geth's."""
BATCH_CALLS_MAX = 1_000
"""As geth's `--rpc.batch-request-limit`."""
BATCH_RESPONSE_BYTES_MAX = 25_000_000
"""As geth's `--rpc.batch-response-max-size`."""
BATCH_CONCURRENCY_MAX = 32
"""Calls of one batch under way at the same time; other requests get in between."""
WAITING_BODIES_BYTES_MAX = 256 * 1024 * 1024
"""Of bodies that come in parts, over all connections; beyond it, requests are answered 503."""
BODY_READ_SECONDS_MAX = 30
"""A client that sends its body more slowly is let go; geth's read timeout."""
IDLE_CONNECTION_SECONDS_MAX = 120
"""A kept-alive connection without a request; geth's idle timeout."""
CONNECTIONS_MAX = 4_096
"""More are answered 503."""
COMPRESSED_BYTES_MIN = 1_024
"""A smaller answer fits in a packet as it is."""
LOGS_BLOCK_RANGE_MAX = 100_000
LOGS_RESULTS_MAX = 10_000
"""Of one eth_getLogs."""
PROOF_BLOCKS_MAX = 128
"""How far before the head proofs are made, unless all are wanted."""
PROOF_SLOTS_MAX = 1_024
"""Of one eth_getProof, as geth's."""


TRACE_TIMEOUT_MS_MAX = 60_000
"""What the `timeout` of a trace may ask for; more is this much."""


def default_client_version() -> str:
    """`zerog/v<version>/<system>-<machine>/python<version>`, the shape of geth's."""
    system = platform.system().lower()
    return (
        f"zerog/v{metadata.version('zerog-chain')}/{system}-{platform.machine()}"
        f"/python{platform.python_version()}"
    )


@dataclass(frozen=True, slots=True)
class RpcSettings:
    """One JSON-RPC process. Plain values, so that another process can be started with them."""

    database: Path
    """Folder of the LMDB environment that the node writes."""
    socket: Path
    """The node's Unix socket."""
    genesis: Path
    """The genesis document: chain configuration, identity, validators."""
    host: str = "127.0.0.1"
    port: int = 8545
    """0 lets the system choose."""
    shares_port: bool = False
    """Whether other processes of the same user may listen on the port too (SO_REUSEPORT)."""
    gas_cap: int = 50_000_000
    """Of one call or estimate; 0 is none."""
    evm_timeout_ms: int = 5_000
    """Of one call, estimate or log search; then its worker is killed."""
    cors_origins: tuple[str, ...] = ("*",)
    """Origins that browsers may call from; empty: none."""
    virtual_hosts: tuple[str, ...] = ("*",)
    """Accepted Host headers, against DNS rebinding; `*` is any."""
    jwt_secret: Path | None = None
    """File with a secret: only who has a token of it may call; None: everybody."""
    allow_unprotected_transactions: bool = False
    """Whether transactions without a chain id (before EIP-155) are accepted."""
    call_workers: int = 2
    """Processes for calls and estimates."""
    scan_workers: int = 1
    """Processes for log searches and other questions about many blocks."""
    trace_workers: int = 1
    """Processes for traces, which may take long: calls do not wait for them."""
    proof_blocks_max: int | None = PROOF_BLOCKS_MAX
    """None: proofs at any block whose state is kept."""
    unlocked_keys: tuple[str, ...] = field(default=(), repr=False)
    """Private keys, hex, that this process signs with for everybody; a devnet's alone."""
    is_foreign: bool = False
    """Whether the chain is somebody else's, imported: at any fork, without validators."""
    merge_block: int | None = None
    """Of a foreign chain whose genesis does not say it: the first block without proof of work."""
    log_level: str = "info"
    client_version: str = field(default_factory=default_client_version)
