"""What a method is given: a view of the chain, or the services of this process."""

from dataclasses import dataclass

from chain.config import ChainConfig
from chain.queries import Queries
from genesis.document import GenesisDocument
from node.json_rpc.settings import RpcSettings
from node.local_socket import NodeClient


@dataclass(frozen=True, slots=True)
class Services:
    """All that methods of the JSON-RPC process can ask."""

    settings: RpcSettings
    document: GenesisDocument
    queries: Queries
    node: NodeClient

    @property
    def config(self) -> ChainConfig:
        return self.document.config
