"""What a method is given: a view of the chain, or the services of this process."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain.config import ChainConfig
from chain.key_value import KeyValueStore
from chain.queries import Queries, QueryLimits
from genesis.document import GenesisDocument, parse_document
from genesis.errors import InvalidGenesis
from node.errors import InvalidFile, MissingFile
from node.json_rpc.settings import LOGS_BLOCK_RANGE_MAX, LOGS_RESULTS_MAX, RpcSettings
from node.json_rpc.worker_pool import WorkerPool
from node.local_client import NodeClient

UNLIMITED_GAS = 2**63 - 1
"""What geth lets a call use where the cap is 0."""


@dataclass(frozen=True, slots=True)
class Services:
    """All that methods of the JSON-RPC process can ask."""

    settings: RpcSettings
    document: GenesisDocument
    store: KeyValueStore
    queries: Queries
    node: NodeClient
    call_workers: WorkerPool
    """Carry out what runs contracts."""
    scan_workers: WorkerPool
    """Carry out what reads many blocks."""

    @property
    def config(self) -> ChainConfig:
        return self.document.config


class NoEngine:
    """Stands for the engine where nothing may be executed: the server leaves that to its workers."""

    def begin_block(self, *_: Any) -> Any:
        raise AssertionError("the JSON-RPC server builds no block")

    def execute_block(self, *_: Any) -> Any:
        raise AssertionError("the JSON-RPC server executes no block")

    def call(self, *_: Any) -> Any:
        raise AssertionError("calls run in worker processes")


def load_genesis(path: Path) -> GenesisDocument:
    """Raises `MissingFile` or `InvalidFile` naming the field."""
    try:
        return parse_document(path.read_bytes())
    except FileNotFoundError:
        raise MissingFile(path, "the genesis document", "make one with `zerog init`") from None
    except OSError as error:
        raise InvalidFile(path, f"cannot be read: {error.strerror}") from None
    except InvalidGenesis as error:
        raise InvalidFile(path, str(error)) from None


def query_limits(settings: RpcSettings) -> QueryLimits:
    """The chain's limits as the settings have them."""
    return QueryLimits(
        gas_cap=settings.gas_cap or UNLIMITED_GAS,
        log_blocks_max=LOGS_BLOCK_RANGE_MAX,
        log_results_max=LOGS_RESULTS_MAX,
        proof_blocks_max=settings.proof_blocks_max,
    )
